#include "harness/io/image.h"

#include <algorithm>
#include <cstring>

#include "harness/base/error.h"
#include "harness/io/jpeg.h"
#include "harness/io/mapped_file.h"
#include "harness/io/png.h"

namespace skipbench {

Image ReadImage(const std::filesystem::path& path) {
  const MappedFile file(path);
  const auto bytes = file.bytes();
  auto begins_with = [&](const char* magic, size_t size) { return bytes.size() >= size && std::memcmp(bytes.data(), magic, size) == 0; };
  if (begins_with("\x89PNG", 4)) return DecodePng(bytes, path.string());
  if (begins_with("\xFF\xD8\xFF", 3)) return DecodeJpeg(bytes, path.string());
  Fail("{}: neither a PNG nor a JPEG file", path.string());
}

bool IsImageName(const std::filesystem::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(), [](unsigned char c) { return std::tolower(c); });
  return extension == ".png" || extension == ".jpg" || extension == ".jpeg";
}

}  // namespace skipbench
