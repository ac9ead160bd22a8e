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

namespace skipbench {
namespace {

// Whether `name` is a class of T's; then one is built.
template <typename T>
bool BuildIf(const std::string& name, const JsonReader& config, const Weights& w) {
  for (const char* known : T::kClassNames)
    if (name == known) {
      Build<T>(config, w);
      return true;
    }
  return false;
}

// transformers' configs name the class in "architectures", diffusers' in "_class_name".
void BuildAny(const JsonReader& config, const Weights& w) {
  const std::string name =
      config.Has("architectures") ? config.Strings("architectures").at(0) : config.String("_class_name");
  if (BuildIf<AutoencoderKL>(name, config, w) || BuildIf<VQModel>(name, config, w) ||
      BuildIf<CLIPTextModel>(name, config, w) || BuildIf<CLIPVisionModelWithProjection>(name, config, w) ||
      BuildIf<ClassEmbedder>(name, config, w))
    return;
  Build<Network>(config, w);
}

}  // namespace
}  // namespace skipbench

int main(int argc, char** argv) {
  using namespace skipbench;
  try {
    if (argc < 2) Fail("usage: {} CONFIG...", argv[0]);
    for (int i = 1; i < argc; ++i) {
      const Json json = ReadJsonFile(argv[i]);
      const Weights w = Weights::ShapesOnly();
      BuildAny(JsonReader(json, argv[i]), w);
      Json list = Json::array();
      for (const auto& [name, shape] : w.taken()) list.push_back({name, shape});
      std::cout << list.dump() << "\n";
    }
    return 0;
  } catch (const std::exception& e) {
    std::cerr << "error: " << e.what() << "\n";
    return 3;
  }
}
