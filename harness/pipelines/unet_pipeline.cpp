#include "harness/pipelines/unet_pipeline.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace skipbench {

int64_t Pipeline::latent_elements() const {
  int64_t elements = 1;
  for (int64_t size : info_.latent_shape) elements *= size;
  return elements;
}

UNetPipeline::UNetPipeline(const ModelSource& source, const PipelineOptions& options) {
  options_ = options;
  info_.folder = source.path();
  info_.class_name = source.class_name();
  if (!source.Tokenizers().empty()) info_.tokenizer = source.TokenizerVariant(options.tokenizer) == ClipVariant::kFast ? "fast" : "slow";
  info_.vae = options.vae;
}

WeightsOptions UNetPipeline::LoadOptions(const ModelSource& source, const std::string& component, const std::string& stem,
                                         at::ScalarType dtype) {
  for (const auto& file : source.WeightFiles(component, stem, options_.variant))
    if (std::find(info_.files.begin(), info_.files.end(), file) == info_.files.end()) info_.files.push_back(file);
  return {.dtype = dtype, .device = options_.device, .variant = options_.variant};
}

TextEncoder UNetPipeline::OpenEncoderOf(const ModelSource& source, const std::string& suffix) {
  const ClipVariant variant = source.TokenizerVariant(options_.tokenizer);
  return OpenTextEncoder(source, suffix, variant, LoadOptions(source, "text_encoder" + suffix, "model", options_.dtype));
}

void UNetPipeline::OpenUNet(const ModelSource& source, const std::vector<std::string>& classes) {
  const auto config = source.ConfigOf("unet", classes);
  counted_ = MakeUNet(config.reader(), Weights::ShapesOnly());
  source.NoteKeysWithoutEffect("unet", config.json);
  if (!shapes_only()) {
    constexpr const char* kStem = "diffusion_pytorch_model";
    const Weights weights = source.OpenWeights("unet", kStem, LoadOptions(source, "unet", kStem, options_.dtype));
    unet_ = MakeUNet(config.reader(), weights);
    weights.Finish();
  }
  info_.scheduler_class = source.ClassOf("scheduler");
  auto scheduler = source.ConfigOf("scheduler", {info_.scheduler_class});
  info_.scheduler_config = std::move(scheduler.json);
  info_.scheduler_file = std::move(scheduler.file);
}

void UNetPipeline::SetShapes(int64_t factor, int64_t latent_channels, int64_t own_height, int64_t own_width) {
  const auto side = [&](int64_t wanted, int64_t own) { return wanted ? wanted : own ? own : counted_->sample_size() * factor; };
  const int64_t height = side(options_.height, own_height), width = side(options_.width, own_width);
  if (height == 0) Fail("{}: the network's config names no sample_size; give height and width", info_.folder.string());
  if (height % factor || width % factor)
    Fail("{}: height and width must be multiples of {} (the autoencoder's factor), found {} x {}", info_.folder.string(), factor, height, width);
  if (counted_->in_channels() != latent_channels)
    Fail("{}: the network takes {} channels, the latents have {}", info_.folder.string(), counted_->in_channels(), latent_channels);
  info_.latent_shape = {latent_channels, height / factor, width / factor};
  if (counted_->is_video()) {
    info_.frames = options_.frames ? options_.frames : kDefaultFrames;
    info_.latent_shape.insert(info_.latent_shape.begin() + 1, info_.frames);
  }
  info_.image_shape = {3, height, width};
}

UNetInputs UNetPipeline::MetaRow() const {
  UNetInputs inputs = MetaInputs();
  std::vector<int64_t> shape = info_.latent_shape;
  shape.insert(shape.begin(), 1);
  inputs.sample = at::empty(shape, at::TensorOptions().device(at::kMeta));
  return inputs;
}

int64_t UNetPipeline::FeatureElements(int branch) const { return counted_->Forward(MetaRow(), {branch}).features.at(branch).numel(); }

MacReport UNetPipeline::DenoiserMacs(int branch) const {
  const UNetInputs inputs = MetaRow();
  if (branch < 0) {
    MacCounter counter;
    counted_->Forward(inputs);
    return counter.report();
  }
  const at::Tensor features = counted_->Forward(inputs, {branch}).features.at(branch);
  MacCounter counter;
  counted_->ForwardShallow(inputs, branch, features);
  return counter.report();
}

std::unique_ptr<Denoiser> UNetPipeline::MakeDenoiser(Conditioning conditioning) const {
  if (macs_.empty())
    for (int branch = -1; branch < branches(); ++branch) {
      const Macs total = DenoiserMacs(branch).total;
      macs_.push_back({static_cast<double>(total.modules), static_cast<double>(total.matmuls)});
    }
  return std::make_unique<UNetDenoiser>(*unet_, std::move(conditioning), macs_);
}

}  // namespace skipbench
