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

void WritePicture(const at::Tensor& picture, const std::filesystem::path& out, const std::string& setting,
                  int64_t sample_id) {
  const auto file = PicturePath(out, "png", setting, sample_id, /*clip=*/false);
  std::filesystem::create_directories(file.parent_path());
  WritePng(file, ToImage(picture));
}

void WriteClip(const at::Tensor& clip, const std::filesystem::path& out, const std::string& setting, int64_t sample_id,
               const ClipFiles& files) {
  if (!files.png && !files.apng && !files.mp4) return;
  std::vector<Image> frames;
  for (int64_t k = 0; k < clip.size(0); ++k) frames.push_back(ToImage(clip[k]));
  const auto path = [&](const char* kind) {
    const auto place = PicturePath(out, kind, setting, sample_id, /*clip=*/true);
    std::filesystem::create_directories(place.parent_path());
    return place;
  };
  if (files.png) {
    const auto folder = path("png");
    std::filesystem::create_directories(folder);
    for (size_t k = 0; k < frames.size(); ++k) WritePng(folder / fmt::format("{:04}.png", k), frames[k]);
  }
  if (files.apng) WriteApng(path("apng"), frames, files.fps);
  if (files.mp4) WriteMp4(path("mp4"), frames, files.fps);
}

at::Tensor Thumbnail(const at::Tensor& picture) {
  at::Tensor pixels = picture.to(at::kDouble);
  if (pixels.dim() == 4) pixels = pixels.mean(0);
  return at::adaptive_avg_pool2d(pixels, {8, 8}).round().to(at::kByte).permute({1, 2, 0});
}

}  // namespace skipbench
