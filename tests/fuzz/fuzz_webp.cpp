#include "harness/io/pictures/image.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace skipbench;
  return fuzz::Try([&] { DecodeImage({reinterpret_cast<const std::byte*>(data), size}, "fuzz"); });
}
