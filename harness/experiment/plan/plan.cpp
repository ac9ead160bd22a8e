#include "harness/experiment/plan/plan.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "datasets/catalog.h"
#include "harness/experiment/config/published_config.h"
#include "harness/experiment/config/shard.h"
#include "harness/experiment/plan/file_noise.h"
#include "harness/experiment/plan/memory.h"
#include "harness/experiment/plan/metric_reference.h"
#include "harness/experiment/plan/out_of_memory.h"
#include "harness/experiment/plan/recorded_paths.h"
#include "harness/io/files/sha256.h"
#include "harness/io/pictures/video.h"
#include "harness/pipelines/find_model.h"
#include "harness/pipelines/load_pipeline.h"
#include "harness/pipelines/prompt_limit.h"
#include "harness/runtime/device.h"
#include "harness/runtime/heap.h"
#include "harness/sampling/trajectory_tree.h"
#include "harness/schedulers/catalog.h"
#include "harness/store/outputs.h"

namespace skipbench {
namespace {

PipelineOptions OptionsFor(const ExperimentConfig& config, at::Device device, const PlanOptions& plan) {
  PipelineOptions options = config.model;
  options.device = device;
  options.seed = config.seed;
  options.shapes_only = plan.shapes_only;
  if (config.batch_invariant)
    options.decode_chunk = 1;  // ATen's convolutions may round a frame differently beside others
  if (!options.vae.empty()) options.vae = FindVae(options.vae.string(), config.folder(), plan.models);
  return options;
}

std::unique_ptr<Pipeline> LoadWithinMemory(const std::filesystem::path& folder, const PipelineOptions& options) {
  try {
    return LoadPipeline(folder, options);
  } catch (const c10::Error& error) {
    if (!IsOutOfMemory(error)) throw;
    throw OutOfMemoryError(OutOfMemoryMessage(
        options.device, fmt::format("the weights of {} in {}", folder.string(), c10::toString(options.dtype)),
        "choose dtype float16 or bfloat16, or a device with more memory"));
  }
}

double GuidanceOf(const RunSpec& run, const Pipeline& pipeline, const std::string& file) {
  const auto& info = pipeline.info();
  if (run.guidance && !info.guided && *run.guidance > 1)
    Fail("{}: guidance: {} is given, but the pipeline {} ({}) has no guidance", file, *run.guidance,
         info.folder.string(), info.kind);
  return info.guided ? run.guidance.value_or(info.default_guidance) : 1;
}

void PlanSettings(Plan* plan) {
  const auto& info = plan->pipeline->info();
  std::map<std::pair<int, int>, size_t> tree_of;  // (run, steps) -> tree
  for (const auto& spec : plan->config.settings) {
    const RunSpec& run = plan->config.runs[spec.run];
    PlannedSetting setting;
    setting.spec = &spec;
    setting.method = spec.method;
    setting.guidance = GuidanceOf(run, *plan->pipeline, plan->config.file.string());
    const Schedule schedule = spec.method->Plan({run.steps});
    const auto key = std::make_pair(spec.run, schedule.steps);
    if (!tree_of.contains(key)) {
      TreeGroup tree;
      tree.scheduler = MakeScheduler(run.scheduler.empty() ? info.scheduler_class : run.scheduler,
                                     info.scheduler_config, run.scheduler_options, schedule.steps, info.scheduler_file,
                                     {plan->config.file.string(), run.scheduler_path});
      tree.guidance = setting.guidance;
      tree_of[key] = plan->trees.size();
      plan->trees.push_back(std::move(tree));
    }
    TreeGroup& tree = plan->trees[tree_of[key]];
    setting.scheduler = tree.scheduler;
    try {
      if (const auto* recorded = dynamic_cast<const RecordedPathMethod*>(spec.method.get()))
        setting.method = recorded->Bind(LoadRecordedPaths(recorded->source(), plan->samples, spec.label, run.label));
      setting.method->Start(ShapeOf(*plan, *tree.scheduler, tree.guidance));
      tree.settings.push_back(static_cast<int>(plan->settings.size()));
    } catch (const UnsupportedError& e) {
      setting.supported = false;
      setting.message = e.what();
    }
    plan->settings.push_back(std::move(setting));
  }
  std::vector<std::string> labels;
  for (const auto& setting : plan->settings) labels.push_back(setting.spec->label);
  plan->setting_folders = FolderNames(labels);
  std::erase_if(plan->trees, [](const TreeGroup& tree) { return tree.settings.empty(); });
  for (auto& setting : plan->settings)
    for (size_t k = 0; k < plan->settings.size(); ++k)
      if (plan->settings[k].spec->run == setting.spec->run && plan->settings[k].spec->reference) {
        setting.reference = static_cast<int>(k);
        break;
      }
}

// DDIM and DDPM clip unless their config says otherwise, which many a config written for another class does not.
void NoteClippedLatents(Plan* plan) {
  const auto& info = plan->pipeline->info();
  if (info.in_pixels) return;
  std::set<std::string> types;
  for (const auto& tree : plan->trees)
    if (tree.scheduler->ClipsSample()) types.insert(tree.scheduler->type());
  for (const auto& type : types)
    plan->notes.push_back(fmt::format(
        "scheduler {0}: clip_sample is true, so it clips predicted latents to a range that is meant for pixels; that "
        "is "
        "the default where {1} does not say otherwise. Probably meant: {{\"type\": \"{0}\", \"clip_sample\": false}}",
        type, info.scheduler_file.empty() ? "scheduler_config.json" : info.scheduler_file));
}

// Every row of a noise file that the run asks for is there, and fits.
void CheckNoiseFiles(const Plan& plan) {
  if (plan.config.noise.source != "file") return;
  std::set<int> draws = {0};
  for (const auto& tree : plan.trees)
    for (int call = 0; call < tree.scheduler->calls(); ++call)
      if (tree.scheduler->UsesNoise(call)) draws.insert(call + 1);
  for (int64_t i = plan.begin; i < plan.end; ++i) {
    const auto stream = plan.OpenNoise(i);
    for (const int draw : draws) stream->Draw(draw);
  }
}

void CheckPathStudy(const Plan& plan) {
  if (!plan.config.path_study) return;
  if (plan.shard.count > 1)
    Fail("{}: path_study: its samples are compared in one process; run it without --shard", plan.config.file.string());
  const PathStudyConfig& study = *plan.config.path_study;
  const PlannedSetting& reference = plan.settings[plan.settings[0].reference];
  const Scheduler& scheduler = *reference.scheduler;
  try {
    study.search->Check({.skips = study.skips}, scheduler.calls());
    for (const auto& estimator : study.estimators)
      for (const auto& method : estimator.methods) method->Start(ShapeOf(plan, scheduler, reference.guidance));
  } catch (const Error& e) {
    Fail("{}: path_study: {}", plan.config.file.string(), e.what());
  }
}

void LoadSamples(Plan* plan) {
  const auto& config = plan->config;
  const JsonReader reader(config.data, config.file.string(), "data");
  const auto dataset = MakeDataset(reader, config.folder());
  plan->samples = dataset->samples();
  plan->data_description = dataset->description();
  plan->data_lists = dataset->lists();
  plan->data_reference = dataset->reference();
  if (plan->samples.empty()) Fail("{}: data: no samples", config.file.string());
  if (config.decide && config.decide->samples > 0 && config.decide->samples < std::ssize(plan->samples))
    plan->samples.resize(static_cast<size_t>(config.decide->samples));
  const auto& info = plan->pipeline->info();
  for (const auto& sample : plan->samples) {
    if (info.needs_caption && sample.caption.empty())
      Fail("{}: data: sample {} has no caption, which a {} pipeline needs", config.file.string(), sample.id, info.kind);
    if (info.needs_image && sample.image.empty())
      Fail("{}: data: sample {} has no start image, which an {} pipeline needs; give the data \"images\"",
           config.file.string(), sample.id, info.kind);
  }
}

// What the samples of this shard consist of is there and of the right kind.
void CheckInputs(const Plan& plan) {
  for (int64_t place = plan.begin; place < plan.end; ++place) {
    try {
      plan.pipeline->CheckInput(plan.samples[place]);
    } catch (const Error& e) {
      Fail("{}: data: {}", plan.config.file.string(), e.what());
    }
  }
}

// Keys that ask the pipeline for what it cannot do.
void CheckModelKeys(const ExperimentConfig& config, const PipelineInfo& info) {
  const auto refuse = [&](const char* key, const std::string& why) {
    Fail("{}: {}: {}; {} is {}", config.file.string(), key, why, info.folder.string(), info.kind);
  };
  for (const auto& [key, given] :
       {std::pair{"vae_tiling", config.model.vae_tiling}, {"vae_slicing", config.model.vae_slicing}})
    if (given && !info.can_tile)
      refuse(key, info.in_pixels    ? "there is no autoencoder that decodes"
                  : info.frames > 0 ? "frames are decoded in chunks (decode_chunk)"
                                    : "only an AutoencoderKL decodes so");
  if (config.model.negative_prompt && !info.needs_caption) refuse("negative_prompt", "there are no prompts");
  if (config.model.negative_prompt && (!info.guided || info.embedded_guidance))
    refuse("negative_prompt", "there is no unconditional pass that would see it");
  if (config.Gives("tokenizer") && !info.needs_caption) refuse("tokenizer", "there are no prompts");
  if (config.Gives("max_sequence_length") && info.max_sequence_length == 0)
    refuse("max_sequence_length", "there is no T5 whose texts it would cut");
}

// Keys and outputs that only clips know.
void CheckVideoKeys(const ExperimentConfig& config, const PipelineInfo& info) {
  if (info.frames > 0) {
    if (config.save.contains("mp4") && !HasLibav())
      Fail("{}: save: \"mp4\" needs libav, which this skipbench was built without; \"apng\" needs nothing",
           config.file.string());
    if (config.Gives("decode_chunk") && !info.decodes_in_chunks)
      Fail("{}: decode_chunk: {} decodes one frame after the other", config.file.string(), info.class_name);
    return;
  }
  const auto refuse = [&](const char* key) {
    Fail("{}: {} is for video pipelines; {} is {}", config.file.string(), key, info.folder.string(), info.kind);
  };
  for (const char* key : {"frames", "fps", "decode_chunk"})
    if (config.Gives(key)) refuse(key);
  for (const char* what : {"apng", "mp4"})
    if (config.save.contains(what)) refuse(fmt::format("save: \"{}\"", what).c_str());
}

// Draws in the order in which diffusers' pipeline makes them.
class ArrangedNoise : public NoiseStream {
 public:
  ArrangedNoise(std::unique_ptr<NoiseStream> drawn, const Pipeline& pipeline)
      : drawn_(std::move(drawn)), pipeline_(pipeline) {}
  at::Tensor Draw(int draw) override {
    const at::Tensor noise = drawn_->Draw(draw);
    return draw == 0 ? pipeline_.ArrangeNoise(noise) : noise;
  }

 private:
  std::unique_ptr<NoiseStream> drawn_;
  const Pipeline& pipeline_;
};

void OpenNetworks(Plan* plan) {
  plan->networks = OpenMetricNetworks(MetricRequests(plan->config), {.weights = plan->config.metric_weights},
                                      std::move(plan->networks.missing));
  const auto& info = plan->pipeline->info();
  const bool clips = info.frames > 0;
  for (const auto& [name, network] : plan->networks.features)
    if (network->info().clips != clips)
      FailUnsupported("{}: metrics: {} has features of {}; {} makes {}", plan->config.file.string(), name,
                      network->info().clips ? "clips" : "pictures", plan->pipeline->info().folder.string(),
                      clips ? "clips" : "pictures");
  std::vector<int64_t> shape = info.image_shape;
  if (clips) shape.insert(shape.begin(), info.frames);
  TryOut(shape, &plan->networks);
}

}  // namespace

std::vector<MetricRequest> MetricRequests(const ExperimentConfig& config) {
  std::vector<MetricRequest> requests;
  for (const MetricType* metric : config.metrics) requests.push_back({.name = metric->name, .sample = metric});
  for (const auto& metric : config.set_metrics) requests.push_back({.name = metric.name, .set = metric});
  return requests;
}

std::vector<MetricWeights> FindMetricFiles(const ExperimentConfig& config) {
  return FindMetricFiles(MetricRequests(config), {.weights = config.metric_weights});
}

int64_t Plan::waves() const { return (end - begin + config.wave_size - 1) / config.wave_size; }

std::unique_ptr<NoiseStream> Plan::OpenNoise(int64_t ordinal) const {
  const int64_t id = config.noise.shared ? ordinal % config.group_size : samples[ordinal].id;
  auto stream = noise->Open(id, ordinal, pipeline->info().latent_shape);
  if (config.noise.source == "file") return stream;  // its rows are latents as they are
  return std::make_unique<ArrangedNoise>(std::move(stream), *pipeline);
}

std::string ModelKey(const PipelineInfo& info) {
  std::string key = fmt::format("{} {}", info.class_name, fmt::join(info.latent_shape, "x"));
  for (const char* network : {"transformer/config.json", "unet/config.json"})
    if (const auto config = info.config_files.find(network); config != info.config_files.end())
      key += " " + Sha256OfFile(config->second).substr(0, 12);
  return key;
}

RunShape ShapeOf(const Plan& plan, const Scheduler& scheduler, double guidance) {
  return ShapeOf(scheduler, plan.pipeline->abilities(), plan.pipeline->info().GuidanceRows(guidance), plan.model_key,
                 plan.config.model.dtype);
}

TreeOptions Plan::Trees() const {
  TreeOptions options;
  options.model = model_key;
  options.batch_size = config.batch_size;
  options.batch_invariant = config.batch_invariant;
  options.group_size = config.group_size;
  return options;
}

std::unique_ptr<Denoiser> Plan::Encode(std::span<const Sample> some, double guidance) const {
  return Encode(some, guidance, config.batch_invariant);
}

std::unique_ptr<Denoiser> Plan::Encode(std::span<const Sample> some, double guidance, bool one_by_one) const {
  std::unique_ptr<Denoiser> denoiser;
  const int64_t together = one_by_one ? 1 : std::ssize(some);
  WithinMemory(*this, {together, "samples' texts, labels or start images", "the encoders"},
               [&] { denoiser = pipeline->Encode(some, guidance, one_by_one); });
  return WithinMemory(*this, std::move(denoiser));
}

at::Tensor Plan::Decode(const at::Tensor& latents) const {
  at::Tensor pictures;
  WithinMemory(*this,
               {latents.size(0), fmt::format("latents [{}]", fmt::join(latents.sizes().slice(1), ", ")), "the decoder"},
               [&] { pictures = pipeline->Decode(latents); });
  return pictures;
}

TreeResult Plan::Run(const Scheduler& scheduler, Denoiser& denoiser, const std::vector<TreeSample>& some,
                     const std::vector<const Method*>& methods, const TreeOptions& options) const {
  const at::IntArrayRef shape = pipeline->info().latent_shape;
  TreeResult result;
  WithinMemory(
      *this,
      {std::ssize(some) * std::ssize(methods), fmt::format("latents [{}]", fmt::join(shape, ", ")), "the schedulers"},
      [&] { result = RunTree(scheduler, denoiser, some, methods, shape, config.model.dtype, device, options); });
  return result;
}

// A baseline that saves nothing is a mistake more often than a question.
void NoteMoreSteps(Plan* plan) {
  for (const auto& setting : plan->settings) {
    const PlannedSetting& full = plan->settings[static_cast<size_t>(setting.reference)];
    if (!setting.spec || setting.spec->type->name != "fewer_steps" || !setting.scheduler || !full.scheduler) continue;
    if (setting.scheduler->steps() > full.scheduler->steps())
      plan->notes.push_back(
          fmt::format("{}: more steps than the {} of the full run", setting.spec->label, full.scheduler->steps()));
  }
}

Plan MakePlan(ExperimentConfig config, const PlanOptions& options) {
  Plan plan;
  plan.config = std::move(config);
  if (const int threads = plan.config.threads; threads > 0) {
    RequireThreads(threads, plan.config.file.string() + ": threads");
    at::set_num_threads(threads);
  }
  plan.device = ParseDevice(plan.config.device);
  PrepareDevice(plan.device);
  const auto folder = FindModel(plan.config.pipeline, plan.config.folder(), options.models);
  // Weights that are missing stop a run before anything is loaded.
  plan.networks.missing = MissingMetrics(FindMetricFiles(plan.config), options.allow_missing_metrics);
  plan.pipeline = LoadWithinMemory(folder, OptionsFor(plan.config, plan.device, options));
  plan.model_key = ModelKey(plan.pipeline->info());
  if (!options.shapes_only) KeepFreedMemory();
  const auto& info = plan.pipeline->info();
  CheckVideoKeys(plan.config, info);
  CheckModelKeys(plan.config, info);
  LoadSamples(&plan);
  plan.notes = info.notes;
  if (info.needs_caption)
    for (auto& note : DescribeCutPrompts(info.folder, plan.pipeline->options(), plan.samples))
      plan.notes.push_back(std::move(note));
  plan.shard = options.shard;
  std::tie(plan.begin, plan.end) =
      ShardRange(plan.shard, std::ssize(plan.samples), plan.config.wave_size, plan.config.group_size);
  plan.pipeline->CheckSize();
  CheckInputs(plan);
  PlanSettings(&plan);
  NoteClippedLatents(&plan);
  NoteMoreSteps(&plan);
  CheckPathStudy(plan);
  if (plan.config.memory > 0)
    for (auto& tree : plan.trees) tree.max_states = MemoryOf(plan, tree).max_states;
  plan.noise = MakeNoise(plan.config.noise, plan.config.seed);
  CheckNoiseFiles(plan);
  if (plan.config.noise.shared)
    plan.notes.push_back(
        "noise.shared: samples draw the same noise, so that means and intervals over them are those of this noise");
  for (auto& note : NotesOnNoiseFiles(plan.config.noise)) plan.notes.push_back(std::move(note));
  plan.metric_references = FindMetricReferences(plan);
  for (auto& note : NotesOnMetricReferences(plan)) plan.notes.push_back(std::move(note));
  for (auto& note : NotesOnPublished(plan.config)) plan.notes.push_back(std::move(note));
  if (!options.shapes_only) OpenNetworks(&plan);
  return plan;
}

}  // namespace skipbench
