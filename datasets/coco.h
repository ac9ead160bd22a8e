// Captions of MS-COCO, from its annotation files or Karpathy's split file (coco_file.h).
// Lin et al. 2014, "Microsoft COCO: Common Objects in Context"; Chen et al. 2015, "Microsoft COCO Captions".
#pragma once

#include <filesystem>

#include "datasets/dataset.h"

namespace skipbench {

// {"type": "coco", "captions": FILE, "images": FOLDER, "caption": "first" | "random" | n, "split", "count", "offset", "seed"}
//   captions   the annotation file (captions_val2014.json), or Karpathy's dataset_coco.json
//   split      of Karpathy's file: "train", "restval", "val" or "test" (default: all of them)
//   images     optional: the folder with the pictures; then each selected picture must be there
//   caption    which of a picture's captions, in order of annotation id: "first" (default) or its number from 0
//              "random": drawn for each picture by the seed (0 without one) and the picture's id
//   reference  optional: what distributions are compared with (default: the folder `images`, if given)
// One sample per image; its id is the image's id. Throws Error naming file and place.
Dataset ReadCoco(const JsonReader& config, const std::filesystem::path& base_folder);

// The same for the shipped set: {"type": "fashion_scenes", "folder": FOLDER, ...}. Default folder: datasets/fashion_scenes
// of the checkout that the program stands in.
Dataset ReadFashionScenes(const JsonReader& config, const std::filesystem::path& base_folder);

}  // namespace skipbench
