// A sampler for one policy, of real vectors and without a network: what it shows are sums that a trajectory can have.
#pragma once

#include <ATen/ATen.h>

#include <cmath>
#include <map>
#include <optional>
#include <utility>
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

  // What a sampler does with a policy in a call: it is asked what it wants to look at, is shown what came of the call
  // before and what it looks at, and decides; the trajectory goes through the call.
  Decision Next(Policy& policy, int call) {
    const std::optional<ProbeSite> site = policy.Probe(call);
    if (seen_ && needs_.tensors) seen_->latents = tensors_;  // a copy's own
    if (seen_) policy.Observe(call - 1, *seen_);
    if (site) policy.ObserveProbe(call, Look(call, *site));
    Decision decision = policy.Decide(call);
    Pass(call, decision);
    return decision;
  }
  // As if that had been decided.
  void Pass(int call, const Decision& decision) { seen_ = Step(call, decision); }
  // After the last call.
  void Finish(Policy& policy, int call) {
    if (needs_.tensors) seen_->latents = tensors_;
    policy.Observe(call, *seen_);
  }

 private:
  Observation Step(int call, const Decision& decision) {
    previous_ = std::exchange(now_, {});
    if (decision.action == Action::kPredict) computed_ = previous_;
    if (decision.action != Action::kReuse || predictions_.empty()) {
      std::vector<double> prediction;
      for (size_t k = 0; k < latent_.size(); ++k)
        prediction.push_back(std::sin(2 * latent_[k] + 0.3 * call + wobble_) +
                             (decision.action == Action::kShallow || decision.action == Action::kCombine ? 0.05 : 0));
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
    seen.output.self_abs = seen.output.change = seen.output.rows_abs = unasked_;
    if (!needs_.output.empty()) {
      const bool full = decision.action == Action::kPredict;
      const double size = full ? SumAbs(predictions_[0]) : kNotShown;
      seen.output = {.elements = seen.elements,
                     .self_abs = size,
                     .change = full && !output_.empty() ? SumAbs(predictions_[0], output_) : kNotShown,
                     .changed_elements = seen.elements,
                     .rows_abs = size,
                     .rows_elements = seen.elements};
      if (full) output_ = predictions_[0];
    }
    const auto products = static_cast<size_t>(needs_.products);
    for (size_t i = 0; i < 2 * products; ++i)
      for (size_t j = 0; j < 2 * products; ++j) seen.products.push_back(Product(Vector(i), Vector(j)));
    if (needs_.tensors) {
      tensors_.clear();
      for (size_t begin = 0; begin < latent_.size(); begin += 30)
        tensors_.push_back(at::tensor(std::vector<double>(latent_.begin() + static_cast<int64_t>(begin),
                                                          latent_.begin() + static_cast<int64_t>(begin) + 30)));
      seen.latents = tensors_;
    }
    return seen;
  }

  // Some vector that changes with the latent, or with the call alone where the signal is of the time.
  ProbeSums Look(int call, const ProbeSite& site) {
    using Signal = ProbeSite::Signal;
    const bool of_time = site.signal == Signal::kTimeEmbedding || site.signal == Signal::kTimeProjection;
    std::vector<double> now;
    for (size_t k = 0; k < latent_.size(); ++k)
      now.push_back(of_time ? std::cos(0.2 * call + static_cast<double>(k))
                            : latent_[k] + site.front * std::sin(2 * latent_[k] + 0.3 * call));
    ProbeSums seen{.elements = static_cast<int64_t>(now.size()), .self_abs = SumAbs(now)};
    if (const auto then = previous_.find(site); then != previous_.end()) {
      seen.previous_change = SumAbs(now, then->second), seen.previous_abs = SumAbs(then->second);
      seen.previous_ratio = seen.previous_change / seen.previous_abs;
    }
    if (const auto then = computed_.find(site); then != computed_.end()) {
      seen.computed_change = SumAbs(now, then->second), seen.computed_abs = SumAbs(then->second);
      seen.computed_ratio = seen.computed_change / seen.computed_abs;
    }
    now_[site] = std::move(now);
    return seen;
  }

  static double SumAbs(const std::vector<double>& x, const std::vector<double>& y = {}) {
    double sum = 0;
    for (size_t k = 0; k < x.size(); ++k) sum += std::abs(x[k] - (y.empty() ? 0 : y[k]));
    return sum;
  }
  // Of Observation::products.
  std::vector<double> Vector(size_t i) const {
    const auto count = static_cast<size_t>(needs_.products);
    const auto& history = i < count ? latents_ : predictions_;
    const size_t back = i < count ? i : i - count;
    return back < history.size() ? history[back] : std::vector<double>{};
  }
  static double Product(const std::vector<double>& x, const std::vector<double>& y) {
    if (x.empty() || y.empty()) return kNotShown;
    double sum = 0;
    for (size_t k = 0; k < x.size(); ++k) sum += x[k] * y[k];
    return sum;
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
  std::map<ProbeSite, std::vector<double>> now_, previous_, computed_;
  std::vector<double> output_;  // of the last full forward
  std::optional<Observation> seen_;
  std::vector<at::Tensor> tensors_;
};

}  // namespace skipbench::testing
