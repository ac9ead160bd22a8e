// model_index.json, and JSON as all configuration files are read.
#include "harness/base/json.h"
#include "harness/pipelines/model_folder.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace skipbench;
  fuzz::Write("model_index.json", fuzz::Text(data, size));
  fuzz::Try([&] {
    const ModelFolder folder(fuzz::Folder());
    for (const char* name : {"unet", "vae", "scheduler", "text_encoder"})
      fuzz::Try([&] { folder.Component(name, {"UNet2DConditionModel", folder.class_name()}); });
  });
  return fuzz::Try([&] {
    const Json json = ParseJson(fuzz::Text(data, size), "fuzz");
    const JsonReader reader(json, "fuzz");
    for (const auto& item : json.items()) {
      const std::string& key = item.key();
      fuzz::Try([&] { reader.Int(key, -5, 1000); });
      fuzz::Try([&] { reader.Double(key); });
      fuzz::Try([&] { reader.Bool(key); });
      fuzz::Try([&] { reader.OneOf(key, "a", {"a", "b"}); });
      fuzz::Try([&] { reader.Ints(key); });
      fuzz::Try([&] { reader.Doubles(key); });
      fuzz::Try([&] { reader.Strings(key); });
      fuzz::Try([&] { reader.Object(key).RejectUnknownKeys(); });
      fuzz::Try([&] { reader.Objects(key); });
    }
    reader.RejectUnknownKeys();
  });
}
