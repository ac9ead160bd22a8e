#include "harness/experiment/metric_reference.h"

#include <algorithm>

#include "harness/evaluation/evaluate.h"
#include "harness/evaluation/statistics_file.h"
#include "metrics/torch_solver.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;

// Features of reference pictures are kept up to this size, mean and covariance beyond (unless the metric compares
// features).
constexpr int64_t kKeepFeatures = int64_t{16} << 20;  // values

// The program stands in build/ of the checkout, beside datasets/.
fs::path ShippedPictures() {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  return program.parent_path().parent_path() / "datasets" / "fashion_scenes" / "images";
}

// Empty: there is none.
fs::path ReferenceOf(const Plan& plan, const SetMetric& metric) {
  const auto& given = plan.config.metric_reference;
  if (metric.network.empty() || metric.needs_pairs) return {};
  if (const auto own = given.find(metric.name); own != given.end()) return own->second;
  if (const auto all = given.find(""); all != given.end()) return all->second;
  return metric.network == "fashion" && fs::is_directory(ShippedPictures()) ? ShippedPictures() : fs::path();
}

bool Available(const Plan& plan, const SetMetric& metric) { return !plan.networks.missing.contains(metric.name); }

FeatureSet ReadReference(const Plan& plan, const SetMetric& metric, const fs::path& path, bool quiet) {
  const FeatureNetwork& network = *plan.networks.features.at(metric.network);
  if (path.extension() == ".npz") {
    FeatureSet set = ReadStatisticsFile(path, metric.network);
    if (!set.weights.empty() && set.weights != network.info().weights_sha256)
      Fail("{}: holds statistics of other weights than {}", path.string(), network.info().weights.string());
    if (set.dimension != plan.networks.dimensions.at(metric.network))
      Fail("{}: has {} dimensions, the features of {} have {}", path.string(), set.dimension, metric.network,
           plan.networks.dimensions.at(metric.network));
    return set;
  }
  const auto pictures =
      OpenPictureFolder(path, network.info().clips ? FolderContent::kClips : FolderContent::kPictures);
  MeasureOptions options;
  options.quiet = quiet;
  return MeasureFeatures(*pictures, metric.network, network, options);
}

}  // namespace

void CheckMetricReferences(const Plan& plan) {
  for (const auto& metric : plan.config.set_metrics) {
    const fs::path path = ReferenceOf(plan, metric);
    if (path.empty() || !Available(plan, metric)) continue;
    if (!fs::exists(path))
      Fail("{}: metric_reference: {} is missing", plan.config.file.string(), path.lexically_normal().string());
  }
}

void CommitSetMetrics(const Plan& plan, ResultWriter* writer, bool quiet) {
  if (plan.config.set_metrics.empty() && plan.networks.missing.empty()) return;
  if (writer->ReadExtra(kSetMetricsPart, [](const hdf5::Group&) {})) return;
  SetMetricPlan stored;
  stored.metrics = plan.config.set_metrics;
  stored.missing = plan.networks.missing;
  for (const auto& [name, network] : plan.networks.features) stored.weights[name] = network->info().weights_sha256;
  stored.paper_batch = plan.pipeline->info().frames > 0 ? 1 : 16;
  std::map<std::string, fs::path> read;  // by network
  for (const auto& metric : plan.config.set_metrics) {
    const fs::path path = ReferenceOf(plan, metric);
    if (path.empty() || !Available(plan, metric)) continue;
    if (const auto before = read.find(metric.network); before != read.end()) {
      if (before->second != path)
        Fail("{}: metric_reference: two references, {} and {}, for metrics of the same features ({})",
             plan.config.file.string(), before->second.string(), path.string(), metric.network);
      continue;
    }
    read[metric.network] = path;
    FeatureSet set = ReadReference(plan, metric, path, quiet);
    const bool keep = std::any_of(plan.config.set_metrics.begin(), plan.config.set_metrics.end(), [&](const auto& m) {
      return m.network == metric.network && m.kind != SetMetricKind::kFrechet;
    });
    if (set.has_features() && !keep && static_cast<int64_t>(set.values.size()) > kKeepFeatures) {
      set.normal = StatisticsOf(set.view()).Normal();
      set.values.clear();
    }
    stored.reference[metric.network] = std::move(set);
  }
  writer->CommitExtra(kSetMetricsPart, [&](hdf5::Group& group) { WriteSetMetricPlan(group, stored); });
}

void CommitDistances(const Plan& plan, ResultWriter* writer) {
  if (plan.config.set_metrics.empty()) return;
  const ResultReader result = ResultReader::Open(writer->folder());
  const auto distances = ResultDistances(result, TorchSolver());
  writer->CommitExtra(kDistancesPart, [&](hdf5::Group& group) { WriteDistances(group, distances, result); });
}

}  // namespace skipbench
