#include "metrics/paper_metrics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "harness/base/error.h"
#include "harness/stats/frechet.h"
#include "metrics/backbones/feature_network.h"

namespace skipbench {
namespace {

constexpr const char* kPsnrNote =
    "the published evaluation's protocol, for comparison with its tables: batches with their own peak and pooled error";
constexpr const char* kFrechetNote =
    "the published evaluation's protocol, for comparison with its tables: one pair of clips at a time, which leaves "
    "the squared distance of their features; no distance between distributions";

std::vector<MeasuredValue> MeasurePsnr(const SetMetric& metric, std::span<const SquaredError> errors, int64_t batch) {
  const PaperPsnr paper = PaperCompatPsnr(errors, batch);
  MeasuredValue value{.metric = metric.columns[0], .count = static_cast<int64_t>(errors.size()), .note = kPsnrNote};
  if (paper.batches > paper.dropped) value.value = paper.mean;
  if (paper.dropped > 0)
    value.note += fmt::format("; {} of {} batches had no finite value and were dropped", paper.dropped, paper.batches);
  return {value};
}

std::vector<MeasuredValue> MeasureFrechet(const SetMetric& metric, const FeatureSetPair& sets, const SetOptions&) {
  const auto& [pictures, reference, paired] = sets;
  if (!paired || pictures.count() != reference.count() || !pictures.has_features() || !reference.has_features())
    Fail("{} against {}: features of the same samples were expected", pictures.description, reference.description);
  std::vector<double> distances;
  for (int64_t i = 0; i < pictures.count(); ++i)
    distances.push_back(SquaredDistance(pictures.view().row(i), reference.view().row(i)));
  MeasuredValue value = MeanOf(distances, metric.columns[0]);
  value.note = kFrechetNote;
  return {value};
}

}  // namespace

PaperPsnr PaperCompatPsnr(std::span<const SquaredError> pictures, int64_t batch_size) {
  if (batch_size < 1) Fail("psnr: the batch size must be at least 1, found {}", batch_size);
  PaperPsnr result;
  double sum = 0;
  double weight = 0;
  while (!pictures.empty()) {
    const auto batch = pictures.first(std::min(pictures.size(), static_cast<size_t>(batch_size)));
    pictures = pictures.subspan(batch.size());
    SquaredError pooled;
    for (const SquaredError& one : batch) pooled += one;
    const double psnr =
        (2 * std::log(static_cast<double>(pooled.max_value)) - std::log(pooled.mse())) * 10 / std::numbers::ln10;
    ++result.batches;
    if (!std::isfinite(psnr)) {
      ++result.dropped;
      continue;
    }
    sum += psnr * static_cast<double>(batch.size());
    weight += static_cast<double>(batch.size());
  }
  result.mean = weight > 0 ? sum / weight : std::numeric_limits<double>::quiet_NaN();
  return result;
}

SetMetric PaperPsnrMetric(const std::string& name, const std::string&) {
  return {.name = name,
          .columns =
              {{.name = name, .title = name, .unit = "dB", .better = Direction::kHigher, .decimals = 2, .limit = 0.5}},
          .needs_pairs = true,
          .beside = "psnr",
          .of_errors = MeasurePsnr};
}

SetMetric PaperFrechetMetric(const std::string& name, const std::string& network) {
  return {.name = name,
          .columns = {{.name = name, .title = name, .better = Direction::kLower}},
          .network = network,
          .needs_pairs = true,
          .needs_features = true,
          .of_clips = TakesClips(network),
          .beside = "fvd",
          .of_features = MeasureFrechet};
}

}  // namespace skipbench
