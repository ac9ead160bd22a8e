#include "harness/io/pictures/webp.h"

#include <webp/decode.h>

#include "harness/base/error.h"

namespace skipbench {

Image DecodeWebp(std::span<const std::byte> bytes, const std::string& origin) {
  const auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
  WebPBitstreamFeatures features;
  if (WebPGetFeatures(data, bytes.size(), &features) != VP8_STATUS_OK)
    Fail("{}: not a WebP picture, or a broken one", origin);
  if (features.has_animation) Fail("{}: an animated WebP file, expected a picture", origin);
  Image image;
  image.width = features.width;
  image.height = features.height;
  CheckImageSize(image.width, image.height, origin);
  image.pixels.resize(static_cast<size_t>(image.width) * image.height * 3);
  if (!WebPDecodeRGBInto(data, bytes.size(), image.pixels.data(), image.pixels.size(), image.width * 3))
    Fail("{}: the WebP picture is truncated or broken", origin);
  return image;
}

}  // namespace skipbench
