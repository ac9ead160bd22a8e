// cache-dit's calibrators: forecasts of a residual, as weights of those of the full forwards so far, newest first.
#pragma once

#include <vector>

namespace skipbench {

using Weights = std::vector<double>;

// sum_j D_j k^j / j!, k calls after the last full forward; D_0 the residual, D_{j+1} = (D_j - D_j of the full forward
// before) / calls between the two, as far as there are any.
class TaylorSeerCalibrator {
 public:
  // `first`: the call from which on derivatives are formed; cache-dit: 3, since its counter runs one behind and has to
  // exceed 1.
  TaylorSeerCalibrator(int order, int first) : order_(order), first_(first) {}
  void Update(int call);  // a full forward
  Weights Approximate(int call) const;

 private:
  int order_, first_, last_ = -1;
  std::vector<Weights> derivatives_;  // D_0, D_1, ...
};

// Heun's rule from the last full forward F, k calls on: F + k/2 (F - F_before + P - P_before), with P and P_before the
// two newest of full forwards and forecasts; from k > 3 on 3/k of the way that k = 3 would go. Depends on all
// full forwards: weights are kept for `kHistory`, beyond which they are below float32's rounding.
class FoCaCalibrator {
 public:
  static constexpr int kHistory = 26;
  void Update(int call);
  Weights Approximate(int call);

 private:
  int last_ = -1, full_ = 0;
  Weights newest_, before_;  // P, P_before
};

}  // namespace skipbench
