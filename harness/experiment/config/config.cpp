#include "harness/experiment/config/config.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "harness/base/did_you_mean.h"
#include "harness/base/json.h"
#include "harness/base/text.h"
#include "harness/experiment/config/config_options.h"
#include "harness/experiment/config/kept_config.h"
#include "harness/experiment/config/published_config.h"
#include "harness/experiment/config/sweep.h"
#include "harness/schedulers/catalog.h"
#include "methods/catalog.h"
#include "methods/full_step/full_step.h"
#include "metrics/catalog.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;

// "ddim", {"type": "ddim", "eta": [0, 1]}, or a list of these.
std::vector<RunSpec> ReadSchedulers(const JsonReader& root) {
  const Json* value = root.Find("scheduler");
  if (!value || value->is_null()) return {RunSpec{}};
  const Json list = value->is_array() ? *value : Json::array({*value});
  if (list.empty()) root.FailAt("scheduler", "an empty list; give at least one scheduler");
  ListKeys lists;
  for (const auto& type : SchedulerTypes()) lists.merge(ListOptions(type.options));
  std::vector<RunSpec> runs;
  for (size_t i = 0; i < list.size(); ++i) {
    const Json& entry = list[i];
    const std::string path = value->is_array() ? fmt::format("scheduler[{}]", i) : "scheduler";
    const std::string where = fmt::format("{}: {}", root.file(), path);
    if (entry.is_string()) {
      runs.push_back({.scheduler = entry.get<std::string>(), .scheduler_path = path});
      FindSchedulerType(runs.back().scheduler, where);
      continue;
    }
    if (!entry.is_object())
      root.FailAt(path, fmt::format("expected a name or an object with a \"type\", found {}", Describe(entry)));
    for (Json variant : ExpandSweeps(entry, lists, where)) {
      const JsonReader reader(variant, root.file(), path);
      RunSpec run{.scheduler = reader.StringOr("type", ""), .scheduler_path = path};
      if (reader.Has("type")) FindSchedulerType(run.scheduler, where + ".type");
      variant.erase("type");
      run.scheduler_options = std::move(variant);
      runs.push_back(std::move(run));
    }
  }
  return runs;
}

std::vector<Json> ScalarOrList(const JsonReader& root, const std::string& key) {
  const Json* value = root.Find(key);
  if (!value || value->is_null()) return {Json()};
  if (!value->is_array()) return {*value};
  if (value->empty()) root.FailAt(key, "an empty list; give at least one value");
  return value->get<std::vector<Json>>();
}

// Each has columns of its own in the results.
constexpr size_t kMaxSettings = 10000;

std::vector<RunSpec> ReadRuns(const JsonReader& root) {
  std::vector<RunSpec> runs;
  const auto schedulers = ReadSchedulers(root);
  const auto steps = ScalarOrList(root, "steps"), guidance = ScalarOrList(root, "guidance");
  if (const double count = static_cast<double>(schedulers.size()) * static_cast<double>(steps.size()) *
                           static_cast<double>(guidance.size());
      count > kMaxSettings)
    Fail(
        "{}: {} schedulers, {} numbers of steps and {} guidance scales make {:.0f} combinations; at most {} are "
        "possible",
        root.file(), schedulers.size(), steps.size(), guidance.size(), count, kMaxSettings);
  for (const auto& scheduler : schedulers)
    for (const auto& s : steps)
      for (const auto& g : guidance) {
        const Json alone = {{"steps", s}, {"guidance", g}};
        RunSpec run = RunTable().Read(JsonReader(alone, root.file()));
        run.scheduler = scheduler.scheduler;
        run.scheduler_options = scheduler.scheduler_options;
        run.scheduler_path = scheduler.scheduler_path;
        std::vector<std::string> tags;
        if (schedulers.size() > 1) {
          std::string tag = run.scheduler.empty() ? "own scheduler" : run.scheduler;
          for (const auto& [key, value] : run.scheduler_options.items())
            tag += fmt::format(" {}={}", key, WithNamedNumbers(value).dump());
          tags.push_back(tag);
        }
        if (steps.size() > 1) tags.push_back(fmt::format("{} steps", run.steps));
        if (guidance.size() > 1)
          tags.push_back(run.guidance ? fmt::format("guidance {}", *run.guidance) : "default guidance");
        run.label = fmt::format("{}", fmt::join(tags, ", "));
        runs.push_back(std::move(run));
      }
  for (size_t i = 0; i < runs.size(); ++i)
    for (size_t k = 0; k < i; ++k)
      if (runs.size() > 1 && runs[i].label == runs[k].label)
        Fail("{}: the run \"{}\" is given twice", root.file(), runs[i].label);
  return runs;
}

// The entries of "methods": "full_step" is short for {"type": "full_step"}.
Json MethodEntries(const JsonReader& root) {
  const Json* given = root.Find("methods");
  if (!given || given->is_null()) root.FailAt("methods", "missing");
  Json list = given->is_array() ? *given : Json::array({*given});
  for (size_t i = 0; i < list.size(); ++i) {
    if (list[i].is_string()) list[i] = Json{{"type", list[i]}};
    if (!list[i].is_object())
      root.FailAt(given->is_array() ? fmt::format("methods[{}]", i) : "methods",
                  fmt::format("expected a name or an object with a \"type\", found {}", Describe(list[i])));
  }
  return list;
}

// A method of one variant of its parameters; the run is not chosen yet.
SettingSpec SettingOf(const MethodType& type, std::shared_ptr<const Method> method, Json parameters) {
  const std::string label = method->Label();
  const bool reference = method->type() == "full_step";
  return {.type = &type,
          .method = std::move(method),
          .label = label,
          .parameters = std::move(parameters),
          .reference = reference};
}

std::vector<SettingSpec> ReadMethods(const JsonReader& root) {
  std::vector<SettingSpec> variants;
  std::set<std::string> ids;
  const Json entries = MethodEntries(root);
  for (size_t i = 0; i < entries.size(); ++i) {
    const JsonReader entry(entries[i], root.file(), fmt::format("methods[{}]", i));
    const std::string where = fmt::format("{}: {}", root.file(), entry.PathOf("type"));
    const MethodType& type = FindMethodType(entry.String("type"), where);
    if (entry.Has("id") && !ids.insert(entry.String("id")).second) entry.FailAt("id", "given twice");
    for (Json& parameters :
         ExpandSweeps(entry.json(), ListOptions(type.options), fmt::format("{}: {}", root.file(), entry.path()))) {
      const JsonReader reader(parameters, root.file(), entry.path());
      reader.Ignore("type");
      reader.Ignore("id");
      variants.push_back(SettingOf(type, type.make(reader), parameters));
      if (variants.size() > kMaxSettings)
        Fail("{}: methods: the sweep makes more than {} settings", root.file(), kMaxSettings);
    }
  }
  return variants;
}

// The cross product of runs and methods. Metrics compare with the full-step pictures of the same run, so a run whose
// config leaves full_step out gets it in front, as its reference.
std::vector<SettingSpec> MakeSettings(const JsonReader& root, const std::vector<RunSpec>& runs) {
  auto variants = ReadMethods(root);
  if (variants.size() * runs.size() > kMaxSettings)
    Fail("{}: {} methods in each of {} runs (schedulers, steps, guidance) make {} settings; at most {} are possible",
         root.file(), variants.size(), runs.size(), variants.size() * runs.size(), kMaxSettings);
  if (std::none_of(variants.begin(), variants.end(), [](const auto& variant) { return variant.reference; }))
    variants.insert(variants.begin(),
                    SettingOf(FindMethodType("full_step", root.file()), MakeFullStep(), Json{{"type", "full_step"}}));
  std::vector<SettingSpec> settings;
  std::set<std::string> labels;
  for (size_t r = 0; r < runs.size(); ++r)
    for (SettingSpec setting : variants) {
      setting.run = static_cast<int>(r);
      if (!runs[r].label.empty()) setting.label += " [" + runs[r].label + "]";
      if (!labels.insert(setting.label).second) Fail("{}: the setting {} is given twice", root.file(), setting.label);
      settings.push_back(std::move(setting));
    }
  return settings;
}

// What the distances of "metrics" are measured to: one path for all, or {METRIC: path, ...}.
void ReadMetricReference(const JsonReader& root, ExperimentConfig* config) {
  const Json* value = root.Find("metric_reference");
  if (!value || value->is_null()) return;
  if (value->is_string()) {
    config->metric_reference[""] = config->folder() / value->get<std::string>();
    return;
  }
  const JsonReader entries = root.Object("metric_reference");
  for (const auto& [given, path] : entries.json().items()) {
    const auto metric = FindSetMetric(given);
    const bool asked = metric && std::any_of(config->set_metrics.begin(), config->set_metrics.end(),
                                             [&](const auto& m) { return m.name == metric->name; });
    if (!asked || metric->network.empty()) {
      std::vector<std::string> known;
      for (const auto& one : config->set_metrics)
        if (!one.network.empty()) known.push_back(one.name);
      root.FailAt("metric_reference",
                  fmt::format("\"{}\" is no metric of sets among \"metrics\"{}", given, DidYouMean(given, known)));
    }
    config->metric_reference[metric->name] = config->folder() / entries.String(given);
  }
}

void ReadMetrics(const JsonReader& root, ExperimentConfig* config) {
  if (!config->metric_names.empty())
    for (auto& request : RequestMetrics(config->metric_names, fmt::format("{}: metrics", root.file()))) {
      if (request.sample) config->metrics.push_back(request.sample);
      if (request.set) config->set_metrics.push_back(std::move(*request.set));
    }
  ReadMetricReference(root, config);
}

// Rounded up to whole groups.
int64_t InGroups(int64_t samples, const ExperimentConfig& config) {
  return (samples + config.group_size - 1) / config.group_size * config.group_size;
}

// What the settings of one run need of samples to fill a network call once they have parted, and a quarter of a call at
// least: until they part the samples alone are in it.
int64_t DefaultWave(const ExperimentConfig& config) {
  std::map<int, int64_t> settings;  // by run
  for (const auto& setting : config.settings) ++settings[setting.run];
  int64_t most = 1;
  for (const auto& [run, count] : settings) most = std::max(most, count);
  const int64_t parts = std::min<int64_t>(4, most);
  return (config.batch_size + parts - 1) / parts;
}

// Looks are at the ends of waves, and groups are whole in them.
void ReadDecide(const JsonReader& reader, ExperimentConfig* config) {
  DecideOptions decide = Resolved(DecideTable().Read(reader));
  if (config->path_study)
    reader.FailAt("question", "a path_study compares settings on the same samples: leave one of the two out");
  if (decide.look == 0)
    decide.look = config->Gives("wave_size") ? config->wave_size : InGroups(config->batch_size, *config);
  if (decide.look % config->group_size != 0)
    reader.FailAt("look",
                  fmt::format("expected a multiple of group_size, {}, found {}", config->group_size, decide.look));
  config->decide = std::move(decide);
}

// Results keep the config's text as it is; what they cannot keep (--set takes any bytes, "\\u0000" is a zero byte) is
// refused here.
void RequireText(const Json& json, const std::string& path, const std::string& file) {
  const auto require = [&](const std::string& text, const std::string& what) {
    if (const std::string why = WhyNotText(text); !why.empty())
      Fail("{}: {}{}, \"{}\": {}", file, what, Printable(CleanText(path)), Printable(CleanText(text)), why);
  };
  if (json.is_string()) require(json.get_ref<const std::string&>(), "");
  if (json.is_object())
    for (const auto& [key, value] : json.items()) {
      const std::string place = path.empty() ? key : path + "." + key;
      require(key, "a key in ");
      RequireText(value, place, file);
    }
  if (json.is_array())
    for (size_t k = 0; k < json.size(); ++k) RequireText(json[k], fmt::format("{}[{}]", path, k), file);
}

}  // namespace

const DtypeNames& Dtypes() {
  static const DtypeNames names = {{"float32", at::kFloat}, {"bfloat16", at::kBFloat16}, {"float16", at::kHalf}};
  return names;
}

std::string DtypeName(at::ScalarType dtype) {
  for (const auto& [name, type] : Dtypes())
    if (type == dtype) return name;
  return "?";
}

ExperimentConfig ReadExperimentConfig(const fs::path& file, const std::vector<std::string>& sets) {
  ExperimentConfig config;
  config.file = fs::absolute(file);
  config.json = ReadJsonFile(file);
  for (const auto& set : sets) ApplySet(&config.json, set);
  RequireText(config.json, "", file.string());
  const JsonReader root(config.json, file.string());
  config.name = file.stem().string();
  ConfigTable().ReadInto(root, &config);
  for (auto* path : {&config.model.tokenizer_folder, &config.noise.path, &config.noise.step_path})
    if (!path->empty()) *path = config.folder() / *path;
  if (config.noise.step_path.empty() && root.Has("noise") && root.Object("noise").Has("step_noise"))
    config.noise.step_path = config.noise.path;
  for (auto& folder : config.metric_weights) folder = config.folder() / folder;
  ReadKept(config.json, root.file());  // its errors come first; the run reads it
  config.runs = ReadRuns(root);
  config.data = root.Object("data").json();
  config.settings = MakeSettings(root, config.runs);
  ReadMetrics(root, &config);
  ReadPublishedConfig(root, config.folder());  // its errors come now; the run reads it
  if (const auto study = root.ObjectIf("path_study")) {
    if (config.runs.size() > 1)
      root.FailAt("path_study",
                  fmt::format("needs one scheduler, number of steps and guidance; there are {} combinations",
                              config.runs.size()));
    config.path_study = ReadPathStudy(*study);
  }
  if (config.wave_size == 0) config.wave_size = DefaultWave(config);
  config.wave_size = InGroups(config.wave_size, config);
  if (const auto decide = root.ObjectIf("decide")) ReadDecide(*decide, &config);
  return config;
}

}  // namespace skipbench
