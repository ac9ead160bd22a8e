#include "methods/db_cache/calibrator.h"

#include <algorithm>

namespace skipbench {
namespace {

// a += factor b.
void Add(Weights* a, const Weights& b, double factor) {
  if (a->size() < b.size()) a->resize(b.size(), 0);
  for (size_t i = 0; i < b.size(); ++i) (*a)[i] += factor * b[i];
}

// The same sum, once there is one more full forward.
Weights Older(Weights weights) {
  weights.insert(weights.begin(), 0);
  return weights;
}

}  // namespace

void TaylorSeerCalibrator::Update(int call) {
  std::vector<Weights> now = {{1}};
  const bool forms = call >= first_;
  for (size_t j = 0; forms && j < derivatives_.size() && static_cast<int>(j) < order_; ++j) {
    Weights next = now[j];
    Add(&next, Older(derivatives_[j]), -1);
    for (double& weight : next) weight /= call - last_;
    now.push_back(std::move(next));
  }
  derivatives_ = std::move(now);
  last_ = call;
}

Weights TaylorSeerCalibrator::Approximate(int call) const {
  Weights sum;
  double factor = 1;
  for (size_t j = 0; j < derivatives_.size(); ++j) {
    if (j > 0) factor *= static_cast<double>(call - last_) / static_cast<double>(j);
    Add(&sum, derivatives_[j], factor);
  }
  return sum;
}

void FoCaCalibrator::Update(int call) {
  before_ = Older(newest_);
  if (static_cast<int>(before_.size()) > kHistory) before_.resize(kHistory);
  newest_ = {1};
  last_ = call;
  ++full_;
}

Weights FoCaCalibrator::Approximate(int call) {
  if (full_ < 2) return {1};
  const int elapsed = call - last_, horizon = std::min(elapsed, 3);
  Weights step = {1, -1};
  Add(&step, newest_, 1);
  Add(&step, before_, -1);
  Weights forecast = {1};
  Add(&forecast, step, (elapsed > 3 ? 3.0 / elapsed : 1.0) * horizon / 2);
  before_ = std::move(newest_);
  newest_ = forecast;
  return forecast;
}

}  // namespace skipbench
