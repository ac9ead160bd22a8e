// A sampler for one policy, of real vectors and without a network: what it shows are sums that a trajectory can have.
#pragma once

#include <ATen/ATen.h>

#include <cmath>
#include <map>
#include <vector>

#include "harness/sampling/method.h"

namespace skipbench::testing {

class SmallTrajectory {
 public:
  // `wobble`: another trajectory. `unasked`: what stands where the method asked for nothing.
  SmallTrajectory(const Method& method, double wobble, double unasked = kNotShown)
      : needs_(method.Observes()),
        wobble_(wobble),
        unasked_(unasked),
        latent_(method.DecisionScope() == Scope::kGroup ? 60 : 30) {
    for (size_t k = 0; k < latent_.size(); ++k) latent_[k] = std::cos(0.7 * static_cast<double>(k) + wobble);
  }

  // Shows a policy what it asks to see before a call.
  void Show(int call, Policy* policy) {
    const auto site = policy->Probe(call);
    if (!site) return;
    Signal& signal = signals_[*site];
    signal.now.clear();
    for (const double x : latent_)
      signal.now.push_back(std::sin(x + 0.1 * static_cast<double>(site->signal)) + 0.02 * call * site->front);
    ProbeSums seen{.elements = static_cast<int64_t>(latent_.size()), .self_abs = SumAbs(signal.now)};
    const auto compare = [&](const std::vector<double>& then, double* change, double* abs, double* ratio) {
      if (then.empty()) return;
      *change = SumAbs(signal.now, then);
      *abs = SumAbs(then);
      *ratio = *change / *abs;
    };
    compare(signal.previous, &seen.previous_change, &seen.previous_abs, &seen.previous_ratio);
    compare(signal.computed, &seen.computed_change, &seen.computed_abs, &seen.computed_ratio);
    policy->ObserveProbe(call, seen);
  }

  // Goes through a call as decided, and shows what came of it.
  Observation Step(int call, const Decision& decision) {
    const bool predicts = decision.action == Action::kPredict;
    if (decision.action != Action::kReuse || predictions_.empty()) {
      std::vector<double> prediction;
      for (size_t k = 0; k < latent_.size(); ++k)
        prediction.push_back(std::sin(2 * latent_[k] + 0.3 * call + wobble_) + (predicts ? 0 : 0.05));
      predictions_.insert(predictions_.begin(), prediction);
    } else {
      predictions_.insert(predictions_.begin(), std::vector<double>(predictions_[0]));
    }
    for (auto& [site, signal] : signals_) {
      signal.previous = signal.now;
      if (predicts) signal.computed = signal.now;
    }
    for (size_t k = 0; k < latent_.size(); ++k) latent_[k] -= 0.08 * predictions_[0][k];
    latents_.insert(latents_.begin(), latent_);
    Observation seen;
    seen.action = decision.action;
    seen.elements = static_cast<int64_t>(latent_.size());
    seen.latent = Sums(latents_, needs_.latent_order);
    seen.prediction = Sums(predictions_, needs_.prediction_order);
    seen.output = OutputOf(predicts);
    if (needs_.tensors) {
      tensors_.clear();
      for (size_t begin = 0; begin < latent_.size(); begin += 30)
        tensors_.push_back(at::tensor(std::vector<double>(latent_.begin() + static_cast<int64_t>(begin),
                                                          latent_.begin() + static_cast<int64_t>(begin) + 30)));
      seen.latents = tensors_;
    }
    return seen;
  }

 private:
  struct Signal {
    std::vector<double> now, previous, computed;
  };

  static double SumAbs(const std::vector<double>& a, const std::vector<double>& b = {}) {
    double sum = 0;
    for (size_t k = 0; k < a.size(); ++k) sum += std::abs(a[k] - (b.empty() ? 0 : b[k]));
    return sum;
  }

  OutputSums OutputOf(bool predicts) {
    OutputSums sums{.elements = static_cast<int64_t>(latent_.size()), .self_abs = unasked_, .change = unasked_};
    if (!predicts) return needs_.output ? OutputSums{.elements = sums.elements} : sums;
    if (needs_.output) {
      sums.self_abs = SumAbs(predictions_[0]);
      sums.change = output_.empty() ? kNotShown : SumAbs(predictions_[0], output_);
    }
    output_ = predictions_[0];
    return sums;
  }

  // By the definition in method.h; `history`: the newest first.
  DifferenceSums Sums(const std::vector<std::vector<double>>& history, int asked) const {
    DifferenceSums sums;
    sums.abs.fill(unasked_);
    sums.square.fill(unasked_);
    sums.self_abs = sums.self_square = unasked_;
    if (asked == 0) return sums;
    const double weights[4][4] = {{1}, {1, -1}, {1, -2, 1}, {1, -3, 3, -1}};
    for (int order = 0; order <= asked; ++order) {
      double abs = 0, square = 0;
      const bool there = static_cast<int>(history.size()) > order;
      for (size_t k = 0; there && k < latent_.size(); ++k) {
        double difference = 0;
        for (int i = 0; i <= order; ++i) difference += weights[order][i] * history[static_cast<size_t>(i)][k];
        abs += std::abs(difference);
        square += difference * difference;
      }
      (order ? sums.abs[static_cast<size_t>(order) - 1] : sums.self_abs) = there ? abs : kNotShown;
      (order ? sums.square[static_cast<size_t>(order) - 1] : sums.self_square) = there ? square : kNotShown;
    }
    return sums;
  }

  Needs needs_;
  double wobble_, unasked_;
  std::vector<double> latent_;
  std::vector<std::vector<double>> latents_, predictions_;  // newest first
  std::map<ProbeSite, Signal> signals_;
  std::vector<double> output_;  // of the last full forward
  std::vector<at::Tensor> tensors_;
};

}  // namespace skipbench::testing
