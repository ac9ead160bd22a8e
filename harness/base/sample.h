// One thing to generate: a caption, a class label or nothing but a number, under an id that also keys its noise.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace skipbench {

struct Sample {
  int64_t id = 0;               // unique in a dataset; the noise depends on (seed, id)
  std::string caption;          // text_to_image
  int64_t label = -1;           // class_to_image; -1: none
  std::filesystem::path image;  // a reference picture, if the dataset has one
};

}  // namespace skipbench
