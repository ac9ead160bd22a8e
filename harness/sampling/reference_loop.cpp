#include "harness/sampling/reference_loop.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <utility>

#include "harness/sampling/difference_sums.h"
#include "harness/sampling/frequency_filter.h"
#include "harness/sampling/weighted_rows.h"

namespace skipbench {
namespace {

double SumAbs(const at::Tensor& x) { return x.to(at::kDouble).abs().sum().item<double>(); }
double SumAbs(const at::Tensor& x, const at::Tensor& y, const SumView& view) {
  if (view.rounding == SumView::Rounding::kDifference) return SumAbs(ViewOf(x - y, view));
  return SumAbs(ViewOf(x.to(at::kDouble) - y.to(at::kDouble), view));
}

// The sums of what stands at the end of `series`, by the definitions of DifferenceSums; `first` is where the series
// starts to count.
DifferenceSums SumsOf(const std::vector<at::Tensor>& series, size_t first, int order) {
  static const std::vector<std::vector<double>> weights = {{1, -1}, {1, -2, 1}, {1, -3, 3, -1}};
  DifferenceSums sums;
  if (order == 0) return sums;
  const size_t known = series.size() - first;
  const auto past = [&](size_t i) { return series[series.size() - 1 - i].to(at::kDouble); };
  for (int k = 0; k < order && known > static_cast<size_t>(k) + 1; ++k) {
    at::Tensor difference = at::zeros_like(past(0));
    for (size_t i = 0; i < weights[k].size(); ++i) difference += weights[k][i] * past(i);
    sums.abs[k] = difference.abs().sum().item<double>();
    sums.square[k] = difference.square().sum().item<double>();
  }
  sums.self_abs = SumAbs(past(0));
  sums.self_square = past(0).square().sum().item<double>();
  return sums;
}

// What one guidance row has behind it.
struct RowPast {
  std::map<CacheSite, std::vector<at::Tensor>> kept;        // of full forwards, oldest first, [1, ...]
  std::vector<at::Tensor> outputs, inputs;                  // of full forwards
  std::vector<at::Tensor> all_outputs, all_inputs;          // of all calls
  std::map<ProbeSite, at::Tensor> now, previous, computed;  // signals of this call, the one before, the last full one
  at::Tensor output;                                        // of the last call
};

// Terms of a weighted sum: `weights` from `first` on, of the newest, the one before, ...
using Terms = std::vector<std::pair<at::Tensor, double>>;
void AddTerms(const std::vector<at::Tensor>& series, const std::vector<double>& weights, size_t first, Terms* terms) {
  for (size_t k = first; k < weights.size(); ++k)
    terms->emplace_back(series.at(series.size() - 1 - (k - first)), weights[k]);
}
at::Tensor Sum(const Terms& terms) {
  const at::ScalarType type = terms.at(0).first.scalar_type(), wide = type == at::kDouble ? at::kDouble : at::kFloat;
  at::Tensor sum;
  for (const auto& [x, weight] : terms) sum = sum.defined() ? sum + x.to(wide) * weight : x.to(wide) * weight;
  return sum.to(type);
}

std::vector<double> NewestUnless(const Decision& decision) {
  return decision.weights.empty() && decision.input_weights.empty() ? std::vector<double>{1} : decision.weights;
}

// One setting on one sample.
class Loop {
 public:
  Loop(const Scheduler& scheduler, Denoiser& denoiser, const TreeSample& sample, int64_t conditioning,
       const Method& method, at::ScalarType dtype, at::Device device)
      : scheduler(scheduler),
        denoiser(denoiser),
        sample(sample),
        conditioning(conditioning),
        method(method),
        needs(method.Observes()),
        rows(denoiser.guidance_rows()),
        run(ShapeOf(scheduler, denoiser.abilities(), rows, {}, dtype)),
        halves(method.Halves(run)),
        apart(rows > 1 && halves == GuidanceScope::kSeparate),
        dtype(dtype),
        device(device),
        past(static_cast<size_t>(rows)) {
    for (int p = 0; p < (apart ? rows : 1); ++p) {
      RunShape own = run;
      if (apart) own.guidance_row = p;
      policies.push_back(method.StartFor(own, sample.id));
    }
  }

  TrajectoryRecord Run() {
    std::vector<Observation> seen;
    at::Tensor x = (Draw(0) * scheduler.init_noise_sigma()).to(dtype);
    SchedulerState state;
    record.latents.push_back(x[0]);
    for (int call = 0; call < run.calls; ++call) {
      input = {scheduler.ScaleModelInput(x, call), scheduler.timestep(call), {&conditioning, 1}};
      std::vector<Decision> decisions;
      for (size_t p = 0; p < policies.size(); ++p) {  // one for all guidance rows, or one for each
        const std::optional<ProbeSite> site = policies[p]->Probe(call);
        if (call > 0) policies[p]->Observe(call - 1, seen[p]);
        if (site) policies[p]->ObserveProbe(call, Look(p, call, *site));
        decisions.push_back(policies[p]->Decide(call));
      }
      for (size_t p = 0; p < policies.size(); ++p) Execute(p, decisions[p]);
      std::vector<at::Tensor> outputs;
      for (const RowPast& one : past) outputs.push_back(one.output);
      guided.push_back(denoiser.Guide(at::stack(outputs)));
      const at::Tensor noise = scheduler.UsesNoise(call) ? Draw(call + 1) : at::Tensor();
      const StepResult step = scheduler.Step(x, guided.back(), call, state, noise);
      x = step.sample, state = step.state;
      record.latents.push_back(x[0]);
      record.predictions.push_back(at::stack(outputs).select(1, 0));
      record.decisions.push_back(decisions.back());  // of the conditional row
      if (apart) record.unconditional.push_back(decisions.front());
      seen.clear();
      for (size_t p = 0; p < policies.size(); ++p) seen.push_back(Seen(p, decisions[p]));
    }
    for (size_t p = 0; p < policies.size(); ++p) policies[p]->Observe(run.calls - 1, seen[p]);
    record.final_latent = x[0];
    record.trace = policies.back()->TakeTrace();
    return std::move(record);
  }

 private:
  at::Tensor Draw(int k) const { return sample.noise->Draw(k).unsqueeze(0).to(device); }

  // The rows that policy p decides for, and those that it sees.
  std::pair<int, int> DecidesFor(size_t p) const {
    return apart ? std::pair{static_cast<int>(p), static_cast<int>(p) + 1} : std::pair{0, rows};
  }
  std::pair<int, int> Sees(size_t p) const {
    if (halves == GuidanceScope::kUnconditional) return {0, 1};
    return halves == GuidanceScope::kConditional ? std::pair{rows - 1, rows} : DecidesFor(p);
  }

  at::Tensor SignalOf(int call, int row, const ProbeSite& site) const {
    if (site.signal == ProbeSite::Signal::kInput) return input.sample;
    if (site.signal == ProbeSite::Signal::kFilteredInput)
      return FilterFrequencies(input.sample, run.sigmas.at(static_cast<size_t>(call)), site.power);
    DenoiserInput own = input;
    own.guidance_row = row;
    return denoiser.Probe(own, site)->signal[0];
  }

  ProbeSums Look(size_t p, int call, const ProbeSite& site) {
    for (auto [row, end] = DecidesFor(p); row < end; ++row) {
      past[row].now[site] = SignalOf(call, row, site);
      if (site.view.rounding != SumView::Rounding::kNone) past[row].now[site] = past[row].now[site].to(dtype);
    }
    ProbeSums seen{0, 0, 0, 0, 0, 0, 0, 0};
    const auto [first, end] = Sees(p);
    for (int row = first; row < end; ++row) {
      const at::Tensor now = past[row].now[site], previous = past[row].previous[site],
                       computed = past[row].computed[site];
      const auto change = [&](const at::Tensor& then) {
        return then.defined() ? SumAbs(now, then, site.view) : kNotShown;
      };
      const auto size = [&](const at::Tensor& then) {
        return then.defined() ? SumAbs(ViewOf(then, site.view)) : kNotShown;
      };
      seen.elements += ViewOf(now, site.view).numel();
      seen.self_abs += SumAbs(ViewOf(now, site.view));
      seen.previous_change += change(previous), seen.previous_abs += size(previous);
      seen.computed_change += change(computed), seen.computed_abs += size(computed);
      seen.previous_ratio += change(previous) / size(previous) / (end - first);
      seen.computed_ratio += change(computed) / size(computed) / (end - first);
    }
    return seen;
  }

  // Rows that are decided for together are given to the network together.
  void Execute(size_t p, const Decision& decision) {
    const auto [first, end] = DecidesFor(p);
    DenoiserInput own = input;
    own.guidance_row = apart ? first : -1;
    DenoiserOutput made;
    if (decision.action == Action::kPredict) {
      for (const Keep& keep : method.Keeps(run))
        if (keep.site.level != CacheSite::Level::kOutput && keep.site.level != CacheSite::Level::kCalls)
          own.keep.push_back(keep.site);
      made = denoiser.Predict(own);
    } else if (decision.action == Action::kShallow) {
      std::vector<at::Tensor> cached;
      for (int row = first; row < end; ++row) {
        const auto& kept = past[row].kept.at(decision.site);
        Terms terms;
        if (decision.sums.empty()) AddTerms(kept, NewestUnless(decision), 0, &terms);
        cached.push_back(decision.sums.empty() ? Sum(terms) : Rounded(decision, kept, {}));
      }
      own.site = decision.site;
      own.cached = at::stack(cached);
      made = denoiser.Predict(own);
    }
    for (int row = first; row < end; ++row) {
      RowPast& one = past[row];
      if (decision.action == Action::kCombine) one.output = Combined(one, decision);
      if (made.model_output.defined()) one.output = made.model_output[row - first];
      one.all_outputs.push_back(one.output), one.all_inputs.push_back(input.sample);
      one.previous = std::exchange(one.now, {});
      if (decision.action != Action::kPredict) continue;
      one.outputs.push_back(one.output), one.inputs.push_back(input.sample);
      for (const auto& [site, kept] : made.kept) one.kept[site].push_back(kept[row - first]);
      one.computed = one.previous;
    }
  }

  at::Tensor Combined(const RowPast& one, const Decision& decision) const {
    Terms terms;
    const bool calls = decision.site.level == CacheSite::Level::kCalls;
    const auto& outputs = calls ? one.all_outputs : one.outputs;
    if (!decision.sums.empty()) return Rounded(decision, outputs, calls ? one.all_inputs : one.inputs);
    AddTerms(outputs, NewestUnless(decision), 0, &terms);
    if (!decision.input_weights.empty()) terms.emplace_back(input.sample, decision.input_weights[0]);
    AddTerms(calls ? one.all_inputs : one.inputs, decision.input_weights, 1, &terms);
    return Sum(terms);
  }

  at::Tensor Rounded(const Decision& decision, const std::vector<at::Tensor>& kept,
                     const std::vector<at::Tensor>& inputs) const {
    return RoundedRows(decision.sums, [&](RoundedSum::From from, int index) {
      const auto newest = [&](const std::vector<at::Tensor>& series, int k) {
        return series.at(series.size() - 1 - k);
      };
      if (from == RoundedSum::From::kKept) return newest(kept, index);
      return index == 0 ? input.sample : newest(inputs, index - 1);
    });
  }

  Observation Seen(size_t p, const Decision& decision) const {
    Observation seen{decision.action, record.latents.back().numel(), SumsOf(record.latents, 1, needs.latent_order),
                     SumsOf(guided, 0, needs.prediction_order)};
    if (!needs.output.empty() && decision.action == Action::kPredict) {
      const auto [first, end] = Sees(p);
      const SumView& view = *needs.output.begin();
      seen.output = {.elements = seen.elements * (end - first), .self_abs = 0, .change = 0};
      for (int row = first; row < end; ++row) {
        const auto& all = past[row].outputs;
        seen.output.changed_elements += ViewOf(all.back(), view).numel();
        seen.output.self_abs += SumAbs(all.back());
        seen.output.change += all.size() > 1 ? SumAbs(all.back(), all.end()[-2], view) : kNotShown;
      }
      if (!apart) {
        seen.output.rows_elements = seen.elements * rows;
        seen.output.rows_abs = 0;
        for (const RowPast& one : past) seen.output.rows_abs += SumAbs(one.outputs.back());
      }
    }
    std::vector<at::Tensor> v;
    for (size_t k = 0; k < static_cast<size_t>(needs.products); ++k)
      v.push_back(k + 1 < record.latents.size() ? record.latents.end()[-1 - k] : at::Tensor());
    for (size_t k = 0; k < static_cast<size_t>(needs.products); ++k)
      v.push_back(k < guided.size() ? guided.end()[-1 - k][0] : at::Tensor());
    const auto product = [](const at::Tensor& a, const at::Tensor& b) {
      return a.defined() && b.defined() ? (a.to(at::kDouble) * b.to(at::kDouble)).sum().item<double>() : kNotShown;
    };
    for (const at::Tensor& a : v)
      for (const at::Tensor& b : v) seen.products.push_back(product(a, b));
    return seen;
  }

  const Scheduler& scheduler;
  Denoiser& denoiser;
  const TreeSample& sample;
  const int64_t conditioning;
  const Method& method;
  const Needs needs;
  const int rows;  // of guidance
  const RunShape run;
  const GuidanceScope halves;
  const bool apart;  // each of them decides for itself
  const at::ScalarType dtype;
  const at::Device device;
  std::vector<std::unique_ptr<Policy>> policies;
  std::vector<RowPast> past;  // of each row
  DenoiserInput input;        // of this call
  std::vector<at::Tensor> guided;
  TrajectoryRecord record;
};

}  // namespace

TrajectoryRecord RunReferenceLoop(const Scheduler& scheduler, Denoiser& denoiser, const TreeSample& sample,
                                  int64_t conditioning, const Method& method, at::ScalarType dtype, at::Device device) {
  return Loop(scheduler, denoiser, sample, conditioning, method, dtype, device).Run();
}

}  // namespace skipbench
