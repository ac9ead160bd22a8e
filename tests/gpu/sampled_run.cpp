#include "tests/gpu/sampled_run.h"

#include <ATen/ATen.h>

#include "harness/base/error.h"
#include "harness/io/pictures/png.h"
#include "harness/pipelines/load_pipeline.h"
#include "harness/schedulers/catalog.h"
#include "methods/catalog.h"

namespace skipbench::testing {
namespace {

constexpr int64_t kLargestSide = 128;  // pictures of the published models' own size would take minutes

// Of every way in which a method leaves work to the device: sums of latents and of predictions, kept outputs, features
// and modules of one or more calls, probes, filters, products, and guidance rows that decide apart.
const std::vector<std::pair<std::string, Json>>& Wanted() {
  static const std::vector<std::pair<std::string, Json>> wanted = {
      {"full_step", Json::object()},
      {"adaptive_diffusion", {{"delta", 0.02}, {"max_skips", 2}}},
      {"adaptive_diffusion", {{"delta", 0.1}, {"criterion", "tensor"}}},
      {"deepcache", {{"interval", 3}, {"branch", 0}}},
      {"interval", {{"interval", 2}, {"level", "modules"}}},
      {"taylor_seer", {{"interval", 3}, {"level", "output"}, {"max_order", 2}}},
      {"taylor_seer", {{"interval", 3}, {"level", "modules"}, {"max_order", 1}}},
      {"first_block_cache", {{"threshold", 0.1}}},
      {"first_block_cache", {{"threshold", 0.1}, {"halves", "separate"}}},
      {"db_cache", {{"Fn_compute_blocks", 1}, {"max_warmup_steps", 2}, {"residual_diff_threshold", 0.2}}},
      {"tea_cache", {{"rel_l1_thresh", 0.3}, {"coefficients", {2, 0.5, 0}}}},
      {"mag_cache", {{"mag_ratios", {1, 0.9, 0.95, 1.1, 0.99, 1, 1, 1}}, {"threshold", 0.2}}},
      {"easy_cache", {{"thresh", 0.3}, {"ret_steps", 2}}},
      {"easy_cache", {{"rule", "comfyui"}, {"thresh", 0.3}}},
      {"sea_cache", {{"threshold", 0.3}}},
      {"sada", {{"acc_start", 3}, {"acc_end", 7}}}};
  return wanted;
}

std::vector<Sample> SamplesFor(const PipelineInfo& info, const TempDir& temp) {
  std::vector<Sample> samples;
  for (int64_t s = 0; s < kRunSamples; ++s) {
    Sample& sample = samples.emplace_back();
    sample.id = s;
    if (info.needs_caption) sample.caption = s == 0 ? "a red chair" : "two dogs and one cat";
    if (info.needs_label) sample.label = s + 1;
    if (!info.needs_image) continue;
    sample.image = temp / fmt::format("{}.png", s);
    Image image{.width = 40, .height = 30, .channels = 3, .pixels = {}};
    for (int64_t k = 0; k < 40 * 30 * 3; ++k) image.pixels.push_back(static_cast<uint8_t>(k * (s + 3) % 251));
    WritePng(sample.image, image);
  }
  return samples;
}

}  // namespace

std::string SmallModel::Name() const {
  std::string name = std::filesystem::path(folder).filename().string() + "_" + scheduler;
  for (char& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  return name;
}

std::vector<SmallModel> SmallModels() {
  return {{"diffusion/models/sd15-tiny", "ddim"},
          {"diffusion/models/sd15-tiny", "dpm_solver_multistep"},
          {"diffusion/models/sdxl-tiny", "euler"},
          {"diffusion/models/ldm4-tiny", "ddim"},
          {"diffusion/models/ddpm-cifar-tiny", "ddpm"},
          {"diffusion/models/ddpm-lsun-tiny", "pndm"},
          {"dit/models/dit-tiny", "ddim"},
          {"dit/models/pixart-tiny", "dpm_solver_multistep"},
          {"dit/models/sd3-tiny", "flow_match_euler"},
          {"dit/models/flux-tiny", "flow_match_euler"},
          {"dit/models/wan-tiny", "unipc_multistep"},
          {"video/models/ms-t2v-tiny", "ddim"},
          {"video/models/i2vgen-xl-tiny", "ddim"}};
}

SampledRun::SampledRun(const SmallModel& model, at::Device device, at::ScalarType dtype)
    : device_(device), dtype_(dtype) {
  PipelineOptions options;
  options.device = device;
  options.dtype = dtype;
  const std::filesystem::path folder = FixtureRoot() / model.folder;
  PipelineOptions shapes = options;
  shapes.shapes_only = true;
  shapes.frames = 5;
  const PipelineInfo own = LoadPipeline(folder, shapes)->info();
  if (own.frames > 0) options.frames = 5;
  if (own.frames > 0 || own.image_shape[1] > kLargestSide) {
    options.height = 32;
    options.width = 48;
  }
  pipeline_ = LoadPipeline(folder, options);
  const auto& info = pipeline_->info();
  samples_ = SamplesFor(info, temp_);
  denoiser_ = pipeline_->Encode(samples_, info.guided ? 3.0 : 1.0, false);
  scheduler_ = MakeScheduler(model.scheduler, info.scheduler_config, Json::object(), kRunSteps, info.scheduler_file);
  noise_ = CounterNoise(5);
  for (const auto& sample : samples_) {
    streams_.push_back(noise_->Open(sample.id, sample.id, info.latent_shape));
    tree_samples_.push_back({sample.id, streams_.back().get()});
  }
  const RunShape shape = ShapeOf(*scheduler_, denoiser_->abilities(), denoiser_->guidance_rows(), "", dtype);
  for (const auto& [type, own] : Wanted()) {
    auto method = FindMethodType(type, "test").make(JsonReader(own, "test"));
    try {
      method->Start(shape);
    } catch (const UnsupportedError&) {  // a cache of blocks in a U-Net, say
      continue;
    }
    methods_.push_back(std::move(method));
  }
}

TreeResult SampledRun::Run(const TreeOptions& options, std::optional<size_t> method) const {
  std::vector<const Method*> settings;
  for (size_t k = 0; k < methods_.size(); ++k)
    if (!method || *method == k) settings.push_back(methods_[k].get());
  return RunTree(*scheduler_, *denoiser_, tree_samples_, settings, pipeline_->info().latent_shape, dtype_, device_,
                 options);
}

at::Tensor SampledRun::Pictures(const TreeResult& result) const {
  return pipeline_->Decode(at::stack({result.records[0][0].final_latent, result.records[0][1].final_latent}));
}

}  // namespace skipbench::testing
