#include "harness/experiment/run/image_files.h"

#include <ATen/ATen.h>

#include "harness/io/pictures/apng.h"
#include "harness/io/pictures/png.h"
#include "harness/io/pictures/video.h"
#include "harness/store/outputs.h"

namespace skipbench {

namespace {

Image ToImage(const at::Tensor& picture) {
  const at::Tensor pixels = picture.permute({1, 2, 0}).contiguous();
  Image image;
  image.height = static_cast<int>(pixels.size(0));
  image.width = static_cast<int>(pixels.size(1));
  image.pixels.assign(pixels.const_data_ptr<uint8_t>(), pixels.const_data_ptr<uint8_t>() + pixels.numel());
  return image;
}

}  // namespace

void WriteImageFiles(const at::Tensor& picture, const std::set<std::string>& kinds, double fps,
                     const std::filesystem::path& out, const std::string& setting, int64_t sample_id) {
  const bool clip = picture.dim() == 4;
  std::vector<Image> frames;
  for (const std::string kind : kPictureKinds) {
    if (!kinds.contains(kind)) continue;
    const auto place = PicturePath(out, kind, setting, sample_id, clip);
    std::filesystem::create_directories(clip && kind == "png" ? place : place.parent_path());
    if (!clip) {
      WritePng(place, ToImage(picture));
      continue;
    }
    if (frames.empty())
      for (int64_t k = 0; k < picture.size(0); ++k) frames.push_back(ToImage(picture[k]));
    if (kind == "png")
      for (size_t k = 0; k < frames.size(); ++k) WritePng(place / fmt::format("{:04}.png", k), frames[k]);
    if (kind == "apng") WriteApng(place, frames, fps);
    if (kind == "mp4") WriteMp4(place, frames, fps);
  }
}

at::Tensor Thumbnail(const at::Tensor& picture) {
  at::Tensor pixels = picture.to(at::kDouble);
  if (pixels.dim() == 4) pixels = pixels.mean(0);
  return at::adaptive_avg_pool2d(pixels, {8, 8}).round().to(at::kByte).permute({1, 2, 0});
}

}  // namespace skipbench
