// config.json of every network.
#include "harness/base/json.h"
#include "harness/models/autoencoder_kl.h"
#include "harness/models/catalog.h"
#include "harness/models/class_embedder.h"
#include "harness/models/clip_text.h"
#include "harness/models/clip_vision.h"
#include "harness/models/vq_model.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace skipbench;
  return fuzz::Try([&] {
    const Json json = ParseJson(fuzz::Text(data, size), "fuzz");
    const auto parse = [&]<class Network>(const Network*) {
      fuzz::Try([&] { Network::ParseConfig(JsonReader(json, "fuzz")); });
    };
    for (const auto& type : NetworkTypes()) fuzz::Try([&] { type.check(JsonReader(json, "fuzz")); });
    parse(static_cast<const AutoencoderKL*>(nullptr));
    parse(static_cast<const VQModel*>(nullptr));
    parse(static_cast<const CLIPTextModel*>(nullptr));
    parse(static_cast<const CLIPVisionModelWithProjection*>(nullptr));
    parse(static_cast<const ClassEmbedder*>(nullptr));
  });
}
