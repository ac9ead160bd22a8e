// Pictures by their content, and what else is done with a picture's bytes: animations, orientation.
#include "harness/io/pictures/animation.h"
#include "harness/io/pictures/apng.h"
#include "harness/io/pictures/gif.h"
#include "harness/io/pictures/image.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace skipbench;
  const auto bytes = fuzz::Bytes(data, size);
  ExifOrientation(bytes);
  if (IsAnimation(bytes)) {
    return fuzz::Try([&] {
      if (data[0] == 'G')
        DecodeGifFrames(bytes, 0, "fuzz");
      else
        DecodeApng(bytes, 0, "fuzz");
    });
  }
  return fuzz::Try([&] { DecodeImage(bytes, "fuzz"); });
}
