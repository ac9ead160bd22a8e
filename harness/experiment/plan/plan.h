// An experiment with everything resolved: the pipeline opened, the samples chosen, a scheduler for every schedule,
// every setting checked. What can fail before the first network call fails here.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "harness/base/sample.h"
#include "harness/evaluation/metric_networks.h"
#include "harness/experiment/config/config.h"
#include "harness/pipelines/pipeline.h"
#include "harness/runtime/noise.h"
#include "harness/sampling/trajectory_tree.h"
#include "harness/schedulers/scheduler.h"
#include "harness/store/records.h"

namespace skipbench {

struct PlannedSetting {
  const SettingSpec* spec = nullptr;
  std::shared_ptr<const Method> method;  // as it runs: the spec's, or, where paths are found first, what replays them
  std::shared_ptr<const Scheduler> scheduler;  // set to the setting's own number of steps
  double guidance = 1;
  int reference = 0;  // index of the setting it is compared with
  bool supported = true;
  std::string message;  // why not
};

// Settings that share trajectories: the same run and the same schedule.
struct TreeGroup {
  std::shared_ptr<const Scheduler> scheduler;
  double guidance = 1;
  std::vector<int> settings;  // indices of supported settings
  int64_t max_states = 0;     // open trajectories at a time, from "memory"; 0: no bound
};

struct PlanOptions {
  std::string models;                  // --models
  bool shapes_only = false;            // open no weights: dry runs
  bool allow_missing_metrics = false;  // metrics without weights are left out, and the results say so
  Shard shard = {};                    // --shard: which part of the samples this process takes
};

struct Plan {
  ExperimentConfig config;
  at::Device device = at::kCPU;
  std::unique_ptr<Pipeline> pipeline;
  std::string model_key;        // what measured constants of a method belong to: ModelKey of the pipeline
  std::vector<Sample> samples;  // place = ordinal
  std::string data_description;
  std::map<std::string, std::filesystem::path> data_lists;  // files that list the samples, by their keys in "data"
  std::optional<std::filesystem::path>
      data_reference;  // what the data's pictures are compared with, where the data say so
  std::unique_ptr<NoiseSource> noise;
  std::vector<PlannedSetting> settings;
  std::vector<std::string> setting_folders;  // names for the pictures of each
  std::vector<TreeGroup> trees;
  MetricNetworks networks;                                         // of the metrics; for a dry run only what is missing
  std::map<std::string, std::filesystem::path> metric_references;  // of the metrics of sets that have one
  Shard shard;
  int64_t begin = 0, end = 0;      // the ordinals [begin, end) of the shard
  std::vector<std::string> notes;  // what will run as asked for, but hardly as meant

  int64_t waves() const;  // of the shard
  // The noise of the sample at a place of the plan.
  std::unique_ptr<NoiseStream> OpenNoise(int64_t ordinal) const;
  // How many pictures or latents go through a network at once: `most`, but one with batch_invariant, for kernels may
  // round one differently beside others.
  size_t Together(int64_t most) const { return config.batch_invariant ? 1 : static_cast<size_t>(most); }
  // As the pipeline does; OutOfMemoryError where the device has no memory for it, also in the denoiser's forwards.
  std::unique_ptr<Denoiser> Encode(std::span<const Sample> samples, double guidance) const;
  std::unique_ptr<Denoiser> Encode(std::span<const Sample> samples, double guidance, bool one_by_one) const;
  at::Tensor Decode(const at::Tensor& latents) const;
  // The config's batches and groups; RunTree() with the model's shape and precision on the run's device.
  TreeOptions Trees() const;
  TreeResult Run(const Scheduler& scheduler, Denoiser& denoiser, const std::vector<TreeSample>& samples,
                 const std::vector<const Method*>& methods, const TreeOptions& options) const;
};

Plan MakePlan(ExperimentConfig config, const PlanOptions& options);

// The pipeline's class, the size of its latents, its network's config, whose file is read.
std::string ModelKey(const PipelineInfo& info);
// A run of the plan's model as methods see it.
RunShape ShapeOf(const Plan& plan, const Scheduler& scheduler, double guidance);

// The config's metrics as the networks' opening takes them, and the files of their weights.
std::vector<MetricRequest> MetricRequests(const ExperimentConfig& config);
std::vector<MetricWeights> FindMetricFiles(const ExperimentConfig& config);

}  // namespace skipbench
