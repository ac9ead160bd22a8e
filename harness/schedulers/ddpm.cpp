#include "harness/schedulers/ddpm.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "harness/base/portable_math.h"
#include "harness/schedulers/scheduler_base.h"

namespace skipbench {
namespace {

using portable::Exp;
using portable::Log;

const OptionTable<DdpmOptions>& Table() {
  static const OptionTable<DdpmOptions> table =
      OptionTable<DdpmOptions>("ddpm", {PredictionField(&DdpmOptions::prediction_type),
                                        Field("variance_type", &DdpmOptions::variance_type)
                                            .Supported({"fixed_small", "fixed_small_log", "fixed_large"})
                                            .Help("variance of the noise that a step adds")})
          .Include(&DdpmOptions::spacing, SpacingTable())
          .Include(&DdpmOptions::limits, X0LimitsTable(/*with_clip=*/true))
          .Include(&DdpmOptions::noise, NoiseScheduleTable({.sigmoid = true}));
  return table;
}

class Ddpm final : public SchedulerBase {
 public:
  Ddpm(const DdpmOptions& options, int steps)
      : SchedulerBase("ddpm", steps), prediction_(PredictionOf(options.prediction_type)), limits_(options.limits) {
    prediction_type_ = NameOf(prediction_);
    const std::vector<float> alpha_bar = AlphasCumprod<float>(options.noise);
    const std::vector<int> times = IntegerTimesteps(options.spacing, options.noise.num_train_timesteps, steps);

    for (size_t i = 0; i < times.size(); ++i) {
      const int t = times[i];
      const float a = alpha_bar[t];
      const float a_prev = i + 1 < times.size() ? alpha_bar[times[i + 1]] : 1.0f;
      if (a == 0) CheckZeroSignal(prediction_, limits_, t);
      const float alpha = a / a_prev;  // α_t and β_t of the shortened chain
      const float beta = 1 - alpha;
      timesteps_.push_back(t);
      noise_std_.push_back(t > 0 ? Std(options.variance_type, beta, (1 - a_prev) / (1 - a) * beta) : 0.0f);
      // Equation 7: μ = sqrt(ᾱ_prev) β/(1 − ᾱ) x0 + sqrt(α) (1 − ᾱ_prev)/(1 − ᾱ) x
      calls_.push_back({.alpha_bar_root = std::sqrt(a),
                        .sigma = std::sqrt(1 - a),
                        .x0 = std::sqrt(a_prev) * beta / (1 - a),
                        .x = std::sqrt(alpha) * (1 - a_prev) / (1 - a)});
      noise_levels_.push_back({calls_.back().alpha_bar_root, calls_.back().sigma});
    }
    noise_levels_.push_back({1, 0});
  }

  bool ClipsSample() const override { return limits_.clip; }

  StepResult Step(const at::Tensor& x, const at::Tensor& model_output, int call, const SchedulerState& state,
                  const at::Tensor& noise) const override {
    CheckStep(x, model_output, call, state, 0, noise);
    const Call& c = calls_[call];
    // Equation 15 gives x0, equation 7 the mean of the posterior.
    const at::Tensor x0 = Limit(limits_, PredictX0(prediction_, x, model_output, c.alpha_bar_root, c.sigma));
    at::Tensor x_prev = at::mul(x0, c.x0).add_(x, c.x);
    if (UsesNoise(call)) x_prev.add_(noise, NoiseStd(call));
    return {x_prev, {}};
  }

 private:
  // Section 3.2: both choices of σ² work; `posterior` is β̃_t, held above zero as in diffusers.
  static float Std(const std::string& variance_type, float beta, float posterior) {
    const float small = std::max(posterior, 1e-20f);
    if (variance_type == "fixed_large") return std::sqrt(beta);
    if (variance_type == "fixed_small_log") return Exp(0.5f * Log(small));
    return std::sqrt(small);
  }

  struct Call {
    double alpha_bar_root, sigma;  // sqrt(ᾱ_t), sqrt(1 − ᾱ_t)
    double x0, x;                  // weights of x0 and x_t in the mean
  };
  Prediction prediction_;
  X0Limits limits_;
  std::vector<Call> calls_;
};

}  // namespace

std::shared_ptr<const Scheduler> MakeDdpm(const DdpmOptions& options, int steps) {
  Table().Validate(options);
  return std::make_shared<Ddpm>(options, steps);
}

SchedulerType DdpmType() { return DeclareScheduler("DDPMScheduler", "DDPM (arXiv 2006.11239)", Table(), MakeDdpm); }

}  // namespace skipbench
