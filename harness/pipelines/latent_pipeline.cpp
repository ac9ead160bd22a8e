#include "harness/pipelines/latent_pipeline.h"

#include <ATen/ATen.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "harness/pipelines/pictures.h"

namespace skipbench {

LatentPipeline::LatentPipeline(const ModelSource& source, const PipelineOptions& options, std::string kind) {
  options_ = options;
  info_.kind = std::move(kind);
  info_.folder = source.path();
  info_.class_name = source.index().class_name();
  if (!source.Tokenizers().empty())
    info_.tokenizer = source.TokenizerVariant(options.tokenizer) == ClipVariant::kFast ? "fast" : "slow";
  info_.vae = options.vae;
}

TextEncoder LatentPipeline::OpenEncoderOf(const ModelSource& source, const std::string& suffix) {
  TextEncoder encoder =
      OpenTextEncoder(source, suffix, source.TokenizerVariant(options_.tokenizer), WeightsOf(options_.dtype));
  info_.files = source.weight_files();
  return encoder;
}

T5TextEncoder LatentPipeline::OpenT5Of(const ModelSource& source, const std::string& suffix) {
  T5TextEncoder encoder = OpenT5TextEncoder(source, suffix, options_.tokenizer, WeightsOf(options_.dtype));
  info_.files = source.weight_files();
  return encoder;
}

void LatentPipeline::OpenNetwork(const ModelSource& source, const std::string& component,
                                 const std::vector<std::string>& classes) {
  const auto config = source.ConfigOf(component, classes);
  counted_ = Build<Network>(config.reader(), Weights::ShapesOnly());
  source.NoteKeysWithoutEffect(component, config.json);
  if (const NetworkInfo& net = counted_->info();
      net.out_channels != net.in_channels && net.out_channels != 2 * net.in_channels)
    FailUnsupported(
        "{}: out_channels: {} is not supported (only as many as in_channels, {}, or with a learned variance twice as "
        "many)",
        config.file, net.out_channels, net.in_channels);
  if (!shapes_only()) network_ = LoadPart<Network>(source, component, {}, classes);
  info_.scheduler_class = source.index().ClassOf("scheduler");
  auto scheduler = source.ConfigOf("scheduler", {info_.scheduler_class});
  info_.scheduler_config = std::move(scheduler.json);
  info_.scheduler_file = std::move(scheduler.file);
}

void LatentPipeline::SetShapes(int64_t factor, int64_t latent_channels, const OwnSize& own) {
  const NetworkInfo& net = counted_->info();
  const auto side = [&](int64_t wanted, int64_t own) { return wanted ? wanted : own ? own : net.sample_size * factor; };
  const int64_t height = side(options_.height, own.height), width = side(options_.width, own.width);
  if (height == 0) Fail("{}: the network's config names no sample_size; give height and width", info_.folder.string());
  if (height % factor || width % factor)
    Fail("{}: height and width must be multiples of {} (the autoencoder's factor), found {} x {}",
         info_.folder.string(), factor, height, width);
  if (const size_t axes = net.patch.size(); axes >= 2) {
    const int64_t rows = factor * net.patch[axes - 2], columns = factor * net.patch[axes - 1];
    if (height % rows || width % columns)
      Fail(
          "{}: height and width must be multiples of {} and {} (the autoencoder's factor {} times the patches of the "
          "network, {}), found {} x {}",
          info_.folder.string(), rows, columns, factor, fmt::join(net.patch, "x"), height, width);
  }
  if (net.in_channels != latent_channels)
    Fail("{}: the network takes {} channels, the latents have {}", info_.folder.string(), net.in_channels,
         latent_channels);
  info_.latent_shape = {latent_channels, height / factor, width / factor};
  if (net.video) {
    info_.frames = options_.frames ? options_.frames : own.frames;
    info_.latent_shape.insert(info_.latent_shape.begin() + 1, info_.frames);
  }
  info_.image_shape = {3, height, width};
}

AutoencoderKL::Config LatentPipeline::ReadAutoencoder(const ModelSource& source, const OwnSize& own) {
  auto config = ParseConfigOf<AutoencoderKL>(source, "vae");
  SetShapes(config.net.SpatialFactor(), config.net.latent_channels, own);
  if (info_.frames == 1)
    Fail("{}: frames: a clip of {} has two or more, found 1", info_.folder.string(), info_.class_name);
  info_.can_tile = info_.frames == 0;
  info_.decodes_in_chunks = info_.frames > 0;
  return config;
}

void LatentPipeline::CheckSize() const {
  const NetworkInfo& net = counted_->info();
  if (net.max_positions == 0) return;
  const std::vector<int64_t> shape = network_shape();
  for (size_t axis = 1; axis <= 2; ++axis) {
    const int64_t pixels = info_.image_shape[axis], latents = shape[shape.size() - 3 + axis];
    const int64_t most = net.max_positions * net.patch[net.patch.size() - 3 + axis] * pixels / latents;
    if (pixels > most)
      Fail("{}: height and width can be at most {} (the network knows {} positions along an axis), found {} x {}",
           info_.folder.string(), most, net.max_positions, info_.image_shape[1], info_.image_shape[2]);
  }
}

void LatentPipeline::PackLatents(const PatchSize& patch) {
  packed_ = {info_.latent_shape, patch};
  info_.latent_shape = packed_.packed_shape();
}

at::Tensor LatentPipeline::Decode(const at::Tensor& latents) const {
  if (info_.frames > 0) return DecodeClips(*vae_, latents, options_.decode_chunk, options_.truncates_pixels());
  return ToPictures(vae_->Decode(Unscale(latents.to(vae_->dtype())),
                                 {.tiling = options_.vae_tiling, .slicing = options_.vae_slicing}),
                    options_.truncates_pixels());
}

void LatentPipeline::Gives(const std::string& name, std::vector<int64_t> row) {
  const auto takes = counted_->conditioning(network_shape());
  const auto found = takes.find(name);
  const auto fits = [](int64_t given, int64_t taken) { return taken < 0 || given == taken; };
  if (found == takes.end() || !std::ranges::equal(row, found->second.row, fits))
    Fail("{}: the network takes {}, its {} pipeline gives it {} [{}]", info_.folder.string(),
         found == takes.end() ? fmt::format("no {}", name)
                              : fmt::format("{} [{}] (-1: any number)", name, fmt::join(found->second.row, ", ")),
         info_.kind, name, fmt::join(row, ", "));
  gives_[name] = std::move(row);
}

NetworkInputs LatentPipeline::MetaRow() const {
  const auto empty = [](std::vector<int64_t> shape) {
    shape.insert(shape.begin(), 1);
    return at::empty(shape, at::TensorOptions().device(at::kMeta));
  };
  NetworkInputs inputs;
  inputs.sample = empty(network_shape());
  for (const auto& [name, row] : gives_) inputs.conditioning[name] = empty(row);
  return inputs;
}

int64_t LatentPipeline::KeptElements(const CacheSite& site) const {
  if (site.level == CacheSite::Level::kOutput || site.level == CacheSite::Level::kCalls) return 2 * latent_elements();
  return counted_->Forward(MetaRow(), {.keep = {site}}).kept.at(site).numel();
}

MacReport LatentPipeline::DenoiserMacs(const Work& work) const {
  const NetworkInputs inputs = MetaRow();
  NetworkWork rest;
  if (work.action == Action::kShallow) {
    rest.site = work.site;
    rest.cached = counted_->Forward(inputs, {.keep = {work.site}}).kept.at(work.site);
  }
  MacCounter counter;
  std::unique_ptr<NetworkProbe> probe;
  if (work.probe && work.probe->of_network()) probe = counted_->Probe(inputs, *work.probe);
  rest.from = probe.get();
  if (work.action == Action::kPredict || work.action == Action::kShallow) counted_->Forward(inputs, rest);
  return counter.report();
}

MacCount LatentPipeline::MeasuredMacs(const Work& work) const {
  const std::tuple key(work.action, work.action == Action::kShallow ? work.site : CacheSite(), work.probe);
  auto found = macs_.find(key);
  if (found == macs_.end()) found = macs_.emplace(key, DenoiserMacs(work).total).first;
  return found->second;
}

at::Tensor LatentPipeline::RowNumbers(int64_t n) const {
  return at::arange(n, at::TensorOptions().dtype(at::kLong).device(options_.device));
}

Conditioning LatentPipeline::ConditioningFor(int64_t n, double guidance, bool one_by_one) {
  Conditioning conditioning;
  conditioning.samples = n;
  conditioning.guidance_rows = guidance > 1 ? 2 : 1;
  conditioning.guidance = guidance;
  conditioning.one_by_one = one_by_one;
  return conditioning;
}

void LatentPipeline::SetTokens(Conditioning* conditioning, const at::Tensor& tokens,
                               const std::function<at::Tensor()>& unconditional) const {
  const at::Tensor rows = RowNumbers(conditioning->samples);
  conditioning->tokens = tokens;
  conditioning->rows = rows.unsqueeze(0);
  if (conditioning->guidance_rows == 1) return;
  conditioning->tokens = at::cat({unconditional(), tokens});
  conditioning->rows = at::stack({at::zeros_like(rows), rows + 1});
}

std::unique_ptr<Denoiser> LatentPipeline::MakeDenoiser(Conditioning conditioning) const {
  conditioning.packed = packed_;
  return std::make_unique<NetworkDenoiser>(*network_, std::move(conditioning),
                                           [this](const Work& work) { return MeasuredMacs(work); });
}

std::vector<std::string> CaptionsOf(std::span<const Sample> samples) {
  std::vector<std::string> captions;
  for (const auto& sample : samples) captions.push_back(sample.caption);
  return captions;
}

void CheckLabel(const Sample& sample, int64_t classes) {
  if (sample.label < 0 || sample.label >= classes)
    Fail("sample {}: class label {} is outside 0 .. {}", sample.id, sample.label, classes - 1);
}

std::vector<int64_t> LabelsOf(std::span<const Sample> samples, int64_t classes) {
  std::vector<int64_t> labels;
  for (const auto& sample : samples) {
    CheckLabel(sample, classes);
    labels.push_back(sample.label);
  }
  return labels;
}

}  // namespace skipbench
