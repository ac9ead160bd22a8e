#include "harness/experiment/calibrate/delta_search.h"

#include <algorithm>
#include <cmath>

#include "harness/base/error.h"

namespace skipbench {
namespace {

// Decisions are taken to be the same only this far inside of an interval: the batch's rounding moves the ratios a
// little.
constexpr double kMargin = 1e-5;

// As good as no bound.
constexpr double kFarthest = 1e6;

// The shortest decimal in (low, high) and in [least, most], near `value`.
double Shortest(double value, double low, double high, double least, double most) {
  for (int digits = 1; digits < 17; ++digits) {
    const double rounded = std::stod(fmt::format("{:.{}g}", value, digits));
    if (rounded > low * (1 + kMargin) && rounded < high * (1 - kMargin) && rounded >= least && rounded <= most)
      return rounded;
  }
  return value;
}

class DeltaSearch {
 public:
  DeltaSearch(int samples, int calls, const DeltaSearchOptions& options,
              const std::function<DeltaProbe(double, const std::vector<int>&)>& probe)
      : calls_(calls), options_(options), probe_(probe), known_(samples) {}

  DeltaSearchResult Run() {
    // One end skips whatever the cap allows.
    const double most =
        options_.predicts_above ? std::min(options_.most, kFarthest) : 1 / std::max(options_.least, 1 / kFarthest);
    high_ = {most, Try(most)};
    if (high_.nfe > options_.target) {  // nothing skips more
      result_.nfe_above = high_.nfe;
      return std::move(result_);
    }
    // The other predicts always where the threshold is 0 (a criterion is not below 0); else it is tried.
    low_ = {0, static_cast<double>(calls_)};
    const double least = options_.predicts_above ? options_.least : 1 / options_.most;
    if (!(options_.predicts_above && least == 0)) low_ = {least, Try(least)};
    if (low_.nfe < options_.target) {  // nothing predicts more
      result_.nfe_below = low_.nfe;
      return std::move(result_);
    }
    double delta = FirstGuess();
    while (!Close() && result_.probes < options_.max_probes) {
      const double before = (low_.nfe - high_.nfe);
      const double nfe = Try(delta);
      (nfe > options_.target ? low_ : high_) = {delta, nfe};
      if (low_.delta > 0 && high_.delta / low_.delta < 1 + 10 * kMargin) break;
      // A guess that did not halve what is open is followed by a plain halving.
      halved_ = !halved_ && low_.nfe - high_.nfe > before / 2;
      delta = halved_ ? Halve() : Guess();
      if (!(delta > low_.delta && delta < high_.delta)) delta = Halve();
    }
    result_.nfe_above = low_.nfe;
    result_.nfe_below = high_.nfe;
    return std::move(result_);
  }

 private:
  struct End {
    double delta = 0, nfe = 0;
  };

  // The search goes along a delta that predicts the less the larger it is. Where the option is the other way round,
  // that is its inverse.
  double Turned(double delta) const { return options_.predicts_above ? delta : 1 / delta; }
  DeltaProbe Probe(double delta, const std::vector<int>& which) const {
    DeltaProbe seen = probe_(Turned(delta), which);
    if (options_.predicts_above) return seen;
    for (auto& interval : seen.samples) interval = {1 / interval.high, 1 / interval.low, interval.nfe};
    for (auto* turns : {&seen.predicted, &seen.skipped})
      for (double& turn : *turns) turn = 1 / turn;
    return seen;
  }
  double ShortestOption(double delta, double low, double high) const {
    return options_.predicts_above ? Shortest(delta, low, high, options_.least, options_.most)
                                   : Shortest(1 / delta, 1 / high, 1 / low, options_.least, options_.most);
  }

  // Near enough to stop. The mean of n whole numbers cannot be closer than half of 1 / n in general.
  bool Close() const { return best_ <= std::max(options_.tolerance, 0.5 / static_cast<double>(known_.size())) + 1e-9; }

  const DeltaInterval* Find(size_t sample, double delta) const {
    for (const auto& interval : known_[sample])
      if (delta > interval.low * (1 + kMargin) && delta < interval.high * (1 - kMargin)) return &interval;
    return nullptr;
  }

  double Try(double delta) {
    std::vector<int> which;
    for (size_t s = 0; s < known_.size(); ++s)
      if (!Find(s, delta)) which.push_back(static_cast<int>(s));
    std::vector<DeltaInterval> here(known_.size());
    if (!which.empty()) {
      const DeltaProbe seen = Probe(delta, which);
      for (size_t k = 0; k < which.size(); ++k) {
        here[which[k]] = seen.samples[k];
        known_[which[k]].push_back(seen.samples[k]);
      }
      for (const double ratio : seen.predicted) turns_.push_back(ratio);
      for (const double ratio : seen.skipped) turns_.push_back(ratio);
    }
    double sum = 0, low = 0, high = HUGE_VAL;
    int least = calls_, most = 0;
    for (size_t s = 0; s < known_.size(); ++s) {
      if (const DeltaInterval* interval = Find(s, delta)) here[s] = *interval;
      sum += here[s].nfe;
      least = std::min(least, here[s].nfe);
      most = std::max(most, here[s].nfe);
      low = std::max(low, here[s].low);
      high = std::min(high, here[s].high);
    }
    ++result_.probes;
    const double nfe = sum / static_cast<double>(known_.size());
    result_.nfe_of_probes += nfe;
    if (std::abs(nfe - options_.target) < best_) {
      best_ = std::abs(nfe - options_.target);
      result_.delta = ShortestOption(delta, low, high);
      result_.nfe = nfe;
      result_.nfe_min = least;
      result_.nfe_max = most;
      result_.reached = Close();
    }
    return nfe;
  }

  // Where decisions turned on the trajectory that skips most: the share of them that has to predict.
  double FirstGuess() const {
    const double share = (options_.target - high_.nfe) / std::max(1.0, calls_ - high_.nfe);
    return Quantile(1 - std::clamp(share, 0.0, 1.0), low_.delta, high_.delta);
  }

  // The same between the two ends.
  double Guess() const {
    const double share = (low_.nfe - options_.target) / std::max(1e-9, low_.nfe - high_.nfe);
    return Quantile(share, low_.delta, high_.delta);
  }

  double Quantile(double share, double low, double high) const {
    std::vector<double> between;
    for (const double ratio : turns_)
      if (ratio > low && ratio < high) between.push_back(ratio);
    if (between.empty()) return Halve();
    std::sort(between.begin(), between.end());
    return between[std::min(between.size() - 1, static_cast<size_t>(share * static_cast<double>(between.size())))] *
           (1 + 3 * kMargin);
  }

  double Halve() const { return low_.delta > 0 ? std::sqrt(low_.delta * high_.delta) : high_.delta / 8; }

  const int calls_;
  const DeltaSearchOptions& options_;
  const std::function<DeltaProbe(double, const std::vector<int>&)>& probe_;
  std::vector<std::vector<DeltaInterval>> known_;  // of each sample
  std::vector<double> turns_;                      // deltas at which single decisions turn
  End low_, high_;                                 // too many predictions, too few (or as wanted)
  double best_ = HUGE_VAL;
  bool halved_ = false;  // the delta at hand is a plain halving, not a guess
  DeltaSearchResult result_;
};

}  // namespace

DeltaSearchResult SearchDelta(int samples, int calls, const DeltaSearchOptions& options,
                              const std::function<DeltaProbe(double, const std::vector<int>&)>& probe) {
  return DeltaSearch(samples, calls, options, probe).Run();
}

}  // namespace skipbench
