// The parameters of networks, for scripts/make_random_model.py. Not a benchmark to be run by hand.
//
//   bench_network_tensors CONFIG...
//
// Every CONFIG is a config.json of a denoiser, an autoencoder, a text or image encoder or a class embedder. Prints one
// line of JSON for each: a list of [name, shape], in the order in which the network takes them.
#include <iostream>

#include "harness/base/error.h"
#include "harness/models/autoencoder_kl.h"
#include "harness/models/class_embedder.h"
#include "harness/models/clip_text.h"
#include "harness/models/clip_vision.h"
#include "harness/models/load.h"
#include "harness/models/vq_model.h"
#include "harness/nn/weights/taken_tensors.h"

namespace skipbench {
namespace {

// Whether `name` is a class of T's; then one is built.
template <typename T>
bool BuildIf(const std::string& name, const JsonReader& config) {
  for (const char* known : T::kClassNames)
    if (name == known) {
      Build<T>(config, Weights::ShapesOnly());
      return true;
    }
  return false;
}

// transformers' configs name the class in "architectures", diffusers' in "_class_name".
void BuildAny(const JsonReader& config) {
  const std::string name =
      config.Has("architectures") ? config.Strings("architectures").at(0) : config.String("_class_name");
  if (BuildIf<AutoencoderKL>(name, config) || BuildIf<VQModel>(name, config) || BuildIf<CLIPTextModel>(name, config) ||
      BuildIf<CLIPVisionModelWithProjection>(name, config) || BuildIf<ClassEmbedder>(name, config))
    return;
  Build<Network>(config, Weights::ShapesOnly());
}

}  // namespace
}  // namespace skipbench

int main(int argc, char** argv) {
  using namespace skipbench;
  try {
    if (argc < 2) Fail("usage: {} CONFIG...", argv[0]);
    for (int i = 1; i < argc; ++i) {
      const Json json = ReadJsonFile(argv[i]);
      TakenTensors taken;
      BuildAny(JsonReader(json, argv[i]));
      Json list = Json::array();
      for (const auto& [name, shape] : taken.list()) list.push_back({name, shape});
      std::cout << list.dump() << "\n";
    }
    return 0;
  } catch (const std::exception& e) {
    std::cerr << "error: " << e.what() << "\n";
    return 3;
  }
}
