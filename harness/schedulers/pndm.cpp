#include "harness/schedulers/pndm.h"

#include <ATen/ATen.h>

#include <cmath>

#include "harness/schedulers/prediction.h"
#include "harness/schedulers/scheduler_base.h"

namespace skipbench {
namespace {

constexpr int kRungeKuttaCalls = 12;  // three steps of four predictions

const OptionTable<PndmOptions>& Table() {
  static const OptionTable<PndmOptions> table =
      OptionTable<PndmOptions>(
          "pndm",
          {PredictionField(&PndmOptions::prediction_type, {"epsilon", "v_prediction"}),
           Field("set_alpha_to_one", &PndmOptions::set_alpha_to_one).Help("no noise is left behind the last step"),
           Field("skip_prk_steps", &PndmOptions::skip_prk_steps)
               .Help("no Runge-Kutta steps at the start: steps + 1 predictions instead of steps + 9")})
          .Include(&PndmOptions::spacing, SpacingTable())
          .Include(&PndmOptions::noise, NoiseScheduleTable({.zero_snr = false}));
  return table;
}

// Histories, newest first. PLMS: the last predictions ε (at most three); after call 0 also the sample before it, from
// which call 1 starts again. Within a Runge-Kutta step: the sample it started from, the sum so far, then its first
// predictions.
class Pndm final : public SchedulerBase {
 public:
  Pndm(const PndmOptions& options, int steps)
      : SchedulerBase("pndm", steps), prediction_(PredictionOf(options.prediction_type)) {
    prediction_type_ = NameOf(prediction_);
    alpha_bar_ = AlphasCumprod<float>(options.noise);
    final_alpha_bar_ = options.set_alpha_to_one ? 1.0f : alpha_bar_[0];
    const std::vector<int> times = IntegerTimesteps(options.spacing, options.noise.num_train_timesteps, steps);
    const int stride = options.noise.num_train_timesteps / steps;
    if (options.skip_prk_steps) {
      AddFirstPlmsSteps(times, stride);
    } else {
      if (steps < 4)
        FailOption("steps", "Runge-Kutta steps (skip_prk_steps false) need at least 4 steps, found {}", steps);
      runge_kutta_calls_ = kRungeKuttaCalls;
      AddRungeKuttaSteps(times, stride);
      for (size_t i = 3; i < times.size(); ++i) Add(times[i], times[i], times[i] - stride);
    }
    noise_levels_.push_back(LevelOf(AlphaBar(times.back() - stride)));
  }

  StepResult Step(const at::Tensor& x, const at::Tensor& model_output, int call, const SchedulerState& state,
                  const at::Tensor& noise) const override {
    CheckStep(x, model_output, call, state, HistoryBefore(call), noise);
    if (call < runge_kutta_calls_) return RungeKutta(x, model_output, call, state);
    return Plms(x, model_output, call, state);
  }

 private:
  struct Call {
    double alpha, sigma;  // sqrt(ᾱ), sqrt(1 − ᾱ) where the call starts
    double x, epsilon;    // equation 11: x' = x · sample + epsilon · ε
  };

  float AlphaBar(int t) const { return t >= 0 ? alpha_bar_[t] : final_alpha_bar_; }
  static NoiseLevel LevelOf(float alpha_bar) { return {std::sqrt(alpha_bar), std::sqrt(1 - alpha_bar)}; }

  void Add(int told, int from, int to) {
    // Equation 11 (diffusers: "formula (9)"), φ(x_t, ε, t, t'), with ᾱ_t = a and ᾱ_t' = b:
    // x' = sqrt(b/a) x − (b − a) ε / (sqrt(a) (sqrt((1 − b) a) + sqrt((1 − a) b)))
    const float a = alpha_bar_[from];
    const float b = AlphaBar(to);
    const float denominator = a * std::sqrt(1 - b) + std::sqrt(a * (1 - a) * b);
    timesteps_.push_back(told);
    noise_levels_.push_back(LevelOf(alpha_bar_[told]));
    calls_.push_back({std::sqrt(a), std::sqrt(1 - a), std::sqrt(b / a), -(b - a) / denominator});
  }

  // The first timestep is taken twice: from the start to the second timestep, then there again with the mean of both
  // predictions.
  void AddFirstPlmsSteps(const std::vector<int>& times, int stride) {
    Add(times[0], times[0], times[0] - stride);
    if (times.size() == 1) return;
    Add(times[1], times[1] + stride, times[1]);
    for (size_t i = 1; i < times.size(); ++i) Add(times[i], times[i], times[i] - stride);
  }

  // Each step goes from t over the half-way time to the next t: predictions at t, half-way twice, next t.
  void AddRungeKuttaSteps(const std::vector<int>& times, int stride) {
    for (int step = 0; step < 3; ++step) {
      const int start = times[step];
      const int end = times[step + 1];
      const int half = end + stride / 2;
      Add(start, start, start - stride / 2);
      Add(half, start, half);
      Add(half, start, half - stride / 2);
      Add(end, start, end);
    }
  }

  size_t HistoryBefore(int call) const {
    if (call < runge_kutta_calls_) return call % 4 == 0 ? call / 4 : 2 + call / 4 + 1;
    if (runge_kutta_calls_ > 0) return 3;
    constexpr size_t kPlms[] = {0, 2, 1, 2};  // ε0 and x0; ε0; ε2, ε0
    return call < 4 ? kPlms[call] : 3;
  }

  at::Tensor Transfer(const at::Tensor& x, const at::Tensor& prediction, int call) const {
    const Call& c = calls_[call];
    const at::Tensor epsilon = PredictEpsilon(prediction_, x, prediction, c.alpha, c.sigma);
    return at::mul(x, c.x).add_(epsilon, c.epsilon);
  }

  // Equation 13, classical Runge-Kutta on φ.
  StepResult RungeKutta(const at::Tensor& x, const at::Tensor& output, int call, const SchedulerState& state) const {
    const auto& history = state.history;
    if (call % 4 == 0) {
      SchedulerState next{{x, at::mul(output, 1.0 / 6), output}};
      next.history.insert(next.history.end(), history.begin(), history.end());
      return {Transfer(x, output, call), next};
    }
    const at::Tensor& start = history[0];
    const at::Tensor sum = at::add(history[1], output, call % 4 == 3 ? 1.0 / 6 : 1.0 / 3);
    if (call % 4 == 3) return {Transfer(start, sum, call), {{history.begin() + 2, history.end()}}};
    SchedulerState next = state;
    next.history[1] = sum;
    return {Transfer(start, output, call), next};
  }

  // Equation 12, Adams-Bashforth of the order that the history allows.
  StepResult Plms(const at::Tensor& x, const at::Tensor& e, int call, const SchedulerState& state) const {
    const auto& h = state.history;
    if (h.empty()) return {Transfer(x, e, call), {{e, x}}};
    if (runge_kutta_calls_ == 0 && call == 1) return {Transfer(h[1], at::add(e, h[0]).div_(2), call), {{h[0]}}};
    static const std::vector<double> kWeights[] = {
        {1.5, -0.5}, {23.0 / 12, -16.0 / 12, 5.0 / 12}, {55.0 / 24, -59.0 / 24, 37.0 / 24, -9.0 / 24}};
    const std::vector<double>& weights = kWeights[h.size() - 1];
    at::Tensor prediction = at::mul(e, weights[0]);
    SchedulerState next{{e}};
    for (size_t i = 0; i < h.size(); ++i) {
      prediction.add_(h[i], weights[i + 1]);
      if (i < 2) next.history.push_back(h[i]);
    }
    return {Transfer(x, prediction, call), next};
  }

  Prediction prediction_;
  std::vector<float> alpha_bar_;
  float final_alpha_bar_ = 1;
  int runge_kutta_calls_ = 0;
  std::vector<Call> calls_;
};

}  // namespace

std::shared_ptr<const Scheduler> MakePndm(const PndmOptions& options, int steps) {
  Table().Validate(options);
  return std::make_shared<Pndm>(options, steps);
}

SchedulerType PndmType() {
  return DeclareScheduler(
      "PNDMScheduler",
      "pseudo numerical methods: linear multistep, with Runge-Kutta steps at the start (arXiv 2202.09778)", Table(),
      MakePndm);
}

}  // namespace skipbench
