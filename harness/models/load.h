// Networks from folders in diffusers' layout: config.json and *.safetensors beside it (or shards with their index).
#pragma once

#include <filesystem>
#include <memory>

#include "harness/models/autoencoder_kl.h"
#include "harness/models/class_embedder.h"
#include "harness/models/clip_text.h"
#include "harness/models/clip_vision.h"
#include "harness/models/unet.h"
#include "harness/models/vq_model.h"
#include "harness/nn/weights.h"

namespace skipbench {

// UNet2DConditionModel, UNet2DModel, UNet3DConditionModel or I2VGenXLUNet, by the config's _class_name; UnsupportedError for
// another.
std::unique_ptr<UNet> MakeUNet(const JsonReader& config, const Weights& w);

// Read FOLDER/config.json and the weights, strictly: every missing, unexpected and mis-shaped tensor is in one Error.
std::unique_ptr<UNet> LoadUNet(const std::filesystem::path& folder, WeightsOptions options = {});
std::unique_ptr<AutoencoderKL> LoadAutoencoderKL(const std::filesystem::path& folder, WeightsOptions options = {});
std::unique_ptr<VQModel> LoadVQModel(const std::filesystem::path& folder, WeightsOptions options = {});
std::unique_ptr<CLIPTextModel> LoadCLIPTextModel(const std::filesystem::path& folder, WeightsOptions options = {});
std::unique_ptr<CLIPVisionModelWithProjection> LoadCLIPVisionModelWithProjection(const std::filesystem::path& folder, WeightsOptions options = {});
std::unique_ptr<ClassEmbedder> LoadClassEmbedder(const std::filesystem::path& folder, WeightsOptions options = {});

}  // namespace skipbench
