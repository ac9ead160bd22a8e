#include "harness/experiment/run/describe.h"

#include <fmt/ranges.h>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "harness/base/build_info.h"
#include "harness/base/format.h"
#include "harness/base/json.h"
#include "harness/experiment/config/config_options.h"
#include "harness/experiment/config/published_config.h"
#include "harness/experiment/plan/inputs.h"
#include "harness/experiment/plan/memory.h"
#include "harness/experiment/plan/metric_reference.h"
#include "harness/experiment/run/estimate.h"
#include "harness/experiment/run/traces.h"
#include "harness/experiment/search/search_phase.h"
#include "harness/io/files/sha256.h"
#include "harness/pipelines/find_model.h"
#include "harness/runtime/device.h"
#include "harness/schedulers/catalog.h"
#include "harness/store/outputs.h"
#include "harness/store/scheduler_options.h"

namespace skipbench {
namespace {

// Bytes that the results take for one sample of one setting, by what the config saves.
double BytesPerSample(const Plan& plan, const PlannedSetting& setting) {
  const auto& info = plan.pipeline->info();
  const double calls = setting.scheduler->calls(), latent = 4.0 * static_cast<double>(plan.pipeline->latent_elements());
  const double picture = static_cast<double>(std::max<int64_t>(info.frames, 1) * info.image_shape[0] *
                                             info.image_shape[1] * info.image_shape[2]);
  double bytes = 200 + calls * (3 + 4 * 8);
  const auto& save = plan.config.save;
  if (plan.config.traces) bytes += calls * 8 * static_cast<double>(DifferenceTraceNames().size());
  if (save.contains("latents")) bytes += (calls + 1) * latent;
  if (save.contains("noise_predictions")) bytes += calls * latent * info.GuidanceRows(setting.guidance);
  bytes += 4.0 * 2048 * static_cast<double>(plan.config.set_metrics.size());  // features: at most about this
  if (save.contains("images")) bytes += picture;
  for (const char* file : kPictureKinds)
    if (save.contains(file)) bytes += picture;  // at most about this
  return bytes;
}

// What the open trajectories of the largest tree take, and how they are run.
std::string DescribeMemory(const Plan& plan) {
  TreeMemory largest;
  int64_t least = 0, side_by_side = 0;
  for (const auto& tree : plan.trees) {
    const TreeMemory memory = MemoryOf(plan, tree);
    if (memory.bytes_at_once >= largest.bytes_at_once) largest = memory;
    least = std::max(least, memory.needs.at_least * memory.state.total());
    side_by_side = std::max(side_by_side, memory.needs.side_by_side * memory.state.total());
  }
  if (largest.samples_at_once == 0) return "";
  const auto bytes = [](int64_t count) { return FormatBytes(static_cast<double>(count)); };
  std::string text = fmt::format("memory      open trajectories take {} at most ({} samples at a time{})",
                                 bytes(largest.bytes_at_once), largest.samples_at_once,
                                 largest.depth_first ? ", their branches one after the other" : "");
  text += fmt::format("; {} for a sample with all settings side by side, {} at least\n",
                      bytes(side_by_side / largest.needs.unit_samples), bytes(least));
  return text;
}

// Which metrics, what those of sets are measured to, and which are left out.
std::string DescribeMetrics(const Plan& plan) {
  std::vector<std::string> names, missing;
  std::map<std::string, std::vector<std::string>> references;  // by what they are
  for (const auto& request : MetricRequests(plan.config)) {
    (plan.networks.Available(request) ? names : missing).push_back(request.name);
    if (!request.set || request.set->network.empty() || request.needs_pairs() || !plan.networks.Available(request))
      continue;
    const auto found = plan.metric_references.find(request.name);
    references[found == plan.metric_references.end() ? "none; only to the run's own full steps"
                                                     : found->second.lexically_normal().string()]
        .push_back(request.name);
  }
  if (names.empty() && missing.empty()) return "";
  std::string text =
      fmt::format("metrics     {}\n", names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", ")));
  for (const auto& [reference, metrics] : references)
    text += fmt::format("  reference of {}: {}\n", fmt::join(metrics, ", "), reference);
  if (!missing.empty())
    text += fmt::format("  left out, for their weights are missing: {}\n", fmt::join(missing, ", "));
  return text;
}

// The options of a setting's scheduler, as the results record them (harness/store/scheduler_options.h).
Json OptionsOf(const Plan& plan, const PlannedSetting& setting) {
  const auto& info = plan.pipeline->info();
  const RunSpec& run = plan.config.runs[setting.spec->run];
  Json options = Json::object();
  for (const auto& option : BuildScheduler(setting.scheduler->type(), info.scheduler_config, run.scheduler_options,
                                           setting.scheduler->steps(), info.scheduler_file)
                                .options) {
    const char* from = option.source == OptionSource::kUser   ? "config"
                       : option.source == OptionSource::kFile ? "model"
                                                              : "default";
    options[option.key] = {{"value", option.value}, {"from", from}};
  }
  return options;
}

std::vector<double> TimestepsOf(const Scheduler& scheduler) {
  std::vector<double> timesteps;
  for (int call = 0; call < scheduler.calls(); ++call) timesteps.push_back(scheduler.timestep(call));
  return timesteps;
}

// Where the timesteps of each scheduler come from, each once.
std::string DescribeSchedulers(const Plan& plan) {
  std::string text;
  for (const auto& setting : plan.settings) {
    if (!setting.spec->reference) continue;
    const std::string line =
        DescribeSpacing(OptionsOf(plan, setting), setting.scheduler->type(), TimestepsOf(*setting.scheduler));
    if (!line.empty() && text.find(line + "\n") == std::string::npos) text += fmt::format("scheduler   {}\n", line);
  }
  return text;
}

// What the results call a file of the model: its place in the folder, links not followed; of another autoencoder "vae:
// NAME", wherever it is.
std::string NameInModel(const std::filesystem::path& file, const PipelineInfo& info) {
  if (file == info.folder) return file.filename().string();
  const bool other = !info.vae.empty() && (file == info.vae || file.parent_path() == info.vae);
  return other ? "vae: " + file.filename().string() : file.lexically_relative(info.folder).string();
}

// The config with its defaults written out: what a run computes, whether or not its author said so.
Json Expanded(const Plan& plan) {
  const ExperimentConfig& config = plan.config;
  const PipelineInfo& info = plan.pipeline->info();
  Json json = ConfigTable().Write(config, /*all=*/false);
  json.update(RunTable().Write(RunSpec(), /*all=*/false));
  json["tokenizer"] = info.tokenizer.empty() ? "slow" : info.tokenizer;
  if (info.frames > 0) json["frames"] = info.frames;
  if (info.max_sequence_length > 0) json["max_sequence_length"] = info.max_sequence_length;
  if (info.embedded_guidance) json["embedded_guidance"] = true;  // for who reads what an evaluation is
  json["model_scheduler"] = info.scheduler_config;               // what the run's scheduler takes from the model
  for (const auto& [key, value] : config.json.items())
    if (!value.is_null() || !json.contains(key)) json[key] = value;  // null asks for the default
  if (config.decide) {
    json["decide"] = DecideTable().Write(*config.decide);
    if (config.decide->baseline.empty()) json["decide"].erase("baseline");  // it is of one question only
  }
  if (config.Gives("published"))
    json["published"] = ToJson(ReadPublishedConfig(JsonReader(config.json, config.file.string()), config.folder()));
  Json settings = Json::array();
  for (const auto& setting : plan.settings)
    settings.push_back({{"label", setting.spec->label},
                        {"parameters", setting.spec->parameters},
                        {"scheduler", OptionsOf(plan, setting)}});
  json["settings"] = std::move(settings);
  return json;
}

}  // namespace

std::string DescribePlan(const Plan& plan) {
  const auto& info = plan.pipeline->info();
  const double n = static_cast<double>(plan.end - plan.begin);
  const MacCount one = plan.pipeline->DenoiserMacs({}).total;
  std::string text = fmt::format("experiment  {}\nmodel       {} ({})\nlatents     {}, {} {}\n", plan.config.name,
                                 info.folder.string(), info.kind, fmt::join(info.latent_shape, "x"),
                                 info.frames ? fmt::format("clips of {} frames", info.frames) : "pictures",
                                 fmt::join(info.image_shape, "x"));
  if (!info.tokenizer.empty()) text += fmt::format("tokenizer   {}\n", info.tokenizer);
  text += fmt::format("data        {} samples: {}\n", plan.samples.size(), plan.data_description);
  if (plan.shard.count > 1)
    text += fmt::format("shard       {}/{}: samples {} to {} of the plan\n", plan.shard.index, plan.shard.count,
                        plan.begin, plan.end - 1);
  text += fmt::format("device      {}, {}\n", plan.device.str(), DtypeName(plan.config.model.dtype));
  text += fmt::format("forward     {:.4g} GMACs (modules), {:.4g} GMACs (matmuls), without guidance\n",
                      static_cast<double>(one.modules) / 1e9, static_cast<double>(one.matmuls) / 1e9);
  text += DescribeSchedulers(plan);
  double macs = 0, disk = 1e5;
  text += "settings    network evaluations of one sample, at most\n";
  for (const auto& setting : plan.settings) {
    const double calls = setting.scheduler->calls();
    text += fmt::format("  {:>4}  {}  ({}{})\n", calls, setting.spec->label, setting.scheduler->type(),
                        setting.supported ? "" : "; NOT SUPPORTED: " + setting.message);
    disk += n * BytesPerSample(plan, setting);
    if (!setting.supported) continue;
    macs += n * calls * static_cast<double>(one.matmuls) * info.GuidanceRows(setting.guidance);
  }
  for (const auto& job : CollectSearches(plan)) {
    const SearchSize size = job.search->AtMost(job.target, job.scheduler->calls());
    text += fmt::format(
        "search      {}: {:.0f} paths at most for each of {} samples; one by one they would take {:.0f} evaluations in "
        "all\n",
        job.search->Key(), size.paths, job.samples, size.naive_evaluations * static_cast<double>(job.samples));
  }
  const auto [least, most] = CountEvaluations(plan);
  text += fmt::format(
      "evaluations {:.0f} at most, {:.0f} at least (settings share what they decide alike); {:.4g} TMACs (matmuls) at "
      "most\n",
      most, least, macs / 1e12);
  text += DescribeMetrics(plan);
  text += DescribeMemory(plan);
  for (const auto& note : plan.notes) text += fmt::format("NOTE        {}\n", note);
  text += fmt::format("disk        about {}\nwaves       {} of {} samples\n", FormatBytes(disk), plan.waves(),
                      plan.config.wave_size);
  return text;
}

namespace {

// Of the guidance, 0 where there is none.
double ScaleOf(const Plan& plan, const PlannedSetting& setting) {
  return plan.pipeline->info().embedded_guidance || setting.guidance > 1 ? setting.guidance : 0;
}

// As the results keep it.
std::optional<CriterionInfo> CriterionOf(const SettingSpec& setting) {
  const auto criterion = setting.method->criterion();
  if (!criterion) return std::nullopt;
  const OptionSpec* option = ThresholdOption(*setting.type);
  return CriterionInfo{criterion->name, criterion->axis, criterion->predicts == Criterion::Predicts::kAbove,
                       option ? option->name : ""};
}

}  // namespace

RunHeader MakeHeader(const Plan& plan) {
  const ExperimentConfig& config = plan.config;
  const auto& info = plan.pipeline->info();
  const RunSpec& run = config.runs[0];
  RunHeader header;
  header.name = config.name;
  header.config = WithNamedNumbers(config.json);
  header.expanded_config = WithNamedNumbers(Expanded(plan));
  header.expanded_config["notes"] = plan.notes;
  for (const auto& key : ConfigTable().List())
    if (key.execution) header.execution_keys.push_back(key.name);
  header.execution_keys.push_back("notes");
  header.model = ModelName(info.folder);
  Sha256 all;
  for (const auto& file : info.files) {
    const std::string hash = Sha256OfFile(file);
    header.model_files[NameInModel(file, info)] = hash;
    all.Update(std::as_bytes(std::span(hash)));
  }
  header.model_hash = all.HexDigest();
  header.inputs = HashInputs(plan);
  header.path_keys = PathKeys(plan, header.expanded_config);
  header.scheduler = plan.settings[0].scheduler->type();
  header.steps = run.steps;
  header.guidance = ScaleOf(plan, plan.settings[0]);
  header.seed = config.seed;
  header.sample_count = std::ssize(plan.samples);
  header.shard = plan.shard;
  header.device = plan.device.is_cpu() ? "cpu" : fmt::format("{} ({})", plan.device.str(), DeviceName(plan.device));
  header.processor = DeviceName(at::kCPU);
  header.dtype = DtypeName(config.model.dtype);
  header.threads = at::get_num_threads();
  for (const MetricType* metric : config.metrics)
    header.metrics.insert(header.metrics.end(), metric->columns.begin(), metric->columns.end());
  const BuildInformation& build = BuildInfo();
  header.skipbench_version = build.version;
  header.libtorch_version = build.libtorch_version;
  header.git_revision = build.git_revision;
  header.git_dirty = build.dirty;
  for (const auto& setting : plan.settings) {
    SettingInfo one;
    one.label = setting.spec->label;
    one.type = setting.spec->method->type();
    one.parameters = setting.spec->parameters;
    one.steps = setting.scheduler->steps();
    one.calls = setting.scheduler->calls();
    one.timesteps = TimestepsOf(*setting.scheduler);
    one.scheduler = setting.scheduler->type();
    one.scope = setting.spec->method->DecisionScope() == Scope::kGroup ? "group" : "sample";
    one.guidance = ScaleOf(plan, setting);
    one.reference = setting.spec->reference;
    one.compared_with = setting.reference;
    one.criterion = CriterionOf(*setting.spec);
    header.settings.push_back(std::move(one));
  }
  return header;
}

}  // namespace skipbench
