// Fits what tea_cache rescales by: the polynomial that turns the relative change of a signal into that of the output.
#pragma once

#include "harness/experiment/calibrate/full_runs.h"

namespace skipbench {

struct OutputChangeFit {
  ProbeSite::Signal signal = ProbeSite::Signal::kModulatedInput;
  std::vector<double> coefficients;  // highest power first
  double least = 0, most = 0;        // changes of the signal that it was fitted to
  double error = 0;                  // root mean square, of changes of the output
  int64_t points = 0;
};

// Least squares over all calls but the first of the first `samples`: mean|m_i - m_{i-1}| / mean|m_{i-1}| against
// mean|o_i - o_{i-1}| / mean|o_{i-1}|, both guidance rows together; one for each signal that the network shows before
// its blocks. Throws UnsupportedError where it shows none, Error where OnlyFullRun() does, or where there are fewer
// points than coefficients.
std::vector<OutputChangeFit> FitOutputChange(
    const Plan& plan, int64_t samples, int order,
    const std::function<void(double share, const std::string& what)>& progress);

// Coefficients, highest power first, of the polynomial of least squares through (x, y); as many points as coefficients
// at least.
std::vector<double> FitPolynomial(const std::vector<double>& x, const std::vector<double>& y, int order);

}  // namespace skipbench
