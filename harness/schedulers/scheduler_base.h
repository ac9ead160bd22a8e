// What all schedulers share: the tables that describe their calls, and the checks of what a caller hands in.
#pragma once

#include <string>
#include <vector>

#include "harness/base/error.h"
#include "harness/schedulers/scheduler.h"

namespace skipbench {

class SchedulerBase : public Scheduler {
 public:
  std::string type() const final { return type_; }
  int steps() const final { return steps_; }
  int calls() const final { return static_cast<int>(timesteps_.size()); }
  double timestep(int call) const final { return timesteps_[Checked(call)]; }
  double init_noise_sigma() const final { return init_noise_sigma_; }
  bool UsesNoise(int call) const final { return NoiseStd(call) != 0; }
  std::optional<NoiseLevel> noise_level(int call) const final;
  std::string prediction_type() const final { return prediction_type_; }

 protected:
  SchedulerBase(std::string type, int steps) : type_(std::move(type)), steps_(steps) {}

  // Throws Error for a call there is not.
  int Checked(int call) const;
  // Standard deviation of the noise that a call adds.
  double NoiseStd(int call) const;
  // Throws Error when the tensors do not fit one another, when the state is not the one that `call` continues, or when
  // the noise is missing. `history`: how many tensors the state has before `call`.
  void CheckStep(const at::Tensor& sample, const at::Tensor& model_output, int call, const SchedulerState& state,
                 size_t history, const at::Tensor& noise) const;

  std::vector<double> timesteps_;         // [calls]
  std::vector<double> noise_std_;         // [calls]; empty for a deterministic scheduler
  std::vector<NoiseLevel> noise_levels_;  // [calls + 1]
  std::string prediction_type_;
  double init_noise_sigma_ = 1;

 private:
  std::string type_;
  int steps_;
};

}  // namespace skipbench
