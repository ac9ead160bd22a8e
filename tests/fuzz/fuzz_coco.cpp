#include "datasets/coco.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace skipbench;
  fuzz::Write("captions.json", fuzz::Text(data, size));
  return fuzz::Try([&] {
    const Json config = {{"type", "coco"}, {"captions", "captions.json"}};
    Preview(CocoType().read(JsonReader(config, "fuzz"), fuzz::Folder()));
  });
}
