#include "harness/experiment/calibrate.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "harness/sampling/selected_denoiser.h"
#include "harness/sampling/trajectory_tree.h"
#include "methods/catalog.h"

namespace skipbench {
namespace {

bool HasDelta(const Method& method) {
  const auto& options = FindMethodType(method.type(), "calibrate").options;
  return std::any_of(options.begin(), options.end(), [](const MethodOption& option) { return option.name == "delta"; });
}

std::unique_ptr<Method> WithDelta(Json parameters, double delta, const std::string& file) {
  parameters["delta"] = delta;
  const JsonReader reader(parameters, file, "methods");
  reader.Ignore("type");
  reader.Ignore("id");
  return FindMethodType(parameters.at("type").get<std::string>(), file).make(reader);
}

// The deltas at which this trajectory's decisions turn: entry i of the trace belongs to the decision for call i + 1.
void ReadTrajectory(const TrajectoryRecord& record, double delta, DeltaProbe* probe) {
  DeltaInterval interval{0, HUGE_VAL, 0};
  const auto &criterion = record.trace.at("criterion"), &threshold = record.trace.at("threshold");
  for (size_t call = 0; call < record.decisions.size(); ++call) {
    const bool predicted = record.decisions[call].action == Action::kPredict;
    interval.nfe += predicted;
    if (call == 0 || std::isnan(criterion[call - 1])) continue;
    const double turn = criterion[call - 1] / (threshold[call - 1] / delta);
    if (!std::isfinite(turn)) continue;
    (predicted ? probe->predicted : probe->skipped).push_back(turn);
    if (predicted) interval.high = std::min(interval.high, turn);
    else interval.low = std::max(interval.low, turn);
  }
  probe->samples.push_back(interval);
}

class Calibrator {
 public:
  Calibrator(const Plan& plan, const CalibrationOptions& options)
      : plan_(plan), options_(options), count_(std::min<int64_t>(options.samples, static_cast<int64_t>(plan.samples.size()))) {
    for (int64_t s = 0; s < count_; ++s) streams_.push_back(plan.noise->Open(plan.samples[s].id, s, plan.pipeline->info().latent_shape));
  }

  Calibration Run(const PlannedSetting& setting, const std::function<void(const std::string&)>& progress) {
    Calibration found;
    const std::string file = plan_.config.file.string();
    found.run = plan_.config.runs[setting.spec->run].label;
    found.parameters = setting.spec->parameters;
    found.calls = setting.scheduler->calls();
    found.target = options_.nfe ? *options_.nfe : found.calls / *options_.speedup;
    if (!(found.target > 0 && found.target <= found.calls))
      Fail("{}: a mean of {:.4g} predictions is wanted, {} with {} steps makes {} calls; expected more than 0 and at most that", file, found.target,
           setting.scheduler->type(), setting.scheduler->steps(), found.calls);
    Denoiser& denoiser = DenoiserFor(setting.guidance);
    const auto probe = [&](double delta, const std::vector<int>& which) {
      const auto method = WithDelta(found.parameters, delta, file);
      const TreeResult result = RunOn(which, *method, setting, denoiser);
      found.evaluations += result.full_evaluations;
      DeltaProbe seen;
      for (const auto& record : result.records[0]) ReadTrajectory(record, delta, &seen);
      progress(fmt::format("{} {}", method->Label(), found.run));
      return seen;
    };
    found.result = SearchDelta(static_cast<int>(count_), found.calls, {.target = found.target, .tolerance = options_.tolerance}, probe);
    found.plain_evaluations = std::llround(found.result.nfe_of_probes * static_cast<double>(count_));
    found.parameters["delta"] = found.result.delta;
    found.method = WithDelta(found.parameters, found.result.delta, file)->Label();
    return found;
  }

 private:
  Denoiser& DenoiserFor(double guidance) {
    auto& denoiser = denoisers_[guidance];
    if (!denoiser) denoiser = plan_.pipeline->Encode({plan_.samples.data(), static_cast<size_t>(count_)}, guidance, plan_.config.batch_invariant);
    return *denoiser;
  }

  TreeResult RunOn(const std::vector<int>& which, const Method& method, const PlannedSetting& setting, Denoiser& denoiser) {
    std::vector<TreeSample> samples;
    for (int s : which) samples.push_back({plan_.samples[s].id, streams_[s].get()});
    TreeOptions options;
    options.batch_size = plan_.config.batch_size;
    options.batch_invariant = plan_.config.batch_invariant;
    options.group_size = plan_.config.group_size;
    for (const auto& tree : plan_.trees)
      if (tree.scheduler == setting.scheduler) options.max_states = tree.max_states;
    SelectedDenoiser selected(denoiser, {which.begin(), which.end()});
    return RunTree(*setting.scheduler, selected, samples, {&method}, plan_.pipeline->info().latent_shape, plan_.config.dtype, plan_.device, options);
  }

  const Plan& plan_;
  const CalibrationOptions& options_;
  const int64_t count_;
  std::vector<std::unique_ptr<NoiseStream>> streams_;
  std::map<double, std::unique_ptr<Denoiser>> denoisers_;
};

}  // namespace

std::vector<Calibration> Calibrate(const Plan& plan, const CalibrationOptions& options,
                                   const std::function<void(size_t done, size_t total, const std::string& what)>& progress) {
  c10::InferenceMode inference;
  std::vector<const PlannedSetting*> settings;
  std::set<std::string> seen;
  for (const auto& setting : plan.settings) {
    if (!setting.supported || !HasDelta(*setting.spec->method)) continue;
    Json others = setting.spec->parameters;
    others.erase("delta");
    if (seen.insert(fmt::format("{} {}", setting.spec->run, others.dump())).second) settings.push_back(&setting);
  }
  if (settings.empty()) Fail("{}: methods: none of them has an option \"delta\" that could be calibrated", plan.config.file.string());
  Calibrator calibrator(plan, options);
  std::vector<Calibration> found;
  for (const auto* setting : settings)
    found.push_back(calibrator.Run(*setting, [&](const std::string& what) {
      if (progress) progress(found.size(), settings.size(), what);
    }));
  return found;
}

}  // namespace skipbench
