// A model with another autoencoder than its own ("vae" of a config).
#pragma once

#include "harness/models/vae_file.h"
#include "harness/pipelines/model_source.h"

namespace skipbench {

class VaeSource : public ModelSource {
 public:
  // `vae`: as FindVae gives it, a folder with config.json or a .safetensors file. Throws Error where the model has no
  // AutoencoderKL.
  VaeSource(std::unique_ptr<ModelSource> model, std::filesystem::path vae);
  std::filesystem::path path() const override { return model_->path(); }
  Config Index() const override { return model_->Index(); }
  std::string ClassOf(const std::string& component) const override { return model_->ClassOf(component); }
  Config ConfigOf(const std::string& component, const std::vector<std::string>& classes) const override;
  Weights OpenWeights(const std::string& component, const std::string& stem, WeightsOptions options) const override;
  std::vector<std::filesystem::path> WeightFiles(const std::string& component, const std::string& stem,
                                                 const std::string& variant) const override;
  ClipTokenizer OpenTokenizer(const std::string& component, ClipVariant variant) const override {
    return model_->OpenTokenizer(component, variant);
  }
  std::filesystem::path TokenizerFolder(const std::string& component) const override {
    return model_->TokenizerFolder(component);
  }
  std::map<std::string, std::filesystem::path> read_files() const override;

 private:
  std::unique_ptr<ModelSource> model_;
  std::filesystem::path vae_;
  std::unique_ptr<VaeFile> file_;  // null: a folder
};

}  // namespace skipbench
