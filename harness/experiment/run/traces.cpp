#include "harness/experiment/run/traces.h"

#include <cmath>
#include <limits>

namespace skipbench {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Differences of order 1 to 3 of one series (latents or predictions), and relative to what the series was a call
// before: order 1 to the value, orders 2 and 3 to its step.
void AddSeries(const std::string& name, const std::vector<CallTrace>& calls, DifferenceSums CallTrace::*series,
               int64_t elements, Trace* trace) {
  const auto mean = [&](double sum) { return sum / static_cast<double>(elements); };
  for (size_t order = 1; order <= 3; ++order) {
    std::vector<double> absolute, relative;
    for (size_t call = 0; call < calls.size(); ++call) {
      absolute.push_back(mean((calls[call].*series).abs[order - 1]));
      const DifferenceSums* before = call > 0 ? &(calls[call - 1].*series) : nullptr;
      const double yardstick = !before ? kNaN : mean(order == 1 ? before->self_abs : before->abs[0]);
      // A prediction that was used again has not moved: 0 relative to 0 is 0.
      relative.push_back(absolute.back() == 0 && yardstick == 0 ? 0 : absolute.back() / yardstick);
    }
    (*trace)[name + "_difference_" + std::to_string(order)] = std::move(absolute);
    (*trace)[name + "_relative_" + std::to_string(order)] = std::move(relative);
  }
}

}  // namespace

const std::vector<std::string>& DifferenceTraceNames() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const auto& [name, values] : DifferenceTraces({}, 1)) all.push_back(name);
    return all;
  }();
  return names;
}

Trace DifferenceTraces(const std::vector<CallTrace>& calls, int64_t elements) {
  Trace trace;
  AddSeries("latent", calls, &CallTrace::latent, elements, &trace);
  AddSeries("prediction", calls, &CallTrace::prediction, elements, &trace);
  std::vector<double> l2, relative;
  for (const auto& call : calls) {
    l2.push_back(std::sqrt(call.error_square));
    relative.push_back(call.error_square == 0 ? 0 : std::sqrt(call.error_square / call.reference_square));
  }
  trace["latent_error_l2"] = std::move(l2);
  trace["latent_error_l2_relative"] = std::move(relative);
  return trace;
}

}  // namespace skipbench
