// Samples that are nothing but numbers, beside the collection of pictures that a model was trained on.
#pragma once

#include <filesystem>
#include <string>

#include "datasets/dataset.h"
#include "datasets/picture_set.h"

namespace skipbench {

// Reads "count" (default: as many as `pictures`) and "offset": the ids offset .. offset + count - 1, with `path` as the reference.
// Throws Error for unknown keys.
Dataset NumberedSamples(const std::string& name, const JsonReader& config, const std::filesystem::path& path, const PictureSet& pictures);

}  // namespace skipbench
