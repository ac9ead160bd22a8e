#include "harness/schedulers/ddim.h"

#include <ATen/ATen.h>

#include <cmath>

#include "harness/schedulers/noise_schedule.h"
#include "harness/schedulers/prediction.h"
#include "harness/schedulers/scheduler_base.h"
#include "harness/schedulers/spacing.h"

namespace skipbench {
namespace {

class Ddim final : public SchedulerBase {
 public:
  Ddim(const SchedulerOptions& options, int steps)
      : SchedulerBase("ddim", steps), prediction_(ReadPrediction(options)), limits_(ReadX0Limits(options, /*with_clip=*/true)) {
    const std::vector<float> alpha_bar = ReadAlphasCumprod<float>(options);
    const float final_alpha_bar = options.Bool("set_alpha_to_one", true) ? 1.0f : alpha_bar[0];
    const auto eta = static_cast<float>(options.Double("eta", 0, 0, 1));
    const Spacing spacing = ReadSpacing(options, "leading");

    for (int t : IntegerTimesteps(options, spacing, steps)) {
      const int prev = t - spacing.train / steps;
      const float a = alpha_bar[t];
      const float a_prev = prev >= 0 ? alpha_bar[prev] : final_alpha_bar;
      if (a == 0) CheckZeroSignal(options, prediction_, limits_, t);
      // Equation 16: σ_t = η sqrt((1 − ᾱ_prev)/(1 − ᾱ_t)) sqrt(1 − ᾱ_t/ᾱ_prev)
      const float sigma = eta > 0 ? eta * std::sqrt((1 - a_prev) / (1 - a) * (1 - a / a_prev)) : 0.0f;
      timesteps_.push_back(t);
      noise_std_.push_back(sigma);
      calls_.push_back({.alpha = std::sqrt(a),
                        .sigma = std::sqrt(1 - a),
                        .alpha_prev = std::sqrt(a_prev),
                        .direction = std::sqrt(std::max(1 - a_prev - sigma * sigma, 0.0f))});
    }
  }

  bool ClipsSample() const override { return limits_.clip; }

  StepResult Step(const at::Tensor& x, const at::Tensor& model_output, int call, const SchedulerState& state,
                  const at::Tensor& noise) const override {
    CheckStep(x, model_output, call, state, 0, noise);
    const Call& c = calls_[call];
    const at::Tensor x0 = Limit(limits_, PredictX0(prediction_, x, model_output, c.alpha, c.sigma));
    const at::Tensor epsilon = PredictEpsilon(prediction_, x, model_output, c.alpha, c.sigma);
    // Equation 12: x_prev = sqrt(ᾱ_prev) x0 + sqrt(1 − ᾱ_prev − σ²) ε + σ n
    at::Tensor x_prev = at::mul(x0, c.alpha_prev).add_(epsilon, c.direction);
    if (UsesNoise(call)) x_prev.add_(noise, NoiseStd(call));
    return {x_prev, {}};
  }

 private:
  struct Call {
    double alpha, sigma;   // sqrt(ᾱ_t), sqrt(1 − ᾱ_t)
    double alpha_prev;     // sqrt(ᾱ_prev)
    double direction;      // sqrt(1 − ᾱ_prev − σ_t²)
  };
  Prediction prediction_;
  X0Limits limits_;
  std::vector<Call> calls_;
};

}  // namespace

std::shared_ptr<const Scheduler> MakeDdim(const SchedulerOptions& options, int steps) {
  return std::make_shared<Ddim>(options, steps);
}

}  // namespace skipbench
