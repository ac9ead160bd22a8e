// Samples that need no collection of pictures: lines of text, class labels, nothing but numbers.
#pragma once

#include "datasets/catalog.h"

namespace skipbench {

// A file of prompts (prompt_file.h), or a list in the config. The sample's id is the number of the line or record, from
// 0, of COCO's captions the image's id. Empty prompts are no samples. The pictures of the samples taken are read once,
// to see that they can be; errors name the list, the line and the picture.
DatasetType PromptsType();

// Each label per_class times, in turn: ids 0, 1, 2 ... go through all labels before the first comes again.
DatasetType ClassLabelsType();

// Ids offset .. offset + count - 1, which key the noise.
DatasetType UnconditionalType();

}  // namespace skipbench
