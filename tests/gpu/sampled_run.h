// Runs of the fixtures' small models on a device: conditioning, trajectories of several methods, pictures.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "harness/pipelines/pipeline.h"
#include "harness/runtime/noise.h"
#include "harness/sampling/method.h"
#include "harness/sampling/trajectory_tree.h"
#include "harness/schedulers/scheduler.h"
#include "tests/support/fixtures.h"

namespace skipbench::testing {

struct SmallModel {
  std::string folder;  // below FixtureRoot()
  std::string scheduler;

  bool exists() const { return std::filesystem::exists(FixtureRoot() / folder); }
  std::string Name() const;
};
inline void PrintTo(const SmallModel& model, std::ostream* out) { *out << model.Name(); }
std::vector<SmallModel> SmallModels();

inline constexpr int kRunSteps = 8;
inline constexpr int64_t kRunSamples = 2;

// A model on a device with a scheduler, encoded samples and those of some methods that the network can do.
class SampledRun {
 public:
  SampledRun(const SmallModel& model, at::Device device, at::ScalarType dtype);

  const Pipeline& pipeline() const { return *pipeline_; }
  const Scheduler& scheduler() const { return *scheduler_; }
  Denoiser& denoiser() { return *denoiser_; }
  const std::vector<std::unique_ptr<Method>>& methods() const { return methods_; }
  // All methods on all samples, or the one at a place among methods().
  TreeResult Run(const TreeOptions& options, std::optional<size_t> method = {}) const;
  // The first two samples of the first method.
  at::Tensor Pictures(const TreeResult& result) const;

 private:
  TempDir temp_;
  const at::Device device_;
  const at::ScalarType dtype_;
  std::unique_ptr<Pipeline> pipeline_;
  std::shared_ptr<const Scheduler> scheduler_;
  std::unique_ptr<Denoiser> denoiser_;
  std::vector<Sample> samples_;
  std::unique_ptr<NoiseSource> noise_;
  std::vector<std::unique_ptr<NoiseStream>> streams_;
  std::vector<TreeSample> tree_samples_;
  std::vector<std::unique_ptr<Method>> methods_;
};

}  // namespace skipbench::testing
