// Pictures as files: with "png" in "save", OUT/png/SETTING/SAMPLE.png for every sample and setting of a wave.
#pragma once

#include <filesystem>
#include <string>

#include "harness/experiment/plan.h"

namespace skipbench {

// `picture` is uint8 [3, H, W].
void WritePicture(const at::Tensor& picture, const std::filesystem::path& out, const std::string& setting, int64_t sample_id);

// A label as a folder's name: letters, digits, '.', '-', '=' and '_' stay, runs of anything else become one '_'.
std::string FolderName(const std::string& label);

}  // namespace skipbench
