#include "harness/io/image.h"

#include <algorithm>
#include <cstring>

#include "harness/base/error.h"
#include "harness/io/jpeg.h"
#include "harness/io/mapped_file.h"
#include "harness/io/png.h"
#include "harness/io/webp.h"

namespace skipbench {

Image ReadImage(const std::filesystem::path& path) {
  const MappedFile file(path);
  return DecodeImage(file.bytes(), path.string());
}

Image DecodeImage(std::span<const std::byte> bytes, const std::string& origin) {
  auto begins_with = [&](const char* magic, size_t size) { return bytes.size() >= size && std::memcmp(bytes.data(), magic, size) == 0; };
  if (begins_with("\x89PNG", 4)) return DecodePng(bytes, origin);
  if (begins_with("\xFF\xD8\xFF", 3)) return DecodeJpeg(bytes, origin);
  if (begins_with("RIFF", 4) && bytes.size() >= 12 && std::memcmp(bytes.data() + 8, "WEBP", 4) == 0) return DecodeWebp(bytes, origin);
  Fail("{}: neither a PNG nor a JPEG nor a WebP picture", origin);
}

bool IsImageName(const std::filesystem::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(), [](unsigned char c) { return std::tolower(c); });
  return extension == ".png" || extension == ".jpg" || extension == ".jpeg" || extension == ".webp";
}

}  // namespace skipbench
