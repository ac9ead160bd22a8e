// Pictures and clips as files, for every sample and setting of a wave; where they stand: harness/store/outputs.h.
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <set>
#include <string>

namespace skipbench {

// Writes a picture, uint8 [3, H, W], as png, or a clip, uint8 [F, 3, H, W], as png (of its frames), apng and mp4, as
// far as these are among `kinds`; `setting` is the name of the setting's folder (FolderNames), `fps` that of apng and
// mp4.
void WriteImageFiles(const at::Tensor& picture, const std::set<std::string>& kinds, double fps,
                     const std::filesystem::path& out, const std::string& setting, int64_t sample_id);

// uint8 [8, 8, 3]: means over a grid of 8 x 8 fields of a picture [3, H, W] (of a clip [T, 3, H, W]: over its frames
// too).
at::Tensor Thumbnail(const at::Tensor& picture);

}  // namespace skipbench
