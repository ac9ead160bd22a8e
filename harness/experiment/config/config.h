// An experiment as its config file describes it. config_options.cpp declares the keys; their defaults stand here.
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "harness/analysis/decide/options.h"
#include "harness/base/options.h"
#include "harness/experiment/config/path_study_config.h"
#include "harness/measures/set_metric.h"
#include "harness/pipelines/pipeline.h"
#include "harness/sampling/method.h"
#include "methods/catalog.h"
#include "metrics/metric.h"

namespace skipbench {

// One way of sampling that all methods of the experiment go through: an entry of the cross product of the lists given
// for scheduler, steps and guidance.
struct RunSpec {
  std::string scheduler;  // type or diffusers' class name; "": the pipeline's own
  Json scheduler_options = Json::object();
  std::string scheduler_path = {};      // where the config gives it, for messages: "scheduler[1]"
  int steps = 50;                       // 1 .. 1000
  std::optional<double> guidance = {};  // absent: the pipeline's default
  std::string label = {};               // what tells it from the other runs, "" if there is one only: "euler, 25 steps"
};

struct NoiseConfig {
  std::string source = "counter";  // counter | torch_cpu | file
  bool shared = false;             // keyed by the place in a group of group_size samples, not by the sample's id
  std::filesystem::path path;  // file: safetensors with `tensor` [n, C, H, W], row = place of the sample in the data
  std::string tensor = "noise";
  std::filesystem::path step_path;  // file: draws of a stochastic scheduler, `step_tensor` [calls, n, C, H, W]
  std::string step_tensor = "step_noise";
};

struct LatencyConfig {
  int samples = 1;  // 0: latency is not measured
  int repeats = 3;  // runs of each sample and setting, after the warm-up
  int warmup = 1;
};

// One method with its parameters on one run: a row of the table.
struct SettingSpec {
  int run = 0;  // index into runs
  const MethodType* type = nullptr;
  std::shared_ptr<const Method> method = {};
  std::string label = {};  // unique in the experiment
  Json parameters = {};    // as in the config, sweeps expanded
  bool reference = false;  // full_step: what the others of its run are compared with
};

struct ExperimentConfig {
  std::filesystem::path file;  // for messages; relative paths start from its folder
  Json json;                   // as given, with --set applied
  std::string name;
  std::string pipeline;
  PipelineOptions model;  // as far as the config says: `vae` as it is given, without device, seed and shapes_only
  std::vector<RunSpec> runs;
  std::string device = "auto";
  Json data;
  uint64_t seed = 0;
  NoiseConfig noise;
  std::vector<SettingSpec> settings;
  std::vector<std::string> metric_names;              // "metrics", as given
  std::vector<const MetricType*> metrics;             // of single samples
  std::vector<SetMetric> set_metrics;                 // of whole sets
  std::vector<std::filesystem::path> metric_weights;  // folders
  std::map<std::string, std::filesystem::path>
      metric_reference;                // by metric, "" for all: pictures (a folder) or statistics (.npz)
  bool reference_skip_broken = false;  // leave out pictures of a metric_reference that cannot be read, and count them
  int64_t reference_frames = 0;        // of a metric_reference's clips: the first so many; 0: all
  std::set<std::string> save;          // latents | noise_predictions | images | png; of clips also apng | mp4
  int64_t batch_size = 16;             // samples per network call
  int64_t wave_size = 0;   // samples between two commits, in whole groups; 0 in a config: a quarter of the batch
  int64_t group_size = 1;  // consecutive samples that decide together (scope "group")
  bool batch_invariant = false;
  int64_t memory = 0;                        // bytes for open trajectories (memory.h); 0: no bound
  bool traces = false;                       // record differences and latent error of every call
  int64_t search_memory = int64_t{1} << 30;  // bytes of states that a search for paths keeps for reuse
  std::optional<PathStudyConfig> path_study;
  std::optional<DecideOptions> decide;  // as resolved; `baseline` as the config gives it
  int threads = 0;                      // 0: LibTorch's choice
  LatencyConfig latency{.samples = 0};
  int contact_sheet_rows = 0;  // samples shown in contact_sheet.png; 0: none

  std::filesystem::path folder() const { return file.parent_path(); }
  // Whether the config says anything of a key.
  bool Gives(const std::string& key) const { return json.contains(key) && !json[key].is_null(); }
};

// Reads a config file and applies `sets` (--set). Throws Error naming file, key, value and what is allowed.
ExperimentConfig ReadExperimentConfig(const std::filesystem::path& file, const std::vector<std::string>& sets);

// The types of weights and latents that a config can ask for.
using DtypeNames = std::vector<std::pair<const char*, at::ScalarType>>;
const DtypeNames& Dtypes();
std::string DtypeName(at::ScalarType dtype);

}  // namespace skipbench
