// What the pipelines around a U-Net share: opening the network, counting it, and the weight files' list.
#pragma once

#include <memory>
#include <vector>

#include "harness/models/load.h"
#include "harness/pipelines/model_source.h"
#include "harness/pipelines/pipeline.h"
#include "harness/pipelines/text_encoder.h"
#include "harness/pipelines/unet_denoiser.h"

namespace skipbench {

class UNetPipeline : public Pipeline {
 public:
  MacReport DenoiserMacs(int branch) const override;
  int64_t FeatureElements(int branch) const override;
  int branches() const override { return counted_->branches(); }

 protected:
  UNetPipeline(const ModelSource& source, const PipelineOptions& options);

  // Opens the component "unet" (with its weights unless shapes_only), which has one of these classes, and notes what the
  // source says of the scheduler.
  void OpenUNet(const ModelSource& source, const std::vector<std::string>& classes = {"UNet2DConditionModel", "UNet2DModel"});
  // The text encoder "text_encoder" + suffix in the pipeline's dtype.
  TextEncoder OpenEncoderOf(const ModelSource& source, const std::string& suffix);
  // How a component's weights are loaded; notes its files for provenance. `stem`: "diffusion_pytorch_model", "model".
  WeightsOptions LoadOptions(const ModelSource& source, const std::string& component, const std::string& stem, at::ScalarType dtype);
  // Checks the wanted picture size (or else the model's own, `height` x `width` if given, else the network's sample_size)
  // against the autoencoder's factor, and sets latent and image shape.
  void SetShapes(int64_t factor, int64_t latent_channels, int64_t own_height = 0, int64_t own_width = 0);
  // What a forward of one row is given, on the meta device; the sample is set by the caller.
  virtual UNetInputs MetaInputs() const = 0;
  const UNet& unet() const { return *unet_; }
  bool shapes_only() const { return options_.shapes_only; }
  std::unique_ptr<Denoiser> MakeDenoiser(Conditioning conditioning) const;

 private:
  UNetInputs MetaRow() const;

  std::unique_ptr<UNet> unet_;           // null with shapes_only
  std::unique_ptr<UNet> counted_;        // the same network on the meta device
  mutable std::vector<MacCount> macs_;   // of one row: full, then shallow by branch; filled at first use
};

}  // namespace skipbench
