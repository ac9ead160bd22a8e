#include "harness/pipelines/vae_source.h"

#include "harness/base/error.h"
#include "harness/nn/weights/weights_files.h"

namespace skipbench {

namespace fs = std::filesystem;

VaeSource::VaeSource(std::unique_ptr<ModelSource> model, fs::path vae)
    : model_(std::move(model)), vae_(std::move(vae)) {
  for (const auto& note : model_->notes()) Note(note);
  const Config index = model_->Index();
  if (!index.json.contains("vae"))
    FailUnsupported("{}: vae: {} has no component vae that {} could replace", index.file, class_name(), vae_.string());
  Note(fmt::format("model: the autoencoder is {}, not the model's own", vae_.string()));
  if (!fs::is_directory(vae_)) file_ = std::make_unique<VaeFile>(vae_, model_->ConfigOf("vae", {"AutoencoderKL"}).json);
}

ModelSource::Config VaeSource::ConfigOf(const std::string& component, const std::vector<std::string>& classes) const {
  if (component != "vae") return model_->ConfigOf(component, classes);
  if (file_) return {file_->config(), file_->config_file()};
  const fs::path file = vae_ / "config.json";
  NoteRead(component, file);
  return {ReadJsonFile(file), file.string()};
}

std::map<std::string, fs::path> VaeSource::read_files() const {
  auto files = ModelSource::read_files();
  files.merge(model_->read_files());  // this autoencoder's config stays
  return files;
}

// A folder of one network has a variant or not; the model's variant is taken where it is there.
Weights VaeSource::OpenWeights(const std::string& component, const std::string& stem, WeightsOptions options) const {
  if (component != "vae") return model_->OpenWeights(component, stem, std::move(options));
  if (file_) return file_->Open(std::move(options));
  options.variant = ExistingVariant(vae_, stem, options.variant);
  return Weights::FromFolder(vae_, stem, std::move(options));
}

std::vector<fs::path> VaeSource::WeightFiles(const std::string& component, const std::string& stem,
                                             const std::string& variant) const {
  if (component != "vae") return model_->WeightFiles(component, stem, variant);
  if (file_) return {vae_};
  return FindWeightFiles(vae_, stem, ExistingVariant(vae_, stem, variant)).files;
}

}  // namespace skipbench
