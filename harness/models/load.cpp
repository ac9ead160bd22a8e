#include "harness/models/load.h"

#include "harness/base/error.h"
#include "harness/models/config.h"
#include "harness/models/i2vgen_xl_unet.h"
#include "harness/models/unet_2d.h"
#include "harness/models/unet_2d_condition.h"
#include "harness/models/unet_3d_condition.h"

namespace skipbench {

namespace {

constexpr const char* kDiffusersStem = "diffusion_pytorch_model";
constexpr const char* kTransformersStem = "model";

// `make` builds the network from its parsed config.json and its weights.
template <typename Make>
auto Load(const std::filesystem::path& folder, const char* stem, WeightsOptions options, Make make) {
  const std::filesystem::path file = folder / "config.json";
  const Json json = ReadJsonFile(file);
  const JsonReader config(json, file.string());
  const Weights weights = Weights::FromFolder(folder, stem, std::move(options));
  auto network = make(config, weights);
  weights.Finish();
  return network;
}

template <typename Network>
std::unique_ptr<Network> LoadAs(const std::filesystem::path& folder, const char* stem, WeightsOptions options) {
  return Load(folder, stem, std::move(options), [](const JsonReader& config, const Weights& w) {
    return std::make_unique<Network>(Network::ParseConfig(config), w);
  });
}

}  // namespace

std::unique_ptr<UNet> MakeUNet(const JsonReader& config, const Weights& w) {
  const std::string name = config.String("_class_name");
  if (name == "UNet2DConditionModel") return std::make_unique<UNet2DConditionModel>(UNet2DConditionModel::ParseConfig(config), w);
  if (name == "UNet2DModel") return std::make_unique<UNet2DModel>(UNet2DModel::ParseConfig(config), w);
  if (name == "UNet3DConditionModel") return std::make_unique<UNet3DConditionModel>(UNet3DConditionModel::ParseConfig(config), w);
  if (name == "I2VGenXLUNet") return std::make_unique<I2VGenXLUNet>(I2VGenXLUNet::ParseConfig(config), w);
  FailUnsupportedValue(config, "_class_name", "UNet2DConditionModel, UNet2DModel, UNet3DConditionModel, I2VGenXLUNet");
}

std::unique_ptr<UNet> LoadUNet(const std::filesystem::path& folder, WeightsOptions options) {
  return Load(folder, kDiffusersStem, std::move(options), MakeUNet);
}

std::unique_ptr<AutoencoderKL> LoadAutoencoderKL(const std::filesystem::path& folder, WeightsOptions options) {
  return LoadAs<AutoencoderKL>(folder, kDiffusersStem, std::move(options));
}

std::unique_ptr<VQModel> LoadVQModel(const std::filesystem::path& folder, WeightsOptions options) {
  return LoadAs<VQModel>(folder, kDiffusersStem, std::move(options));
}

std::unique_ptr<CLIPTextModel> LoadCLIPTextModel(const std::filesystem::path& folder, WeightsOptions options) {
  options.ignore.push_back("*.position_ids");
  return LoadAs<CLIPTextModel>(folder, kTransformersStem, std::move(options));
}

std::unique_ptr<CLIPVisionModelWithProjection> LoadCLIPVisionModelWithProjection(const std::filesystem::path& folder, WeightsOptions options) {
  options.ignore.push_back("*.position_ids");
  return LoadAs<CLIPVisionModelWithProjection>(folder, kTransformersStem, std::move(options));
}

std::unique_ptr<ClassEmbedder> LoadClassEmbedder(const std::filesystem::path& folder, WeightsOptions options) {
  return LoadAs<ClassEmbedder>(folder, kDiffusersStem, std::move(options));
}

}  // namespace skipbench
