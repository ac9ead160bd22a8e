#include "harness/io/files/safetensors.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace skipbench;
  return fuzz::Try([&] {
    const SafetensorsContent content = ParseSafetensors(fuzz::Bytes(data, size), "fuzz");
    uint64_t sum = 0;
    for (const SafetensorsEntry& entry : content.entries) {
      int64_t count = 1;
      for (int64_t one : entry.shape) count *= one;
      if (static_cast<uint64_t>(count) * static_cast<uint64_t>(DtypeBits(entry.dtype)) != 8 * entry.bytes.size())
        __builtin_trap();
      for (std::byte one : entry.bytes) sum += static_cast<uint8_t>(one);
    }
    volatile uint64_t used = sum;
    static_cast<void>(used);
  });
}
