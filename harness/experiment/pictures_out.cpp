#include "harness/experiment/pictures_out.h"

#include <ATen/ATen.h>

#include "harness/io/apng.h"
#include "harness/io/mp4.h"
#include "harness/io/png.h"

namespace skipbench {

std::string FolderName(const std::string& label) {
  std::string name;
  for (unsigned char c : label) {
    const bool plain = std::isalnum(c) || c == '.' || c == '-' || c == '=' || c == '_';
    if (plain) {
      name += static_cast<char>(c);
    } else if (!name.empty() && name.back() != '_') {
      name += '_';
    }
  }
  while (!name.empty() && name.back() == '_') name.pop_back();
  // A label may be the user's own: it must not mean another folder, nor a hidden one.
  return name.empty() || name[0] == '.' ? "_" + name : name;
}

namespace {

Image ToImage(const at::Tensor& picture) {
  const at::Tensor pixels = picture.permute({1, 2, 0}).contiguous();
  Image image;
  image.height = static_cast<int>(pixels.size(0));
  image.width = static_cast<int>(pixels.size(1));
  image.pixels.assign(pixels.const_data_ptr<uint8_t>(), pixels.const_data_ptr<uint8_t>() + pixels.numel());
  return image;
}

// OUT/KIND/SETTING, made.
std::filesystem::path MakeFolder(const std::filesystem::path& out, const char* kind, const std::string& setting) {
  const auto folder = out / kind / FolderName(setting);
  std::filesystem::create_directories(folder);
  return folder;
}

}  // namespace

void WritePicture(const at::Tensor& picture, const std::filesystem::path& out, const std::string& setting, int64_t sample_id) {
  WritePng(MakeFolder(out, "png", setting) / fmt::format("{:06}.png", sample_id), ToImage(picture));
}

void WriteClip(const at::Tensor& clip, const std::filesystem::path& out, const std::string& setting, int64_t sample_id, const ClipFiles& files) {
  if (!files.png && !files.apng && !files.mp4) return;
  std::vector<Image> frames;
  for (int64_t k = 0; k < clip.size(0); ++k) frames.push_back(ToImage(clip[k]));
  const std::string name = fmt::format("{:06}", sample_id);
  if (files.png) {
    const auto folder = MakeFolder(out, "png", setting) / name;
    std::filesystem::create_directories(folder);
    for (size_t k = 0; k < frames.size(); ++k) WritePng(folder / fmt::format("{:04}.png", k), frames[k]);
  }
  if (files.apng) WriteApng(MakeFolder(out, "apng", setting) / (name + ".png"), frames, files.fps);
  if (files.mp4) WriteMp4(MakeFolder(out, "mp4", setting) / (name + ".mp4"), frames, files.fps);
}

at::Tensor Thumbnail(const at::Tensor& picture) {
  at::Tensor pixels = picture.to(at::kDouble);
  if (pixels.dim() == 4) pixels = pixels.mean(0);
  return at::adaptive_avg_pool2d(pixels, {8, 8}).round().to(at::kByte).permute({1, 2, 0});
}

}  // namespace skipbench
