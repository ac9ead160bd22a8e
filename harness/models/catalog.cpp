#include "harness/models/catalog.h"

#include <fmt/ranges.h>

#include "harness/models/config.h"
#include "harness/models/dit_transformer_2d.h"
#include "harness/models/flux_transformer_2d.h"
#include "harness/models/i2vgen_xl_unet.h"
#include "harness/models/pixart_transformer_2d.h"
#include "harness/models/sd3_transformer_2d.h"
#include "harness/models/unet_2d.h"
#include "harness/models/unet_2d_condition.h"
#include "harness/models/unet_3d_condition.h"
#include "harness/models/wan_transformer_3d.h"

namespace skipbench {

namespace {

template <typename T>
NetworkType TypeOf() {
  return {{std::begin(T::kClassNames), std::end(T::kClassNames)},
          [](const JsonReader& config) { T::ParseConfig(config); },
          [](const JsonReader& config, const Weights& w) { return std::make_unique<T>(T::ParseConfig(config), w); }};
}

// Folders older than diffusers 0.28 name the class that DiT and PixArt were part of; their norms tell them apart.
std::string ClassName(const JsonReader& config) {
  const std::string name = config.String("_class_name");
  if (name != "Transformer2DModel") return name;
  const Json* norm = config.Find("norm_type");
  return norm && *norm == "ada_norm_single" ? "PixArtTransformer2DModel" : "DiTTransformer2DModel";
}

}  // namespace

const std::vector<NetworkType>& NetworkTypes() {
  static const std::vector<NetworkType> types = {
      TypeOf<UNet2DConditionModel>(),  TypeOf<UNet2DModel>(),
      TypeOf<UNet3DConditionModel>(),  TypeOf<I2VGenXLUNet>(),
      TypeOf<DiTTransformer2DModel>(), TypeOf<PixArtTransformer2DModel>(),
      TypeOf<SD3Transformer2DModel>(), TypeOf<FluxTransformer2DModel>(),
      TypeOf<WanTransformer3DModel>(),
  };
  return types;
}

std::unique_ptr<Network> MakeNetwork(const JsonReader& config, const Weights& w) {
  const std::string name = ClassName(config);
  std::vector<std::string> known;
  for (const auto& type : NetworkTypes())
    for (const auto& class_name : type.class_names) {
      if (class_name == name) return type.make(config, w);
      known.push_back(class_name);
    }
  FailUnsupportedValue(config, "_class_name", fmt::format("{}", fmt::join(known, ", ")));
}

}  // namespace skipbench
