#include "tests/fuzz/fuzz.h"
#include "tests/support/npy.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace skipbench;
  return fuzz::Try([&] {
    const NpyArray array = ParseNpy(fuzz::Bytes(data, size), "fuzz").All();
    int64_t count = 1;
    for (int64_t one : array.shape) count *= one;
    if (count != static_cast<int64_t>(array.is_text() ? array.texts.size() : array.values.size())) __builtin_trap();
  });
}
