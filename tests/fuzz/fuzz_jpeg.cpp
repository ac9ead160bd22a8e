#include "harness/io/pictures/jpeg.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace skipbench;
  return fuzz::Try([&] {
    const Image image = DecodeJpeg(fuzz::Bytes(data, size), "fuzz");
    if (image.pixels.size() != static_cast<size_t>(image.width) * static_cast<size_t>(image.height) * 3)
      __builtin_trap();
  });
}
