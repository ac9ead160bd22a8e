// Samples that are nothing but numbers, beside the collection of pictures that a model was trained on.
#pragma once

#include <filesystem>
#include <string>

#include "datasets/dataset.h"
#include "datasets/picture_set.h"

namespace skipbench {

struct NumberOptions {
  std::optional<int64_t> count;  // absent: as many as there are pictures
  int64_t offset = 0;
};
OptionTable<NumberOptions> NumberTable();

// The ids offset .. offset + count - 1, with `path` as the reference.
Dataset NumberedSamples(const std::string& name, const NumberOptions& options, const std::filesystem::path& path,
                        const PictureSet& pictures);

}  // namespace skipbench
