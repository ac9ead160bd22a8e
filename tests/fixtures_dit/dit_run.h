// A case of a trajectory, run through the model's own pipeline.
#pragma once

#include <memory>
#include <vector>

#include "harness/pipelines/load_pipeline.h"
#include "harness/sampling/trajectory_tree.h"
#include "tests/fixtures_dit/dit_cases.h"
#include "tests/support/fixtures.h"

namespace skipbench::testing {

class DitRun {
 public:
  // Rows of the full trajectory's samples by "row" of the case's config: a number, or all.
  explicit DitRun(const DitCase& c);
  TreeResult Run(const std::vector<const Method*>& methods, const TreeOptions& options = {});

  const std::map<std::string, at::Tensor>& expected() const { return expected_; }
  const Pipeline& pipeline() const { return *pipeline_; }
  const Scheduler& scheduler() const { return *scheduler_; }
  Denoiser& denoiser() { return *denoiser_; }
  const std::vector<TreeSample>& samples() const { return samples_; }

 private:
  TempDir temp_;
  std::map<std::string, at::Tensor> expected_;
  std::unique_ptr<Pipeline> pipeline_;
  std::shared_ptr<const Scheduler> scheduler_;
  std::unique_ptr<Denoiser> denoiser_;
  std::vector<std::unique_ptr<NoiseStream>> streams_;
  std::vector<TreeSample> samples_;
};

}  // namespace skipbench::testing
