// Captions of MS-COCO, from its annotation files or Karpathy's split file (coco_file.h).
// Lin et al. 2014, "Microsoft COCO: Common Objects in Context"; Chen et al. 2015, "Microsoft COCO Captions".
#pragma once

#include "datasets/catalog.h"

namespace skipbench {

// One sample per image; its id is the image's id. The pictures, where their folder is given, must be there.
DatasetType CocoType();

// The same for the shipped set, datasets/fashion_scenes of the checkout that the program stands in.
DatasetType FashionScenesType();

}  // namespace skipbench
