// What a scheduler (sampler) is to skipbench: an immutable description of one run's calls, and a step that maps
// explicit state to explicit state. Names and numbers are diffusers'.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <string>
#include <vector>

namespace skipbench {

// What a scheduler remembers between calls, for n trajectories at once: tensors [n, C, ...], newest first; how many and
// what they are is the scheduler's business and depends on the call index only. Rows are independent, so a trajectory
// can be taken out, copied or put into another batch. Tensors are never written in place: copying a state copies
// handles.
struct SchedulerState {
  std::vector<at::Tensor> history;
};

struct StepResult {
  at::Tensor sample;  // [n, C, ...], the latent after the call (diffusers' prev_sample)
  SchedulerState state;
};

// x_t = alpha x_0 + sigma noise, of a latent as the network is given it.
struct NoiseLevel {
  double alpha = 1, sigma = 0;
  double scale = 1;  // the network is given the latent times this
};

// One scheduler set to one number of steps. Immutable, so trajectories may share it. Everything is indexed by *call*
// (0-based): PNDM makes steps + 1 calls, DPM-Solver++ of order 2 with solver "heun" still one a timestep.
class Scheduler {
 public:
  virtual ~Scheduler() = default;

  virtual std::string type() const = 0;         // "ddim", as in a config
  virtual int steps() const = 0;                // the number of steps that was asked for
  virtual int calls() const = 0;                // the number of network predictions = step() calls
  virtual double timestep(int call) const = 0;  // what the network is told; may be fractional (Euler)
  virtual double init_noise_sigma() const = 0;  // the initial latent is unit noise times this
  virtual bool UsesNoise(int call) const = 0;   // whether this call's noise can change the sample
  // Whether predicted samples are clipped to a range, as pixels may be.
  virtual bool ClipsSample() const { return false; }

  // Of the latent before `call`, as ScaleModelInput makes it, at the level that the call takes it to be of; call =
  // calls(): of the last latent as it is. alpha^2 + sigma^2 = 1, in flow matching alpha + sigma = 1 (after the last
  // call also alpha = 1, where the scheduler scales its input). Nothing: the scheduler does not say.
  virtual std::optional<NoiseLevel> noise_level(int call) const { return std::nullopt; }

  // The network's input for `call`. Default: the sample itself.
  virtual at::Tensor ScaleModelInput(const at::Tensor& sample, int call) const { return sample; }

  // What the network predicts, as option prediction_type has it: "epsilon", "sample", "v_prediction",
  // "flow_prediction";
  // "": the scheduler does not say.
  virtual std::string prediction_type() const { return ""; }

  // One step of all n rows. `model_output` [n, C, ...] is the guided prediction (or with learned variance removed);
  // `noise` [n, C, ...] float32 unit noise, needed (defined) only where UsesNoise(call). Call 0 takes SchedulerState{}.
  virtual StepResult Step(const at::Tensor& sample, const at::Tensor& model_output, int call,
                          const SchedulerState& state, const at::Tensor& noise) const = 0;
};

}  // namespace skipbench
