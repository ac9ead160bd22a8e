#include "harness/experiment/plan/metric_reference.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <set>

#include "harness/base/paths.h"
#include "harness/evaluation/evaluate.h"
#include "harness/evaluation/statistics_file.h"
#include "metrics/catalog.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;

// Features of reference pictures are kept up to this size, mean and covariance beyond (unless the metric compares
// features).
constexpr int64_t kKeepFeatures = int64_t{16} << 20;  // values

// What is known of a network before it is opened.
FeatureNetworkInfo Unopened(const Plan& plan) {
  FeatureNetworkInfo info;
  info.clips = plan.pipeline->info().frames > 0;
  return info;
}

// The data's own reference, where it fits the metric: statistics of its features, or pictures for a network of
// pictures. `statistics`: the file of statistics, if it is one.
bool Fits(const Plan& plan, const SetMetric& metric, const std::optional<StatisticsFile>& statistics) {
  if (plan.data_reference->extension() != ".npz") return plan.pipeline->info().frames == 0;
  return !statistics || statistics->BasisOf(metric, Unopened(plan)) != StatisticsFile::Basis::kNone;
}

// Empty: none.
fs::path ReferenceOf(const Plan& plan, const SetMetric& metric, const std::optional<StatisticsFile>& statistics) {
  const auto& given = plan.config.metric_reference;
  if (metric.network.empty() || metric.needs_pairs || plan.networks.missing.contains(metric.name)) return {};
  if (const auto own = given.find(metric.name); own != given.end()) return own->second;
  if (const auto all = given.find(""); all != given.end()) return all->second;
  if (plan.data_reference && Fits(plan, metric, statistics)) return *plan.data_reference;
  const fs::path shipped = ShippedFolder("fashion_scenes") / "images";
  return metric.network == "fashion" && fs::is_directory(shipped) ? shipped : fs::path();
}

std::unique_ptr<PictureSet> OpenReference(const Plan& plan, const fs::path& path, bool clips) {
  return OpenPictureSet(path, {.clips = clips, .frames = clips ? plan.config.reference_frames : 0});
}

// `metrics`: of one network, all of which are measured to it.
FeatureSet ReadReference(const Plan& plan, const std::vector<SetMetric>& metrics, const fs::path& path, bool quiet) {
  const SetMetric& metric = metrics[0];
  const FeatureNetwork& network = *plan.networks.features.at(metric.network);
  MeasureOptions options;
  options.quiet = quiet;
  options.skip_broken = plan.config.reference_skip_broken;
  if (path.extension() == ".npz") {
    const int64_t dimension = plan.networks.dimensions.at(metric.network);
    FeatureSet set = StatisticsFile(path).Read(metrics, network, options, dimension);
    if (!set.weights.empty() && set.weights != network.info().weights_sha256)
      Fail("{}: holds statistics of other weights than {}", path.string(), network.info().weights.string());
    if (set.dimension != dimension)
      Fail("{}: has {} dimensions, the features of {} have {}", path.string(), set.dimension, metric.network,
           dimension);
    return set;
  }
  const auto pictures = OpenReference(plan, path, network.info().clips);
  FeatureSet set = MeasureFeatures(*pictures, metric.network, network, options);
  if (set.frames > 0 && set.frames != plan.pipeline->info().frames)
    Fail(
        "{}: metric_reference: clips of {} frames in {}, the run makes {}; clips of one length can be compared "
        "(\"metric_reference_options\": {{\"frames\": {}}} takes the first of each)",
        plan.config.file.string(), set.frames, path.string(), plan.pipeline->info().frames,
        plan.pipeline->info().frames);
  // What ships is the same wherever the checkout lies, and a result that ships names no folder of one machine.
  std::error_code error;
  if (fs::equivalent(path, ShippedFolder("fashion_scenes") / "images", error))
    set.description = "datasets/fashion_scenes/images, as shipped";
  return set;
}

}  // namespace

std::map<std::string, fs::path> FindMetricReferences(const Plan& plan) {
  std::map<std::string, fs::path> references, of_network;
  if (plan.config.reference_frames > 0 && plan.pipeline->info().frames == 0)
    Fail("{}: metric_reference_options.frames: {} is for pipelines that make clips; {} makes pictures",
         plan.config.file.string(), plan.config.reference_frames, plan.pipeline->info().folder.string());
  if (plan.config.set_metrics.empty()) return references;
  std::optional<StatisticsFile> statistics;
  if (plan.data_reference && plan.data_reference->extension() == ".npz" && fs::exists(*plan.data_reference))
    statistics.emplace(*plan.data_reference);
  for (const auto& metric : plan.config.set_metrics) {
    const fs::path path = ReferenceOf(plan, metric, statistics);
    if (path.empty()) continue;
    if (!fs::exists(path))
      Fail("{}: metric_reference: {} is missing", plan.config.file.string(), path.lexically_normal().string());
    const fs::path& first = of_network.emplace(metric.network, path).first->second;
    if (first != path)
      Fail("{}: metric_reference: two references, {} and {}, for metrics of the same features ({})",
           plan.config.file.string(), first.string(), path.string(), metric.network);
    if (path.extension() == ".npz")
      if (const auto why = StatisticsFile(path).WhyNot(metric, Unopened(plan)); !why.empty())
        Fail("{}: metric_reference: {}: {}", plan.config.file.string(), metric.name, why);
    references[metric.name] = path;
  }
  return references;
}

std::vector<std::string> NotesOnMetricReferences(const Plan& plan) {
  std::vector<std::string> notes;
  std::set<fs::path> listed;
  for (const auto& [name, path] : plan.metric_references)
    if (plan.pipeline->info().frames > 0 && path.extension() != ".npz" && listed.insert(path).second)
      for (auto& note : OpenReference(plan, path, /*clips=*/true)->notes())
        notes.push_back("metric_reference: " + std::move(note));
  return notes;
}

void CommitSetMetrics(const Plan& plan, ResultWriter* writer, bool quiet) {
  if (plan.config.set_metrics.empty() && plan.networks.missing.empty()) return;
  if (writer->ReadExtra(kSetMetricsPart, [](const hdf5::Group&) {})) return;
  SetMetricPlan stored;
  stored.metrics = plan.config.set_metrics;
  stored.missing = plan.networks.missing;
  for (const auto& [name, network] : plan.networks.features) stored.weights[name] = network->info().weights_sha256;
  stored.paper_batch = plan.pipeline->info().frames > 0 ? 1 : 16;
  for (const auto& metric : plan.config.set_metrics) {
    const auto reference = plan.metric_references.find(metric.name);
    if (reference == plan.metric_references.end() || stored.reference.contains(metric.network)) continue;
    std::vector<SetMetric> metrics;
    for (const auto& m : plan.config.set_metrics)
      if (m.network == metric.network && plan.metric_references.contains(m.name)) metrics.push_back(m);
    FeatureSet set = ReadReference(plan, metrics, reference->second, quiet);
    const bool keep = std::any_of(plan.config.set_metrics.begin(), plan.config.set_metrics.end(),
                                  [&](const auto& m) { return m.network == metric.network && m.needs_features; });
    if (set.has_features() && !keep && std::ssize(set.values) > kKeepFeatures) {
      set.normal = StatisticsOf(set.view()).Normal();
      set.values.clear();
    }
    stored.reference[metric.network] = std::move(set);
  }
  writer->CommitExtra(kSetMetricsPart, [&](hdf5::Group& group) { WriteSetMetricPlan(group, stored); });
}

void CommitDistances(const Plan& plan, ResultWriter* writer) {
  if (plan.config.set_metrics.empty()) return;
  const ResultReader result = ResultReader::Open(writer->folder(), {.own = true, .known = CatalogMetrics()});
  const auto distances = SetDistances(result);
  writer->CommitExtra(kDistancesPart, [&](hdf5::Group& group) { WriteDistances(group, distances, result); });
}

}  // namespace skipbench
