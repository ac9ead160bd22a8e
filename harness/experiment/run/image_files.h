// Pictures and clips as files, for every sample and setting of a wave; where they stand: harness/store/outputs.h.
#pragma once

#include <filesystem>
#include <string>

#include "harness/experiment/plan/plan.h"

namespace skipbench {

// `picture` is uint8 [3, H, W]; `setting` is the name of the setting's folder (FolderNames).
void WritePicture(const at::Tensor& picture, const std::filesystem::path& out, const std::string& setting,
                  int64_t sample_id);

struct ClipFiles {
  bool png = false, apng = false, mp4 = false;
  double fps = 16;  // of apng and mp4
};
// `clip` is uint8 [F, 3, H, W].
void WriteClip(const at::Tensor& clip, const std::filesystem::path& out, const std::string& setting, int64_t sample_id,
               const ClipFiles& files);

// uint8 [8, 8, 3]: means over a grid of 8 x 8 fields of a picture [3, H, W] (of a clip [T, 3, H, W]: over its frames
// too).
at::Tensor Thumbnail(const at::Tensor& picture);

}  // namespace skipbench
