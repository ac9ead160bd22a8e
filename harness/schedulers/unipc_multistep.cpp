#include "harness/schedulers/unipc_multistep.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "harness/base/portable_math.h"
#include "harness/schedulers/scheduler_base.h"
#include "harness/schedulers/unipc_schedule.h"

namespace skipbench {
namespace {

using Options = UniPcMultistepOptions;

OptionTable<Options> MakeTable() {
  OptionTable<Options> table(
      "unipc_multistep",
      {PredictionField(&Options::prediction_type, {"epsilon", "sample", "v_prediction", "flow_prediction"}),
       Field("solver_order", &Options::solver_order)
           .Min(1)
           .Max(8)
           .Help("order of the predictor; the corrector's is one more"),
       Field("solver_type", &Options::solver_type)
           .Supported({"bh2", "bh1", "midpoint", "heun", "logrho"})
           .Help("B(h): bh2: e^h - 1, bh1: h; DPM-Solver's names count as bh2"),
       Field("predict_x0", &Options::predict_x0).Help("integrate the data prediction; false: the noise prediction"),
       Field("lower_order_final", &Options::lower_order_final).Help("the orders of the last steps go down to 1"),
       Field("disable_corrector", &Options::disable_corrector)
           .Min(0)
           .Default("[]")
           .Help("calls whose samples are not corrected"),
       Field("final_sigmas_type", &Options::final_sigmas_type)
           .Supported({"zero", "sigma_min"})
           .Help("the last sigma; bh1 and predict_x0 false need sigma_min"),
       Field("use_flow_sigmas", &Options::use_flow_sigmas).Help("flow matching: x = (1 - sigma) x0 + sigma noise"),
       Field("flow_shift", &Options::flow_shift)
           .Min(1e-6)
           .Max(1e6)
           .Help("of sigma, s in s sigma / (1 + (s - 1) sigma), with use_flow_sigmas"),
       Field("shift_terminal", &Options::shift_terminal)
           .Min(0)
           .Max(0.999999)
           .When([](const Options& o) { return o.use_flow_sigmas; }, "only with use_flow_sigmas")
           .Help("sigma of the last step, which the others are stretched to; 0: as it comes"),
       Field("sigma_min", &Options::sigma_min)
           .Min(1e-10)
           .Default("sigma of the last training timestep")
           .Help("smallest sigma where a rule places them"),
       Field("sigma_max", &Options::sigma_max)
           .Min(1e-10)
           .Default("sigma of the first training timestep")
           .Help("largest sigma where a rule places them"),
       Field("solver_p", &Options::solver_p).FromFile()});
  table.Include(&Options::dynamic, FlowShiftTable({"exponential"}))
      .Include(&Options::tokens, FileTokenShiftTable())
      .Include(&Options::rules, SigmaRulesTable(/*with_lu=*/false))
      .Include(&Options::spacing, SpacingTable())
      .Include(&Options::limits, X0LimitsTable(/*with_clip=*/false))
      .Include(&Options::noise, NoiseScheduleTable());
  table.Rule([](const Options& o) {
    if (!o.solver_p.is_null()) FailUnsupportedOption("solver_p", "another scheduler as the predictor is not supported");
    if (o.prediction_type == "flow_prediction" && !(o.use_flow_sigmas && o.predict_x0))
      FailOption("prediction_type", "flow_prediction needs use_flow_sigmas true and predict_x0 true");
    if (o.use_flow_sigmas && (o.rules.use_exponential_sigmas || o.rules.use_beta_sigmas))
      FailOption("use_flow_sigmas",
                 "cannot be true with use_exponential_sigmas or use_beta_sigmas: their sigma are above 1");
    // What these steps divide by is infinite at σ = 0; diffusers' samples are not finite there.
    if (o.final_sigmas_type == "zero" && (o.solver_type == "bh1" || !o.predict_x0))
      FailOption("final_sigmas_type", "zero makes the last step infinite with {}; use sigma_min",
                 o.predict_x0 ? "solver_type bh1" : "predict_x0 false");
    if (o.final_sigmas_type == "zero" && o.solver_order > 1 && !o.lower_order_final)
      FailOption("lower_order_final", "false makes the last step infinite with final_sigmas_type zero; use sigma_min");
  });
  return table;
}

void Resolve(Options* options, int) {
  FlowShift& shift = options->dynamic;
  if (options->use_flow_sigmas && shift.use_dynamic_shifting && !shift.mu && options->tokens.image_seq_len)
    shift.mu = MuOf(options->tokens);
}

// A noise level in the notation of the paper: x = α x0 + σ ε, λ = log(α/σ), of the float32 σ of the schedule.
struct Level {
  double alpha, sigma, lambda;
};

Level LevelOf(double sigma, bool flow) {
  const double alpha = flow ? 1 - sigma : 1 / std::sqrt(sigma * sigma + 1);
  const double noise = flow ? sigma : sigma * alpha;
  return {alpha, noise, portable::Log(alpha) - portable::Log(noise)};
}

// A step in terms of a sample and the values that are integrated: x · sample + Σ m[k] m_k, newest first, + ahead · (the
// value where the step ends, which the corrector has).
struct Weights {
  double x = 1;
  std::vector<double> m;
  double ahead = 0;
};

// The sums Σ_{j≥1} z^j/(j + k)! for k = 1 to n: φ_{k+1}(z) z of the paper's equation 5.
std::vector<double> PhiSums(double z, int n) {
  std::vector<double> sums;
  double factorial = 1;  // k!
  for (int k = 1; k <= n; ++k) {
    factorial *= k;
    if (std::fabs(z) < 1) {  // where the recurrence would cancel
      double term = 1 / factorial, sum = 0;
      for (int j = 1; j < 24; ++j) sum += term *= z / (j + k);
      sums.push_back(sum);
    } else {
      sums.push_back(k == 1 ? (portable::Exp(z) - 1) / z - 1 : sums.back() / z - 1 / factorial);
    }
  }
  return sums;
}

// ρ with Σ_k r_k^i ρ_k = b_i for i = 0 to n - 1, by elimination with pivots.
std::vector<double> SolveVandermonde(const std::vector<double>& r, std::vector<double> b) {
  const size_t n = b.size();
  std::vector<std::vector<double>> a(n, std::vector<double>(n, 1));
  for (size_t i = 1; i < n; ++i)
    for (size_t k = 0; k < n; ++k) a[i][k] = a[i - 1][k] * r[k];
  for (size_t c = 0; c < n; ++c) {
    size_t pivot = c;
    for (size_t i = c + 1; i < n; ++i)
      if (std::fabs(a[i][c]) > std::fabs(a[pivot][c])) pivot = i;
    std::swap(a[c], a[pivot]);
    std::swap(b[c], b[pivot]);
    for (size_t i = c + 1; i < n; ++i) {
      const double factor = a[i][c] / a[c][c];
      for (size_t k = c; k < n; ++k) a[i][k] -= factor * a[c][k];
      b[i] -= factor * b[c];
    }
  }
  for (size_t c = n; c-- > 0;) {
    for (size_t k = c + 1; k < n; ++k) b[c] -= a[c][k] * b[k];
    b[c] /= a[c][c];
  }
  return b;
}

class UniPcMultistep final : public SchedulerBase {
 public:
  UniPcMultistep(const Options& options, int steps)
      : SchedulerBase("unipc_multistep", steps),
        prediction_(PredictionOf(options.prediction_type)),
        limits_(options.limits),
        order_(options.solver_order),
        predict_x0_(options.predict_x0),
        bh1_(options.solver_type == "bh1") {
    prediction_type_ = NameOf(prediction_);
    const UniPcSchedule schedule = MakeUniPcSchedule(options, steps);
    timesteps_ = schedule.timesteps;
    for (float sigma : schedule.sigmas) levels_.push_back(LevelOf(sigma, options.use_flow_sigmas));
    for (const Level& level : levels_) noise_levels_.push_back({level.alpha, level.sigma});
    int previous = 0;  // the order of the call before
    for (int i = 0; i < calls(); ++i) {
      const bool corrects = i > 0 && std::find(options.disable_corrector.begin(), options.disable_corrector.end(),
                                               i - 1) == options.disable_corrector.end();
      correctors_.push_back(corrects ? StepFrom(i - 1, previous, /*corrector=*/true) : Weights{});
      corrects_.push_back(corrects);
      const int order = std::min({order_, i + 1, options.lower_order_final ? calls() - i : order_});
      predictors_.push_back(StepFrom(i, order, /*corrector=*/false));
      previous = order;
    }
  }

  // The state holds the sample that the last call started from (corrected) and the last values, newest first.
  StepResult Step(const at::Tensor& sample, const at::Tensor& model_output, int call, const SchedulerState& state,
                  const at::Tensor& noise) const override {
    CheckStep(sample, model_output, call, state, call == 0 ? 0 : 1 + std::min(call, order_), noise);
    const at::Tensor m0 = ModelValue(sample, model_output, call);
    at::Tensor x = sample;
    SchedulerState next;
    if (corrects_[call]) {
      x = Apply(correctors_[call], state.history[0], state.history, 1);
      x = x.add_(m0, correctors_[call].ahead).to(sample.scalar_type());
    }
    next.history = {x, m0};
    for (size_t k = 1; k < state.history.size() && next.history.size() < static_cast<size_t>(order_) + 1; ++k)
      next.history.push_back(state.history[k]);
    return {Apply(predictors_[call], x, next.history, 1).to(sample.scalar_type()), std::move(next)};
  }

 private:
  // In float32, with values[first] as m_0.
  static at::Tensor Apply(const Weights& w, const at::Tensor& x, const std::vector<at::Tensor>& values, size_t first) {
    at::Tensor next = at::mul(x.to(at::kFloat), w.x);
    for (size_t k = 0; k < w.m.size(); ++k) next.add_(values[first + k], w.m[k]);
    return next;
  }

  // The step from level `from` to the next: UniP-p, or UniC-p with the value at its end (equations 3 and 8).
  Weights StepFrom(int from, int p, bool corrector) const {
    const Level& s = levels_[from];
    const Level& t = levels_[from + 1];
    if (t.sigma == s.sigma) return {1, std::vector<double>(p)};  // of no length
    const double h = t.lambda - s.lambda, z = predict_x0_ ? -h : h;
    const double growth = portable::Exp(z) - 1;
    const double scale = predict_x0_ ? t.alpha : t.sigma;
    Weights w{predict_x0_ ? t.sigma / s.sigma : t.alpha / s.alpha, std::vector<double>(p)};
    w.m[0] = -scale * growth;
    const int unknowns = corrector ? p : p - 1;
    if (unknowns > 0) {
      const double b_h = bh1_ ? z : growth;
      std::vector<double> r;  // where m_1, m_2, ... stand, in steps
      for (int k = 1; k < p; ++k) r.push_back((levels_[from - k].lambda - s.lambda) / h);
      r.push_back(1);
      std::vector<double> rho = {0.5};  // of one unknown, as the authors and diffusers have it
      if (unknowns > 1) {
        const std::vector<double> sums = PhiSums(z, unknowns);
        rho.assign(unknowns, 0);
        double factorial = 1;
        for (int k = 0; k < unknowns; ++k) rho[k] = sums[k] * (factorial *= k + 1) / b_h;
        rho = SolveVandermonde(r, rho);
      }
      for (int k = 1; k < p; ++k) {
        const double weight = -scale * b_h * rho[k - 1] / r[k - 1];
        w.m[k] += weight;
        w.m[0] -= weight;
      }
      if (corrector) {
        w.ahead = -scale * b_h * rho.back();
        w.m[0] -= w.ahead;
      }
    }
    double sum = w.x + w.ahead;
    for (double weight : w.m) sum += weight;
    if (!std::isfinite(sum))
      FailOption("solver_order", "step {} of {} is not finite: neighbours of it have no length; ask for fewer steps",
                 from + 1, calls());
    return w;
  }

  // What is integrated: x0, or ε.
  at::Tensor ModelValue(const at::Tensor& x, const at::Tensor& model_output, int call) const {
    const auto [alpha, sigma, lambda] = levels_[call];
    if (predict_x0_) return Limit(limits_, PredictX0(prediction_, x, model_output, alpha, sigma));
    return PredictEpsilon(prediction_, x, model_output, alpha, sigma);
  }

  Prediction prediction_;
  X0Limits limits_;
  int order_;
  bool predict_x0_, bh1_;
  std::vector<Level> levels_;        // [calls + 1]
  std::vector<bool> corrects_;       // [calls]
  std::vector<Weights> correctors_;  // [calls], of the step that led to the call's sample
  std::vector<Weights> predictors_;  // [calls]
};

}  // namespace

const OptionTable<UniPcMultistepOptions>& UniPcMultistepTable() {
  static const OptionTable<Options> table = MakeTable();
  return table;
}

std::shared_ptr<const Scheduler> MakeUniPcMultistep(const UniPcMultistepOptions& options, int steps) {
  UniPcMultistepTable().Validate(options);
  return std::make_shared<UniPcMultistep>(options, steps);
}

SchedulerType UniPcMultistepType() {
  return DeclareScheduler("UniPCMultistepScheduler", "UniPC, predictor and corrector, multistep (arXiv 2302.04867)",
                          UniPcMultistepTable(), MakeUniPcMultistep, Resolve);
}

}  // namespace skipbench
