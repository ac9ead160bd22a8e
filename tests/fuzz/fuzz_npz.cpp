#include "harness/io/files/npz.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace skipbench;
  return fuzz::Try([&] {
    const NpzFile file(fuzz::Bytes(data, size), "fuzz");
    for (const auto& name : file.Names()) {
      const NpyArray array = file.Read(name);
      int64_t count = 1;
      for (int64_t one : array.shape) count *= one;
      if (count != static_cast<int64_t>(array.is_text() ? array.texts.size() : array.values.size())) __builtin_trap();
    }
  });
}
