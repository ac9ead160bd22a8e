// A sampler for one policy, of real vectors and without a network: what it shows are sums that a trajectory can have.
#pragma once

#include <ATen/ATen.h>

#include <cmath>
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

  // Goes through a call as decided, and shows what came of it.
  Observation Step(int call, const Decision& decision) {
    if (decision.action != Action::kReuse || predictions_.empty()) {
      std::vector<double> prediction;
      for (size_t k = 0; k < latent_.size(); ++k)
        prediction.push_back(std::sin(2 * latent_[k] + 0.3 * call + wobble_) +
                             (decision.action == Action::kShallow ? 0.05 : 0));
      predictions_.insert(predictions_.begin(), prediction);
    } else {
      predictions_.insert(predictions_.begin(), std::vector<double>(predictions_[0]));
    }
    for (size_t k = 0; k < latent_.size(); ++k) latent_[k] -= 0.08 * predictions_[0][k];
    latents_.insert(latents_.begin(), latent_);
    Observation seen;
    seen.action = decision.action;
    seen.elements = static_cast<int64_t>(latent_.size());
    seen.latent = Sums(latents_, needs_.latent_order);
    seen.prediction = Sums(predictions_, needs_.prediction_order);
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
  std::vector<at::Tensor> tensors_;
};

}  // namespace skipbench::testing
