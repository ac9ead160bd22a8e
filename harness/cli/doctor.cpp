#include <ATen/Parallel.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>

#include "datasets/catalog.h"
#include "harness/base/build_info.h"
#include "harness/base/format.h"
#include "harness/base/progress.h"
#include "harness/base/published_file.h"
#include "harness/cli/commands.h"
#include "harness/experiment/plan/plan.h"
#include "harness/experiment/run/describe.h"
#include "harness/experiment/run/estimate.h"
#include "harness/nn/cpu/cpu_kernels.h"
#include "harness/pipelines/catalog.h"
#include "harness/pipelines/find_model.h"
#include "harness/pipelines/load_pipeline.h"
#include "harness/report/figures/drawing.h"
#include "harness/runtime/device.h"
#include "harness/runtime/timer.h"
#include "harness/sampling/difference_sums.h"
#include "metrics/official_weights.h"

namespace skipbench::cli {

namespace fs = std::filesystem;

namespace {

// Data that the configs under configs/ name: what it is and how to get it, for people who lack it. Of models, every
// pipeline knows its own (harness/pipelines/catalog.h). Null where `name` is not among them.
const PublishedFile* FindKnownData(const std::string& name) {
  static const std::vector<PublishedFile> data = {
      {"coco", "annotations_trainval2017.zip (or 2014)", "241 MB", "no hash is published", "MS-COCO: cocodataset.org",
       "unpacked into a folder coco of one of SKIPBENCH_DATA's folders"},
      {"cifar10", "cifar-10-binary.tar.gz", "170,052,171 bytes",
       "SHA-256 c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
       "CIFAR-10, binary version: www.cs.toronto.edu/~kriz/cifar.html",
       "unpacked into one of SKIPBENCH_DATA's folders"},
      {"lsun", "bedroom and church_outdoor", "43 GB and 2 GB", "no hash is published",
       "LSUN: download.py of github.com/fyu/lsun", "unpacked into a folder lsun of one of SKIPBENCH_DATA's folders"},
      {"MSRVTT_JSFUSION_test.csv", "MSRVTT_JSFUSION_test.csv of msrvtt_data.zip (the 1k-A split)", "0.1 MB",
       "no hash is published", "MSR-VTT: the releases of github.com/ArrowLuo/CLIP4Clip",
       "in a folder msrvtt of one of SKIPBENCH_DATA's folders"},
      {"DrawBench.csv", "DrawBench's 200 prompts, as a table with a column Prompts", "0.02 MB", "no hash is published",
       "Imagen's supplement (arXiv 2205.11487): imagen.research.google",
       "in a folder drawbench of one of SKIPBENCH_DATA's folders"},
      {"all_dimension.txt", "prompts/all_dimension.txt", "0.1 MB", "no hash is published",
       "VBench: github.com/Vchitect/VBench", "in a folder vbench of one of SKIPBENCH_DATA's folders"},
      {"samples.tsv", "AIGCBench as the authors of AdaptiveDiffusion sampled it", "3 GB",
       "the source shows each file's SHA-256", "huggingface.co/datasets/HankYe/Sampled_AIGCBench_text2image_ar_0.625",
       "unpacked into a folder aigcbench of one of SKIPBENCH_DATA's folders; samples.tsv is made of its samples.txt as "
       "datasets/README.md says"},
  };
  for (const auto& file : data)
    if (file.name == name) return &file;
  return nullptr;
}

// What is missing for the configs that were looked at, each thing once, with all that is needed to get it.
class MissingList {
 public:
  using Facts = std::vector<std::pair<std::string, std::string>>;  // label, text

  // `wanted_by`: the config's name.
  void Add(const std::string& name, const Facts& facts, const std::string& wanted_by) {
    auto found = std::find_if(items_.begin(), items_.end(),
                              [&](const Item& one) { return one.name == name && one.facts == facts; });
    if (found == items_.end()) found = items_.insert(items_.end(), {name, facts, {}});
    if (std::find(found->wanted_by.begin(), found->wanted_by.end(), wanted_by) == found->wanted_by.end())
      found->wanted_by.push_back(wanted_by);
  }
  void Add(const PublishedFile& file, const std::string& wanted_by) {
    Add(file.name,
        {{"file", file.file},
         {"size", file.size},
         {"hash", file.hash},
         {"source", file.source},
         {"target", file.target}},
        wanted_by);
  }
  void Add(const OfficialWeights& weights, const std::string& wanted_by) {
    metric_weights_ = true;
    Add(weights.target,
        {{"file", weights.file},
         {"size", Thousands(weights.bytes) + " bytes"},
         {"hash", "SHA-256 " + weights.sha256},
         {"source", weights.source},
         {"target", fmt::format("scripts/convert/metric_weights.py {} FOLDER/{}", weights.file, weights.target)}},
        wanted_by);
  }
  std::string Render() const;

 private:
  struct Item {
    std::string name;
    Facts facts;
    std::vector<std::string> wanted_by;
  };

  std::vector<Item> items_;  // in the order in which they were found
  bool metric_weights_ = false;
};

std::string MissingList::Render() const {
  if (items_.empty()) return "";
  std::string text = fmt::format("\nmissing: {}, each once (nothing is downloaded)\n", items_.size());
  for (const auto& item : items_) {
    text += fmt::format("\n  {}\n", item.name);
    for (const auto& [label, fact] : item.facts) text += fmt::format("    {:<7} {}\n", label, fact);
    text += fmt::format("    {:<7} {}\n", "for", fmt::join(item.wanted_by, ", "));
  }
  if (metric_weights_)
    text +=
        "\nAll weights of metrics at once, from a folder that has the published files, each checked by its SHA-256:\n"
        "  scripts/convert/all_metric_weights.py DOWNLOADS FOLDER\n"
        "FOLDER is then named with \"metric_weights\" in a config, or SKIPBENCH_METRIC_WEIGHTS.\n";
  return text;
}

void DescribeProgram() {
  const auto& build = BuildInfo();
  fmt::print("skipbench  {} (revision {}{}), {} {}\n", build.version, build.git_revision,
             build.dirty ? ", modified" : "", build.compiler, build.build_type);
  fmt::print("LibTorch   {}, {} threads\n", build.libtorch_version, at::get_num_threads());
  if (build.cuda) {
    fmt::print(
        "CUDA       yes, {} GPU(s); fused criterion kernel: {}\n", GpuCount(),
        HasDifferenceSumsKernel() ? "yes" : "no (built without nvcc: the criterion runs on LibTorch's operators)");
  } else {
    fmt::print("CUDA       no: a CPU build (cmake --preset cuda builds for a GPU)\n");
  }
  fmt::print("CPU        {}; kernels: {}\n", DeviceName(at::kCPU), cpu::DescribeKernels());
  for (const auto& [what, name] :
       {std::pair("models", "SKIPBENCH_MODELS"), {"data", "SKIPBENCH_DATA"}, {"weights", "SKIPBENCH_METRIC_WEIGHTS"}}) {
    const char* value = std::getenv(name);
    fmt::print("{:<10} {}={}\n", what, name, value ? value : "(not set)");
  }
  const std::string missing = MissingScripts();
  fmt::print("fonts      {}\n",
             missing.empty() ? "Latin, Greek, Cyrillic, Arabic, Devanagari, Chinese, Japanese, Korean" : missing);
  try {
    fmt::print("shipped    {}\n", FindModel("fashion-scenes", fs::current_path(), "").string());
  } catch (const Error& e) {
    fmt::print("shipped    MISSING: {}\n", e.what());
  }
}

// Runs one check; prints its outcome. Later checks may need what an earlier one made.
template <typename F>
bool Check(const char* what, F&& f) {
  try {
    fmt::print("ok       {}: {}\n", what, f());
    return true;
  } catch (const Error& e) {
    fmt::print("MISSING  {}: {}\n", what, e.what());
    return false;
  }
}

// The first line of a message, which says what is missing; where it was looked for stands in what a run says.
std::string FirstLine(const std::string& text) { return text.substr(0, text.find('\n')); }

// The data by the file that is named, or else by the type.
const PublishedFile* KnownDataOf(const Json& data) {
  const auto text = [&](const char* key) {
    return data.contains(key) && data[key].is_string() ? data[key].get<std::string>() : "";
  };
  const PublishedFile* known = FindKnownData(fs::path(text("file")).filename().string());
  return known ? known : FindKnownData(text("type"));
}

// One config and what it lacks.
struct Checkup {
  const ExperimentConfig& config;
  std::string models;
  MissingList* missing;

  std::string name() const { return config.file.filename().string(); }
};

// Puts the weights that `one` lacks into the list. Says so in short: the list has the rest.
std::string ListMissing(const MetricWeights& one, const Checkup& check) {
  std::vector<std::string> files;
  for (const auto& official : OfficialMetricWeights())
    if (one.missing.find("the weights " + official.target) != std::string::npos) {
      check.missing->Add(official, check.name());
      files.push_back(fmt::format("the weights {} are not there", official.target));
    }
  if (!files.empty()) return fmt::format("{}", fmt::join(files, "; "));
  check.missing->Add("metric " + one.metric, {{"why", one.missing}}, check.name());
  return one.missing;
}

// The weights of the metrics' networks, metrics that share them in one line, and the reference data that the config
// names.
bool CheckMetrics(const Checkup& check) {
  std::vector<MetricWeights> networks;
  for (const auto& metric : FindMetricFiles(check.config)) {
    const auto same = std::find_if(networks.begin(), networks.end(), [&](const auto& one) {
      return one.files == metric.files && one.missing == metric.missing;
    });
    if (same == networks.end())
      networks.push_back(metric);
    else
      same->metric += ", " + metric.metric;
  }
  bool fine = true;
  for (const auto& one : networks)
    fine &= Check(("metric " + one.metric).c_str(), [&] {
      if (!one.missing.empty()) Fail("{}", ListMissing(one, check));
      std::vector<std::string> names;
      for (const auto& file : one.files) names.push_back(file.lexically_normal().string());
      return names.empty() ? "needs no weights" : fmt::format("{}", fmt::join(names, ", "));
    });
  for (const auto& [metric, path] : check.config.metric_reference)
    fine &= Check(metric.empty() ? "metric_reference" : ("metric_reference of " + metric).c_str(), [&] {
      const std::string place = path.lexically_normal().string();
      if (fs::exists(path)) return place;
      check.missing->Add(place, {{"why", "named by metric_reference"}}, check.name());
      Fail("{}: no such folder or file", place);
    });
  return fine;
}

bool CheckModel(const Checkup& check) {
  return Check("model", [&] {
    fs::path path;
    try {
      path = FindModel(check.config.pipeline, check.config.folder(), check.models);
    } catch (const Error& e) {
      const PublishedFile* known = FindPublishedModel(check.config.pipeline);
      if (!known) throw;
      check.missing->Add(*known, check.name());
      const std::string what = FirstLine(e.what());
      Fail("{} (put its folder into one that --models or SKIPBENCH_MODELS names)",
           what.substr(0, what.find("; looked at")));
    }
    const std::string tokenizers = DescribeTokenizers(path, check.config.model);
    return path.string() + (tokenizers.empty() ? "" : "\n         tokenizer: " + tokenizers);
  });
}

bool CheckData(const Checkup& check) {
  std::string preview;
  const bool there = Check("data", [&] {
    const Json& data = check.config.data;
    try {
      const auto dataset = MakeDataset(JsonReader(data, check.config.file.string(), "data"), check.config.folder());
      preview = Preview(*dataset, 3);
    } catch (const Error& e) {
      const std::string what = e.what();
      const bool absent = what.find("no such") != std::string::npos || what.find("missing") != std::string::npos;
      if (const PublishedFile* known = KnownDataOf(data); known && absent) check.missing->Add(*known, check.name());
      throw;
    }
    return preview.substr(0, preview.find('\n'));
  });
  if (there) fmt::print("{}", preview.substr(preview.find('\n') + 1));
  return there;
}

// Everything that the config names, each for itself, so that one look shows all that is missing.
bool CheckFiles(const Checkup& check) {
  const bool model = CheckModel(check),
             vae = check.config.model.vae.empty() || Check("vae", [&] {
                     return FindVae(check.config.model.vae.string(), check.config.folder(), check.models).string();
                   });
  const bool data = CheckData(check), metrics = CheckMetrics(check);
  return model && vae && data && metrics;
}

// What a run takes: the plan, and time and memory by one forward.
void DescribeCost(const Plan& plan) {
  fmt::print("{}", DescribePlan(plan));
  double weights = 0;
  for (const auto& file : plan.pipeline->info().files) weights += static_cast<double>(fs::file_size(file));
  PeakMemory peak(plan.device);
  const double forward = MeasureForward(plan);
  const auto grown = peak.Bytes();
  fmt::print("memory      model files {:.4g} MiB; one prediction of one sample {}, up to {} at once (batch_size)\n",
             weights / (1 << 20),
             grown ? fmt::format("{:.4g} MiB more ({})", static_cast<double>(*grown) / (1 << 20), peak.kind())
                   : "not measured",
             plan.config.batch_size);
  fmt::print("time        one prediction of one sample took {:.4g} s: at most {} for this config\n", forward,
             FormatDuration(CountEvaluations(plan).most * forward));
}

bool DescribeConfig(const std::string& file, const std::string& models, MissingList* missing) {
  ExperimentConfig config;
  if (!Check("config", [&] {
        config = ReadExperimentConfig(file, {});
        return fmt::format("{} ({} settings)", file, config.settings.size());
      }))
    return false;
  if (!CheckFiles({config, models, missing})) return false;
  Plan plan;
  if (!Check("plan", [&] {
        plan = MakePlan(config, {.models = models});
        return fmt::format("{}; {} samples", plan.pipeline->info().folder.string(), plan.samples.size());
      }))
    return false;
  bool fine = true;
  for (const auto& setting : plan.settings)
    if (!setting.supported) {
      fmt::print("NOT SUPPORTED  {}: {}\n", setting.spec->label, setting.message);
      fine = false;
    }
  DescribeCost(plan);
  return fine;
}

}  // namespace

int Doctor(const Texts& args) {
  const Values values = Parse("doctor", "doctor [CONFIG...]", {Input("configs to check"), Models()}, args);
  DescribeProgram();
  bool fine = true;
  MissingList missing;
  for (const auto& file : values.All("input")) {
    fmt::print("\n");
    fine &= DescribeConfig(file, values.Text("models"), &missing);
  }
  fmt::print("{}", missing.Render());
  return fine ? 0 : 3;
}

}  // namespace skipbench::cli
