#include "harness/experiment/pictures_out.h"

#include <ATen/ATen.h>

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

void WritePicture(const at::Tensor& picture, const std::filesystem::path& out, const std::string& setting, int64_t sample_id) {
  const auto folder = out / "png" / FolderName(setting);
  std::filesystem::create_directories(folder);
  const at::Tensor pixels = picture.permute({1, 2, 0}).contiguous();
  Image image;
  image.height = static_cast<int>(pixels.size(0));
  image.width = static_cast<int>(pixels.size(1));
  image.pixels.assign(pixels.const_data_ptr<uint8_t>(), pixels.const_data_ptr<uint8_t>() + pixels.numel());
  WritePng(folder / fmt::format("{:06}.png", sample_id), image);
}

}  // namespace skipbench
