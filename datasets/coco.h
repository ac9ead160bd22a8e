// Captions of MS-COCO, from its annotation files or Karpathy's split file.
// Lin et al. 2014, "Microsoft COCO: Common Objects in Context"; Chen et al. 2015, "Microsoft COCO Captions".
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "datasets/catalog.h"
#include "harness/base/json.h"

namespace skipbench {

struct CocoImage {
  std::string file_name;
  std::string folder;  // of the picture in COCO's own tree ("val2014"); empty: not said
  std::vector<std::pair<int64_t, std::string>> captions;  // by annotation id (Karpathy: sentid)
};

struct CocoCaptions {
  std::map<int64_t, CocoImage> images;    // by the image's id (Karpathy: cocoid; of Flickr8k and Flickr30k imgid)
  std::map<std::string, int64_t> splits;  // Karpathy's: images of each split of the file; empty for annotation files
};

// Whether a file's content has the form of either: an object with a list "images".
bool IsCocoFile(const Json& root);

// {"images": [{"id", "file_name"}], "annotations": [{"id", "image_id", "caption"}]}, or Karpathy's dataset_coco.json
// (also of Flickr8k and Flickr30k): {"images": [{"cocoid", "filename", "filepath", "split", "sentences": [{"sentid",
// "raw"}]}]}. `split`: of Karpathy's file only the images of this split ("test"); empty: all. Throws Error naming
// `file` and the place. Karpathy and Fei-Fei 2015, "Deep Visual-Semantic Alignments for Generating Image Descriptions".
CocoCaptions ReadCocoCaptions(const Json& root, const std::string& file, const std::string& split);

// One sample per image; its id is the image's id. The pictures, where their folder is given, must be there.
DatasetType CocoType();

// The same for the shipped set, datasets/fashion_scenes of the checkout that the program stands in.
DatasetType FashionScenesType();

}  // namespace skipbench
