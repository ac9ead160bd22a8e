#include "harness/models/catalog.h"

#include <fmt/ranges.h>

#include "harness/models/config.h"
#include "harness/models/dit_transformer_2d.h"
#include "harness/models/i2vgen_xl_unet.h"
#include "harness/models/unet_2d.h"
#include "harness/models/unet_2d_condition.h"
#include "harness/models/unet_3d_condition.h"

namespace skipbench {

namespace {

template <typename T>
NetworkType TypeOf() {
  return {{std::begin(T::kClassNames), std::end(T::kClassNames)},
          [](const JsonReader& config) { T::ParseConfig(config); },
          [](const JsonReader& config, const Weights& w) { return std::make_unique<T>(T::ParseConfig(config), w); }};
}

}  // namespace

const std::vector<NetworkType>& NetworkTypes() {
  static const std::vector<NetworkType> types = {
      TypeOf<UNet2DConditionModel>(), TypeOf<UNet2DModel>(),           TypeOf<UNet3DConditionModel>(),
      TypeOf<I2VGenXLUNet>(),         TypeOf<DiTTransformer2DModel>(),
  };
  return types;
}

std::unique_ptr<Network> MakeNetwork(const JsonReader& config, const Weights& w) {
  const std::string name = config.String("_class_name");
  std::vector<std::string> known;
  for (const auto& type : NetworkTypes())
    for (const auto& class_name : type.class_names) {
      if (class_name == name) return type.make(config, w);
      known.push_back(class_name);
    }
  FailUnsupportedValue(config, "_class_name", fmt::format("{}", fmt::join(known, ", ")));
}

}  // namespace skipbench
