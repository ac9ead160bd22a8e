#include "harness/experiment/calibrate/calibrate.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <cmath>

#include "harness/sampling/trajectory_tree.h"
#include "methods/catalog.h"

namespace skipbench {
namespace {

std::unique_ptr<Method> With(const SettingSpec& setting, Json parameters, const std::string& option, double value,
                             const std::string& file) {
  parameters[option] = value;
  const JsonReader reader(parameters, file, "methods");
  reader.Ignore("type");
  reader.Ignore("id");
  return setting.type->make(reader);
}

// Why the setting has no threshold to move; "": it has one.
std::string WhyNot(const PlannedSetting& setting) {
  if (!setting.supported) return setting.message;
  const bool declares = setting.spec->method->criterion().has_value(),
             option = ThresholdOption(*setting.spec->type) != nullptr;
  if (declares && option) return "";
  if (declares) return "its criterion's threshold is proportional to none of its options";
  return option ? "it declares no criterion for its threshold" : "it declares no criterion with a threshold";
}

}  // namespace

DeltaProbe ReadTrajectory(const std::string& method, const Criterion& declared, const Trace& trace,
                          const std::vector<Decision>& decisions, double delta) {
  const auto criterion = trace.find("criterion"), threshold = trace.find("threshold");
  for (const auto& [name, found] : {std::pair("criterion", criterion), std::pair("threshold", threshold)})
    if (found == trace.end() || found->second.size() != decisions.size())
      Fail("{}: declares a criterion, but does not record its \"{}\" for each of {} calls", method, name,
           decisions.size());
  const bool above = declared.predicts == Criterion::Predicts::kAbove;
  DeltaProbe probe;
  DeltaInterval interval{0, HUGE_VAL, 0};
  for (size_t call = 0; call < decisions.size(); ++call) {
    const bool predicted = decisions[call].action == Action::kPredict;
    interval.nfe += predicted;
    // Entry i belongs to the decision for call i + 1.
    const double left = call > 0 ? criterion->second[call - 1] : NAN,
                 right = call > 0 ? threshold->second[call - 1] : NAN;
    if (std::isnan(left) || std::isnan(right)) continue;
    const bool as_declared = predicted == (above ? left > right : left < right);
    if (left != right && !as_declared)
      Fail(
          "{}: declares that it predicts where its criterion is {} the threshold; call {} {} with {:.6g} against "
          "{:.6g}",
          method, above ? "above" : "below", call, predicted ? "predicts" : "does not", left, right);
    const double turn = left / (right / delta);
    if (!std::isfinite(turn)) continue;
    (predicted ? probe.predicted : probe.skipped).push_back(turn);
    if (predicted == above)
      interval.high = std::min(interval.high, turn);
    else
      interval.low = std::max(interval.low, turn);
  }
  probe.samples.push_back(interval);
  return probe;
}

namespace {

// How much of a search is done when it has sampled everything so many times: most searches end after about five.
double ShareOfSearch(double sampled) {
  constexpr double kUsual = 5;
  return sampled / std::max(kUsual, sampled + 1);
}

class Calibrator {
 public:
  Calibrator(const Plan& plan, const CalibrationOptions& options)
      : plan_(plan), options_(options), count_(std::min<int64_t>(options.samples, std::ssize(plan.samples))) {
    for (int64_t s = 0; s < count_; ++s) streams_.push_back(plan.OpenNoise(s));
  }

  Calibration Run(const PlannedSetting& setting,
                  const std::function<void(double share, const std::string&)>& progress) {
    const Criterion criterion = *setting.spec->method->criterion();
    const OptionSpec& option = *ThresholdOption(*setting.spec->type);
    Calibration found;
    found.option = option.name;
    found.predicts_above = criterion.predicts == Criterion::Predicts::kAbove;
    const std::string file = plan_.config.file.string();
    found.run = plan_.config.runs[setting.spec->run].label;
    found.parameters = setting.spec->parameters;
    found.calls = setting.scheduler->calls();
    const auto keeps = setting.method->Keeps(ShapeOf(plan_, *setting.scheduler, setting.guidance));
    const bool partial = std::ranges::any_of(keeps, [](const Keep& keep) {
      return keep.site.level != CacheSite::Level::kOutput && keep.site.level != CacheSite::Level::kCalls;
    });
    if (options_.speedup && partial)
      Fail(
          "{}: {}: calls between full ones run a part of the network, so that no number of predictions is a speed-up; "
          "give --nfe",
          file, setting.spec->label);
    found.partial = partial;
    found.target = options_.nfe ? *options_.nfe : found.calls / *options_.speedup;
    if (!(found.target > 0 && found.target <= found.calls))
      Fail(
          "{}: a mean of {:.4g} predictions is wanted, {} with {} steps makes {} calls; expected more than 0 and at "
          "most that",
          file, found.target, setting.scheduler->type(), setting.scheduler->steps(), found.calls);
    Denoiser& denoiser = DenoiserFor(setting.guidance);
    double sampled = 0;  // in times that all samples were
    const auto probe = [&](double delta, const std::vector<int>& which) {
      const auto method = With(*setting.spec, found.parameters, option.name, delta, file);
      const double part = static_cast<double>(which.size()) / static_cast<double>(count_);
      const auto report = [&](double share) {
        progress(ShareOfSearch(sampled + part * share), fmt::format("{} {}", method->Label(), found.run));
      };
      const TreeResult result = RunOn(which, *method, setting, denoiser, report);
      sampled += part;
      found.evaluations += result.full_evaluations;
      DeltaProbe seen;
      for (const auto& record : result.records[0]) {
        const DeltaProbe one = ReadTrajectory(method->Label(), criterion, record.trace, record.decisions, delta);
        seen.samples.insert(seen.samples.end(), one.samples.begin(), one.samples.end());
        seen.predicted.insert(seen.predicted.end(), one.predicted.begin(), one.predicted.end());
        seen.skipped.insert(seen.skipped.end(), one.skipped.begin(), one.skipped.end());
      }
      return seen;
    };
    const DeltaSearchOptions search{.target = found.target,
                                    .predicts_above = found.predicts_above,
                                    .least = option.min.get<double>(),
                                    .most = option.max.get<double>(),
                                    .tolerance = options_.tolerance};
    found.result = SearchDelta(static_cast<int>(count_), found.calls, search, probe);
    found.plain_evaluations = std::llround(found.result.nfe_of_probes * static_cast<double>(count_));
    found.parameters[option.name] = found.result.delta;
    found.method = With(*setting.spec, found.parameters, option.name, found.result.delta, file)->Label();
    return found;
  }

 private:
  Denoiser& DenoiserFor(double guidance) {
    auto& denoiser = denoisers_[guidance];
    if (!denoiser) denoiser = plan_.Encode({plan_.samples.data(), static_cast<size_t>(count_)}, guidance);
    return *denoiser;
  }

  TreeResult RunOn(const std::vector<int>& which, const Method& method, const PlannedSetting& setting,
                   Denoiser& denoiser, const std::function<void(double)>& progress) {
    std::vector<TreeSample> samples;
    for (int s : which) samples.push_back({plan_.samples[s].id, streams_[s].get(), s});
    TreeOptions options = plan_.Trees();
    options.progress = progress;
    for (const auto& tree : plan_.trees)
      if (tree.scheduler == setting.scheduler) options.max_states = tree.max_states;
    return plan_.Run(*setting.scheduler, denoiser, samples, {&method}, options);
  }

  const Plan& plan_;
  const CalibrationOptions& options_;
  const int64_t count_;
  std::vector<std::unique_ptr<NoiseStream>> streams_;
  std::map<double, std::unique_ptr<Denoiser>> denoisers_;
};

}  // namespace

Calibrations Calibrate(const Plan& plan, const CalibrationOptions& options,
                       const std::function<void(double done, double total, const std::string& what)>& progress) {
  c10::InferenceMode inference;
  Calibrations all;
  std::vector<const PlannedSetting*> settings;
  std::set<std::string> seen;
  std::string reasons;
  for (const auto& setting : plan.settings) {
    const Method& method = *setting.spec->method;
    if (const std::string reason = WhyNot(setting); !reason.empty()) {
      if (!seen.insert(method.Label()).second) continue;
      const Needs needs = method.Observes();
      reasons += fmt::format("\n  {}: {}", method.Label(), reason);
      if (!setting.spec->reference)
        all.refused.push_back(
            {method.Label(), reason, needs.latent_order > 0 || needs.prediction_order > 0 || needs.tensors});
      continue;
    }
    Json others = setting.spec->parameters;
    others.erase(ThresholdOption(*setting.spec->type)->name);
    if (seen.insert(fmt::format("{} {}", setting.spec->run, others.dump())).second) settings.push_back(&setting);
  }
  if (settings.empty())
    Fail("{}: methods: none of them has a threshold that could be calibrated:{}", plan.config.file.string(), reasons);
  Calibrator calibrator(plan, options);
  for (const auto* setting : settings)
    all.found.push_back(calibrator.Run(*setting, [&](double share, const std::string& what) {
      if (progress) progress(static_cast<double>(all.found.size()) + share, static_cast<double>(settings.size()), what);
    }));
  return all;
}

}  // namespace skipbench
