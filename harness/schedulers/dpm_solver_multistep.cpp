#include "harness/schedulers/dpm_solver_multistep.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "harness/base/portable_math.h"
#include "harness/schedulers/scheduler_base.h"

namespace skipbench {
namespace {

using portable::Exp;
using portable::Log;

using Options = DpmSolverMultistepOptions;

OptionTable<Options> MakeTable() {
  OptionTable<Options> table(
      "dpm_solver_multistep",
      {PredictionField(&Options::prediction_type, {"epsilon", "sample", "v_prediction", "flow_prediction"}),
       Field("algorithm_type", &Options::algorithm_type)
           .Supported({"dpmsolver++", "sde-dpmsolver++", "dpmsolver", "sde-dpmsolver", "deis"})
           .Help("what is integrated; without ++ only with final_sigmas_type sigma_min; deis counts as dpmsolver++"),
       Field("solver_order", &Options::solver_order)
           .Min(1)
           .Max(3)
           .Help("order of the solver; 3 not with sde-dpmsolver"),
       Field("solver_type", &Options::solver_type)
           .Supported({"midpoint", "heun", "logrho", "bh1", "bh2"})
           .Help("form of the second-order step; UniPC's and DEIS's names count as midpoint"),
       Field("lower_order_final", &Options::lower_order_final)
           .Help("with less than 15 steps the last two are of lower order"),
       Field("euler_at_final", &Options::euler_at_final).Help("the last step is one of Euler"),
       Field("final_sigmas_type", &Options::final_sigmas_type).Supported({"zero", "sigma_min"}).Help("the last sigma"),
       Field("lambda_min_clipped", &Options::lambda_min_clipped)
           .Absent([](const Json& value) { return value == "-inf" || value == "-Infinity" || value == -HUGE_VAL; })
           .Default("-inf")
           .Help("timesteps with a smaller lambda = log(alpha/sigma) are not used"),
       Field("use_flow_sigmas", &Options::use_flow_sigmas).Help("flow matching: x = (1 - sigma) x0 + sigma noise"),
       Field("flow_shift", &Options::flow_shift)
           .Min(1e-6)
           .Max(1e6)
           .Default("1")
           .Help("of sigma, s in s sigma / (1 + (s - 1) sigma), with use_flow_sigmas"),
       Field("use_dynamic_shifting", &Options::use_dynamic_shifting).Help("with use_flow_sigmas shift by mu"),
       Field("mu", &Options::mu)
           .Min(-50)
           .Max(50)
           .When([](const Options& o) { return o.use_dynamic_shifting; }, "only with use_dynamic_shifting")
           .Help("the shift's logarithm, instead of flow_shift"),
       Field("variance_type", &Options::variance_type).FromFile(), Field("sigma_min", &Options::sigma_min).FromFile(),
       Field("sigma_max", &Options::sigma_max).FromFile()});
  table.Include(&Options::tokens, FileTokenShiftTable())
      .Include(&Options::rules, SigmaRulesTable(/*with_lu=*/true))
      .Include(&Options::spacing, SpacingTable())
      .Include(&Options::limits, X0LimitsTable(/*with_clip=*/false))
      .Include(&Options::noise, NoiseScheduleTable());
  table.Rule([](const Options& o) {
    const bool integrates_x0 = o.algorithm_type.ends_with("++") || o.algorithm_type == "deis";
    if (!integrates_x0 && o.final_sigmas_type == "zero")
      FailUnsupportedOption("final_sigmas_type",
                            "\"zero\" is not supported with algorithm_type {}; supported: sigma_min", o.algorithm_type);
    if (o.prediction_type == "flow_prediction" && !(o.use_flow_sigmas && integrates_x0))
      FailOption("prediction_type", "flow_prediction needs use_flow_sigmas true and an algorithm_type with ++");
    if (o.use_flow_sigmas && RuleOf(o.rules) != SigmaRule::kTimesteps)
      FailOption("use_flow_sigmas", "cannot be true where a rule places sigma: it is above 1 there");
    if (o.variance_type.starts_with("learned"))
      FailUnsupportedOption("variance_type", "\"{}\" is not supported by dpm_solver_multistep", o.variance_type);
  });
  return table;
}

// The ends of the σ rules are in force with a rule that takes them only, flow_shift with flow sigmas.
void Resolve(Options* options, int) {
  if (options->use_flow_sigmas && options->use_dynamic_shifting && !options->mu && options->tokens.image_seq_len)
    options->mu = MuOf(options->tokens);
  options->flow_shift = options->use_flow_sigmas ? std::optional(options->flow_shift.value_or(1)) : std::nullopt;
  const SigmaRule rule = RuleOf(options->rules);
  if (rule == SigmaRule::kTimesteps || rule == SigmaRule::kLu) options->sigma_min = options->sigma_max = std::nullopt;
}

// One behind the last timestep whose λ = log(sqrt(ᾱ)/sqrt(1 − ᾱ)) is not below the limit.
int LastTimestep(const DpmSolverMultistepOptions& options, const std::vector<float>& alpha_bar) {
  const auto limit = static_cast<float>(options.lambda_min_clipped.value_or(-HUGE_VAL));
  const auto lambda = [&](int t) {
    return portable::Log(std::sqrt(alpha_bar[t])) - portable::Log(std::sqrt(1 - alpha_bar[t]));
  };
  int last = static_cast<int>(alpha_bar.size());
  while (last > 0 && lambda(last - 1) < limit) --last;
  if (last == 0) FailOption("lambda_min_clipped", "leaves no timestep");
  return last;
}

// An end of the σ rules.
double SigmaEnd(const std::optional<double>& given, const char* key, double fallback) {
  if (given && *given < 1e-10) FailOption(key, "expected a number of at least 1e-10, found {}", *given);
  return given.value_or(fallback);
}

// σ from nearly 1 to 0 (left out), shifted.
void AddFlowSigmas(const Options& options, int steps, DpmSolverSchedule* schedule) {
  const int train = options.noise.num_train_timesteps;
  const double shift = options.mu ? Exp(*options.mu) : options.flow_shift.value_or(1);
  const std::vector<double> alphas = Linspace(1, 1.0 / train, steps + 1);
  std::vector<double> sigmas;
  for (int i = steps; i > 0; --i) sigmas.push_back(1 - alphas[i]);
  ShiftSigmas({}, shift, &sigmas);
  for (const double sigma : sigmas) {
    schedule->timesteps.push_back(std::trunc(sigma * train));
    schedule->sigmas.push_back(static_cast<float>(sigma));
  }
}

enum class Algorithm { kDpmSolver, kDpmSolverPlusPlus, kSdeDpmSolver, kSdeDpmSolverPlusPlus };

// A noise level in the notation of the papers: x = α x0 + σ ε, λ = log(α/σ), where α² + σ² = 1, or, in flow matching,
// α + σ = 1. All in float32, as in diffusers.
struct Level {
  float alpha, sigma, lambda;
};

Level LevelOf(float karras_sigma, bool flow) {
  const float alpha = flow ? 1.0f - karras_sigma : 1.0f / std::sqrt(karras_sigma * karras_sigma + 1.0f);
  const float sigma = flow ? karras_sigma : karras_sigma * alpha;
  return {alpha, sigma, Log(alpha) - Log(sigma)};
}

// A step in terms of the derivatives D_0, D_1, D_2 of the model in λ:
// x_t = x · x_s + phi_1 D_0 + phi_2 D_1 + phi_3 D_2 + noise · z
struct Integrals {
  float x, phi_1, phi_2, phi_3, noise = 0;
};

Integrals IntegralsOf(Algorithm algorithm, bool midpoint, const Level& t, const Level& s) {
  const float h = t.lambda - s.lambda;
  Integrals k{};
  switch (algorithm) {
    case Algorithm::kDpmSolverPlusPlus: {  // arXiv 2211.01095; order 2 with midpoint is its algorithm 2
      const float e = Exp(-h) - 1.0f;
      k = {t.sigma / s.sigma, -(t.alpha * e), t.alpha * (e / h + 1.0f), -(t.alpha * ((e + h) / (h * h) - 0.5f))};
      break;
    }
    case Algorithm::kDpmSolver: {  // arXiv 2206.00927, equation 3.7 for order 1, appendix B
      const float e = Exp(h) - 1.0f;
      k = {t.alpha / s.alpha, -(t.sigma * e), -(t.sigma * (e / h - 1.0f)), -(t.sigma * ((e - h) / (h * h) - 0.5f))};
      break;
    }
    case Algorithm::kSdeDpmSolverPlusPlus: {  // SDE-DPM-Solver++ of arXiv 2211.01095
      const float e = 1.0f - Exp(-2.0f * h);
      k = {t.sigma / s.sigma * Exp(-h), t.alpha * e, t.alpha * (e / (-2.0f * h) + 1.0f),
           t.alpha * ((e - 2.0f * h) / (4.0f * h * h) - 0.5f), t.sigma * std::sqrt(e)};
      break;
    }
    case Algorithm::kSdeDpmSolver: {  // its counterpart for the noise prediction
      const float e = Exp(h) - 1.0f;
      k = {t.alpha / s.alpha, -2.0f * (t.sigma * e), -2.0f * (t.sigma * (e / h - 1.0f)), 0,
           t.sigma * std::sqrt(Exp(2.0f * h) - 1.0f)};
      break;
    }
  }
  if (midpoint) k.phi_2 = 0.5f * k.phi_1;
  return k;
}

// The same step in terms of the last model values: x_t = x · x_s + m[0] m_0 + m[1] m_1 + m[2] m_2 (+ noise).
struct Weights {
  double x = 0;
  std::array<double, 3> m{};
};

// The derivatives by finite differences in λ; levels[0] is where the step goes, levels[1] where it starts, and so on
// back.
Weights WeightsOf(int order, const Integrals& k, const std::array<Level, 4>& levels) {
  if (order == 1) return {k.x, {k.phi_1, 0, 0}};
  const float h = levels[0].lambda - levels[1].lambda;
  const double r0 = (levels[1].lambda - levels[2].lambda) / h;
  // D_1 = (m_0 − m_1)/r_0
  if (order == 2) return {k.x, {k.phi_1 + k.phi_2 / r0, -k.phi_2 / r0, 0}};
  // With D_10 = (m_0 − m_1)/r_0 and D_11 = (m_1 − m_2)/r_1:
  // D_1 = D_10 + r_0/(r_0 + r_1) (D_10 − D_11),  D_2 = (D_10 − D_11)/(r_0 + r_1)
  const double r1 = (levels[2].lambda - levels[3].lambda) / h;
  const double w = (k.phi_2 * r0 + k.phi_3) / (r0 + r1);
  const double d10 = k.phi_2 + w;
  return {k.x, {k.phi_1 + d10 / r0, -d10 / r0 - w / r1, w / r1}};
}

class DpmSolverMultistep final : public SchedulerBase {
 public:
  DpmSolverMultistep(const Options& options, int steps)
      : SchedulerBase("dpm_solver_multistep", steps),
        prediction_(PredictionOf(options.prediction_type)),
        limits_(options.limits),
        algorithm_(AlgorithmOf(options.algorithm_type)),
        order_(options.solver_order) {
    prediction_type_ = NameOf(prediction_);
    const bool midpoint = options.solver_type != "heun";
    const DpmSolverSchedule schedule = MakeDpmSolverSchedule(options, steps);
    timesteps_ = schedule.timesteps;
    for (float sigma : schedule.sigmas) levels_.push_back(LevelOf(sigma, options.use_flow_sigmas));
    for (const Level& level : levels_) noise_levels_.push_back({level.alpha, level.sigma});
    const std::vector<int> orders = Orders(options);

    for (int i = 0; i < calls(); ++i) {
      if (orders[i] == 3 && algorithm_ == Algorithm::kSdeDpmSolver)
        FailUnsupportedOption("solver_order", "3 is not supported with algorithm_type sde-dpmsolver; supported: 1, 2");
      const Integrals k = IntegralsOf(algorithm_, midpoint && orders[i] == 2, levels_[i + 1], levels_[i]);
      std::array<Level, 4> levels{};
      for (int j = 0; j <= orders[i]; ++j) levels[j] = levels_[i + 1 - j];
      const Weights w = WeightsOf(orders[i], k, levels);
      if (!std::isfinite(w.x + w.m[0] + w.m[1] + w.m[2] + k.noise))
        FailOption("steps", "step {} of {} has no length: ask for fewer steps or another spacing", i + 1, steps);
      weights_.push_back(w);
      noise_std_.push_back(k.noise);
    }
  }

  StepResult Step(const at::Tensor& x, const at::Tensor& model_output, int call, const SchedulerState& state,
                  const at::Tensor& noise) const override {
    CheckStep(x, model_output, call, state, std::min(call, order_ - 1), noise);
    const at::Tensor m0 = ModelValue(x, model_output, call);
    const Weights& w = weights_[call];
    at::Tensor next = at::mul(x.to(at::kFloat), w.x).add_(m0, w.m[0]);
    for (size_t i = 0; i < state.history.size(); ++i)
      if (w.m[i + 1] != 0) next.add_(state.history[i], w.m[i + 1]);
    if (UsesNoise(call)) next.add_(noise, NoiseStd(call));
    return {next.to(x.scalar_type()), Push(m0, state)};
  }

 private:
  bool integrates_x0() const {  // the ++ variants; the others integrate ε
    return algorithm_ == Algorithm::kDpmSolverPlusPlus || algorithm_ == Algorithm::kSdeDpmSolverPlusPlus;
  }

  static Algorithm AlgorithmOf(const std::string& name) {
    return name == "dpmsolver"         ? Algorithm::kDpmSolver
           : name == "sde-dpmsolver"   ? Algorithm::kSdeDpmSolver
           : name == "sde-dpmsolver++" ? Algorithm::kSdeDpmSolverPlusPlus
                                       : Algorithm::kDpmSolverPlusPlus;
  }

  // The order of every call: as many model values as there are, less at the end where that is steadier.
  std::vector<int> Orders(const Options& options) const {
    const bool lower_order_final = options.lower_order_final && calls() < 15;
    const bool first_order_last = options.euler_at_final || lower_order_final || options.final_sigmas_type == "zero";
    std::vector<int> orders;
    for (int i = 0; i < calls(); ++i) {
      int order = std::min(i + 1, order_);
      if (i == calls() - 2 && lower_order_final) order = std::min(order, 2);
      if (i == calls() - 1 && first_order_last) order = 1;
      orders.push_back(order);
    }
    return orders;
  }

  // What the algorithm integrates: x0, or ε.
  at::Tensor ModelValue(const at::Tensor& x, const at::Tensor& model_output, int call) const {
    const auto [alpha, sigma, lambda] = levels_[call];
    if (integrates_x0()) return Limit(limits_, PredictX0(prediction_, x, model_output, alpha, sigma));
    const at::Tensor epsilon = PredictEpsilon(prediction_, x, model_output, alpha, sigma);
    if (!limits_.threshold) return epsilon;
    const at::Tensor x0 = Limit(limits_, PredictX0(Prediction::kEpsilon, x, epsilon, alpha, sigma));
    return PredictEpsilon(Prediction::kSample, x, x0, alpha, sigma);
  }

  SchedulerState Push(const at::Tensor& m0, const SchedulerState& state) const {
    SchedulerState next;
    if (order_ > 1) next.history.push_back(m0);
    if (order_ > 2 && !state.history.empty()) next.history.push_back(state.history.front());
    return next;
  }

  Prediction prediction_;
  X0Limits limits_;
  Algorithm algorithm_;
  int order_;
  std::vector<Level> levels_;     // [calls + 1]
  std::vector<Weights> weights_;  // [calls]
};

}  // namespace

std::vector<int> SolverTimesteps(const Spacing& spacing, int train, int last, int steps) {
  std::vector<int> timesteps(steps);
  if (steps > last) FailOption("steps", "{} steps are more than the {} training timesteps", steps, last);
  if (spacing.kind == "trailing") return TrailingTimesteps(last, train, steps);
  if (spacing.kind == "linspace") {
    const std::vector<double> points = Linspace(0, last - 1, steps + 1);
    for (int i = 0; i < steps; ++i) timesteps[i] = static_cast<int>(std::nearbyint(points[steps - i]));
    return timesteps;
  }
  const int ratio = last / (steps + 1);
  if (ratio == 0)
    FailOption("steps", "with leading spacing at most {} steps fit into {} training timesteps, found {}", last - 1,
               last, steps);
  for (int i = 0; i < steps; ++i) timesteps[i] = (steps - i) * ratio + spacing.offset;
  if (timesteps.front() >= train)
    FailOption("steps_offset", "with {} steps timestep {} would be beyond the {} training timesteps", steps,
               timesteps.front(), train);
  return timesteps;
}

DpmSolverSchedule MakeDpmSolverSchedule(const DpmSolverMultistepOptions& options, int steps) {
  const int train = options.noise.num_train_timesteps;
  const std::vector<float> alpha_bar = PositiveAlphasCumprod(options.noise);
  const std::vector<float> table = SigmaTable(alpha_bar);
  const SigmaRule rule = RuleOf(options.rules);
  const int last = LastTimestep(options, alpha_bar);

  DpmSolverSchedule schedule;
  if (options.use_flow_sigmas) {
    AddFlowSigmas(options, steps, &schedule);
  } else if (rule == SigmaRule::kTimesteps) {
    for (int t : SolverTimesteps(options.spacing, train, last, steps)) {
      schedule.timesteps.push_back(t);
      schedule.sigmas.push_back(static_cast<float>(SigmaAt(table, t)));
    }
  } else {
    const SigmaToTimestep to_timestep(table);
    const bool lu = rule == SigmaRule::kLu;
    const double max = lu ? portable::Exp(static_cast<double>(to_timestep.log_max()))
                          : SigmaEnd(options.sigma_max, "sigma_max", table.back());
    const double min = lu ? portable::Exp(static_cast<double>(to_timestep.log_min()))
                          : SigmaEnd(options.sigma_min, "sigma_min", table.front());
    CheckSigmaEnds(min, max);
    const bool rounds = (rule == SigmaRule::kKarras || lu) && options.noise.beta_schedule != "squaredcos_cap_v2";
    for (double sigma : PlaceSigmas(lu ? SigmaRule::kExponential : rule, max, min, steps)) {
      const double t = to_timestep(sigma);
      schedule.timesteps.push_back(rounds ? std::nearbyint(t) : std::trunc(t));
      schedule.sigmas.push_back(static_cast<float>(sigma));
    }
  }
  schedule.sigmas.push_back(options.final_sigmas_type == "zero" ? 0.0f : table.front());
  return schedule;
}

const OptionTable<DpmSolverMultistepOptions>& DpmSolverMultistepTable() {
  static const OptionTable<Options> table = MakeTable();
  return table;
}

std::shared_ptr<const Scheduler> MakeDpmSolverMultistep(const DpmSolverMultistepOptions& options, int steps) {
  DpmSolverMultistepTable().Validate(options);
  return std::make_shared<DpmSolverMultistep>(options, steps);
}

SchedulerType DpmSolverMultistepType() {
  return DeclareScheduler("DPMSolverMultistepScheduler",
                          "DPM-Solver, DPM-Solver++ and their SDE forms, multistep (arXiv 2206.00927, 2211.01095)",
                          DpmSolverMultistepTable(), MakeDpmSolverMultistep, Resolve);
}

}  // namespace skipbench
