// What the pipelines around a denoising network share, whatever the network is: opening it, shapes, the autoencoder,
// the scheduler's config, cost, and the weight files' list.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "harness/models/autoencoder_kl.h"
#include "harness/pipelines/catalog.h"
#include "harness/pipelines/model_source.h"
#include "harness/pipelines/network_denoiser.h"
#include "harness/pipelines/pipeline.h"
#include "harness/pipelines/prompt_encoding.h"
#include "harness/pipelines/text_encoder.h"

namespace skipbench {

// A pipeline's constructor calls OpenNetwork(), SetShapes() or ReadAutoencoder(), and Gives() for everything that
// Encode() will give the network; then, unless shapes_only(), it loads the other networks.
class LatentPipeline : public Pipeline {
 public:
  // By the autoencoder of LoadAutoencoder(), clips in chunks of frames.
  at::Tensor Decode(const at::Tensor& latents) const override;
  void CheckSize() const override;
  MacReport DenoiserMacs(const Work& work) const override;
  int64_t KeptElements(const CacheSite& site) const override;
  NetworkAbilities abilities() const override { return packed_.AbilitiesOf(counted_->info().abilities); }

 protected:
  // `kind`: for messages, see PipelineInfo.
  LatentPipeline(const ModelSource& source, const PipelineOptions& options, std::string kind);

  // Opens the denoiser, `component` of the source (with its weights unless shapes_only), which has one of these
  // classes, and notes what the source says of the scheduler.
  void OpenNetwork(const ModelSource& source, const std::string& component, const std::vector<std::string>& classes);
  // What is made where nobody says how large.
  struct OwnSize {
    int64_t height = 0, width = 0;  // pixels; 0: the network's sample_size
    int64_t frames = kDefaultFrames;
  };
  // Checks the wanted picture size (or else `own`) against the autoencoder's factor and the network's patches, and sets
  // latent and image shape.
  void SetShapes(int64_t factor, int64_t latent_channels, const OwnSize& own);
  void SetShapes(int64_t factor, int64_t latent_channels) { SetShapes(factor, latent_channels, OwnSize()); }
  // SetShapes() by the config of the component "vae", an AutoencoderKL, which is returned.
  AutoencoderKL::Config ReadAutoencoder(const ModelSource& source, const OwnSize& own);
  AutoencoderKL::Config ReadAutoencoder(const ModelSource& source) { return ReadAutoencoder(source, OwnSize()); }
  // The latents that the sampler sees are what ToPatches() makes of the network's samples.
  void PackLatents(const PatchSize& patch);
  void LoadAutoencoder(const ModelSource& source, at::ScalarType dtype) {
    vae_ = LoadPart<AutoencoderKL>(source, "vae", dtype);
  }
  // Latents [n, latent_shape], in the autoencoder's dtype, to what the autoencoder decodes.
  virtual at::Tensor Unscale(const at::Tensor& latents) const { return latents / vae_->config().scaling_factor; }
  // Says that Encode() gives the network the conditioning `name` with rows of this shape. Throws Error unless it takes
  // that.
  void Gives(const std::string& name, std::vector<int64_t> row);

  // A component with its weights, in the pipeline's dtype unless said otherwise; its files are noted for provenance.
  template <typename T>
  std::unique_ptr<T> LoadPart(const ModelSource& source, const std::string& component,
                              std::optional<at::ScalarType> dtype = {},
                              const std::vector<std::string>& classes = ClassNamesOf<T>()) {
    auto part = LoadComponent<T>(source, component, WeightsOf(dtype.value_or(options_.dtype)), classes);
    info_.files = source.weight_files();
    return part;
  }
  // The text encoder "text_encoder" + suffix in the pipeline's dtype.
  TextEncoder OpenEncoderOf(const ModelSource& source, const std::string& suffix);
  T5TextEncoder OpenT5Of(const ModelSource& source, const std::string& suffix);

  // For `n` samples at this guidance: two guidance rows where it is above 1.
  static Conditioning ConditioningFor(int64_t n, double guidance, bool one_by_one);
  // Adds the samples' tokens [n, L, D], and where there are two guidance rows `unconditional` [1, L, D], which all
  // samples share.
  void SetTokens(Conditioning* conditioning, const at::Tensor& tokens,
                 const std::function<at::Tensor()>& unconditional) const;
  std::unique_ptr<Denoiser> MakeDenoiser(Conditioning conditioning) const;

  // Row numbers 0 .. n - 1 on the pipeline's device.
  at::Tensor RowNumbers(int64_t n) const;

  const Network& network() const { return *network_; }
  const AutoencoderKL& vae() const { return *vae_; }
  // Of the network's samples, [C, H, W] or [C, F, H, W], whether or not latents are packed.
  const std::vector<int64_t>& network_shape() const { return packed_.defined() ? packed_.shape : info_.latent_shape; }
  const PackedLatents& packed() const { return packed_; }
  bool shapes_only() const { return options_.shapes_only; }

 private:
  WeightsOptions WeightsOf(at::ScalarType dtype) const {
    return {.dtype = dtype, .device = options_.device, .variant = options_.variant};
  }
  // What a forward of one row is given, on the meta device.
  NetworkInputs MetaRow() const;
  MacCount MeasuredMacs(const Work& work) const;

  std::unique_ptr<Network> network_;    // null with shapes_only
  std::unique_ptr<Network> counted_;    // the same network on the meta device
  std::unique_ptr<AutoencoderKL> vae_;  // null with shapes_only, and where LoadAutoencoder() is not called
  PackedLatents packed_;
  std::map<std::string, std::vector<int64_t>> gives_;
  mutable std::map<std::tuple<Action, CacheSite, std::optional<ProbeSite>>, MacCount> macs_;  // of one row
};

// The captions of samples, in order.
std::vector<std::string> CaptionsOf(std::span<const Sample> samples);

// Throws Error that names the sample, unless its class label is below `classes` and not negative.
void CheckLabel(const Sample& sample, int64_t classes);
// The class labels of samples, in order, each of them checked.
std::vector<int64_t> LabelsOf(std::span<const Sample> samples, int64_t classes);

}  // namespace skipbench
