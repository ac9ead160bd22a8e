#include "harness/measures/set_metric.h"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>

#include "harness/base/error.h"
#include "harness/stats/frechet.h"
#include "harness/stats/jackknife.h"

namespace skipbench {
std::vector<MeasuredValue> MeasureSets(const SetMetric& metric, const FeatureSetPair& sets, const SetOptions& options) {
  const auto& [pictures, reference, paired] = sets;
  if (!pictures.weights.empty() && !reference.weights.empty() && pictures.weights != reference.weights)
    Fail("{}: the features of {} and of {} come from different weights (SHA-256 {:.12} and {:.12})", metric.name,
         pictures.description, reference.description, pictures.weights, reference.weights);
  if (pictures.frames > 0 && reference.frames > 0 && pictures.frames != reference.frames)
    Fail(
        "{}: {} are clips of {} frames, {} of {}; clips of one length can be compared (--frames N takes the first N of "
        "each)",
        metric.name, pictures.description, pictures.frames, reference.description, reference.frames);
  std::vector<MeasuredValue> values;
  try {
    values = metric.of_features(metric, sets, options);
  } catch (const Error& e) {
    const std::string what = e.what();
    if (what.starts_with(metric.name)) throw;
    Fail("{}: {} against {}: {}", metric.name, pictures.description, reference.description, what);
  }
  const int64_t frames = std::max(pictures.frames, reference.frames);
  if (frames > 0)
    for (auto& value : values) AddNote(fmt::format("clips of {} frames", frames), &value);
  return values;
}

void RequireFeatures(const SetMetric& metric, const FeatureSet& set) {
  if (!set.has_features())
    Fail(
        "{}: {} holds a mean and a covariance only; this metric compares the features themselves (--save-stats keeps "
        "them with --keep-features)",
        metric.name, set.description);
}

std::vector<int64_t> BlocksOf(const FeatureSet& set, const SetOptions& options) {
  return options.blocks > 1 ? BlockBounds(set.count(), options.blocks) : std::vector<int64_t>();
}

void SetInterval(const std::vector<double>& without_block, bool paired, double min, double max, MeasuredValue* value) {
  const JackknifeEstimate jackknife = Jackknife(*value->value, without_block);
  if (jackknife.blocks < 2) return;
  value->without_block = without_block;
  value->standard_error = jackknife.standard_error;
  const double normal95 = boost::math::quantile(boost::math::normal(), 0.975);
  value->low = std::max(min, *value->value - normal95 * jackknife.standard_error);
  value->high = std::min(max, *value->value + normal95 * jackknife.standard_error);
  value->interval =
      fmt::format("jackknife over {} blocks of samples{}", jackknife.blocks, paired ? ", left out of both sets" : "");
}

}  // namespace skipbench
