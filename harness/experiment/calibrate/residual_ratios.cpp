#include "harness/experiment/calibrate/residual_ratios.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "harness/base/error.h"

namespace skipbench {

void ResidualRatios::Add(int call, const at::Tensor& residual) {
  const at::Tensor length = at::linalg_vector_norm(residual.to(at::kFloat), 2, {-1}).squeeze(1);
  if (!sums_.defined()) sums_ = at::zeros({length.size(0), calls_}, at::kDouble);
  at::Tensor sum = sums_.select(1, call);
  if (call == 0) {
    ++trajectories_;
    sum += 1;  // nothing before it
  } else {
    sum += (length / (before_ + 1e-8)).mean(1).to(at::kCPU, at::kDouble);
  }
  before_ = length;
}

std::vector<std::vector<double>> ResidualRatios::Means() const {
  const at::Tensor means = (sums_ / static_cast<double>(trajectories_)).contiguous();
  std::vector<std::vector<double>> rows;
  for (int64_t row = 0; row < means.size(0); ++row) {
    const double* values = means.data_ptr<double>() + row * calls_;
    rows.emplace_back(values, values + calls_);
  }
  return rows;
}

Json MeasureResidualRatios(const Plan& plan, int64_t samples,
                           const std::function<void(double share, const std::string& what)>& progress) {
  const PlannedSetting& full = OnlyFullRun(plan);
  if (plan.pipeline->abilities().blocks == 0)
    FailUnsupported("{}: the model's network is no stack of blocks whose residual could be measured",
                    plan.config.file.string());
  samples = std::min<int64_t>(samples, std::ssize(plan.samples));
  const int calls = full.scheduler->calls();
  const CacheSite blocks{CacheSite::Level::kCut, 0, 0};
  ResidualRatios ratios(calls);
  VisitFullRuns(plan, full, samples, {blocks}, [&](const FullCall& seen) {
    ratios.Add(seen.call, seen.output.kept.at(blocks));
    const auto done = static_cast<double>(seen.sample * calls + seen.call + 1);
    if (progress) progress(done / static_cast<double>(samples * calls), "full runs");
  });
  const auto rows = ratios.Means();
  for (const auto& row : rows)
    for (size_t call = 0; call < row.size(); ++call)
      if (!(row[call] > 0))
        Fail("{}: the blocks add nothing at call {}: there is no ratio", plan.config.file.string(), call);
  Json file = DescribeFullRun(plan, full, samples);
  if (rows.size() == 2) file["ratios"]["unconditional"] = rows[0];
  file["ratios"]["conditional"] = rows.back();
  return file;
}

}  // namespace skipbench
