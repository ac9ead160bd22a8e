#include "harness/analysis/set_metric_plan.h"

#include <cctype>

#include "harness/base/json.h"
#include "harness/base/text.h"

namespace skipbench {

std::string FeatureColumn(const std::string& network) {
  std::string name = network;
  for (char& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  return name;
}

void WriteSetMetricPlan(hdf5::Group& group, const SetMetricPlan& plan) {
  std::vector<std::string> names;
  Json descriptions = Json::object();
  for (const auto& metric : plan.metrics) {
    names.push_back(metric.name);
    for (const auto& column : metric.columns) descriptions[metric.name].push_back(ToJson(column));
  }
  group.SetAttribute("metrics", Json(names).dump());
  group.SetAttribute("descriptions", descriptions.dump());
  group.SetAttribute("missing", Json(plan.missing).dump());
  group.SetAttribute("weights", Json(plan.weights).dump());
  group.SetAttribute("paper_batch", plan.paper_batch);
  hdf5::Group references = group.CreateGroup("reference");
  for (const auto& [network, set] : plan.reference) {
    hdf5::Group one = references.CreateGroup(FeatureColumn(network));
    one.SetAttribute("network", network);
    one.SetAttribute("description", CleanText(set.description));
    one.SetAttribute("count", set.count());
    if (!set.left_out.empty()) one.SetAttribute("left_out", CleanText(set.left_out));
    if (set.has_features()) one.Write("features", set.values, {set.count(), set.dimension}, {"picture", "feature"});
    if (!set.compares_normals()) continue;
    const Gaussian& normal = *set.normal;
    if (set.has_features()) one.SetAttribute("normal_count", normal.count);
    const int64_t d = normal.dimension();
    one.Write("mu", std::vector<double>(normal.mean.data(), normal.mean.data() + d), {d}, {"feature"});
    one.Write("sigma", std::vector<double>(normal.covariance.data(), normal.covariance.data() + d * d), {d, d},
              {"feature", "feature"});
  }
}

namespace {

// As the results describe it, or else as it is known.
SetMetric ReadMetric(const std::string& name, const Json& descriptions, const KnownMetrics& known,
                     const std::string& where) {
  auto metric = known.set ? known.set(name) : std::nullopt;
  if (!metric) Fail("{}: unknown metric \"{}\"", where, name);
  if (!descriptions.contains(name)) return *metric;
  metric->columns.clear();
  for (const Json& column : descriptions[name])
    metric->columns.push_back(MetricInfoFromJson(column, where + ": descriptions"));
  return *metric;
}

}  // namespace

SetMetricPlan ReadSetMetricPlan(const hdf5::Group& group, const KnownMetrics& known) {
  SetMetricPlan plan;
  try {
    // Older results have neither descriptions nor weights.
    const auto read = [&](const std::string& text) { return ParseJson(text, group.Where()); };
    const Json descriptions = read(group.AttributeOr("descriptions", "{}"));
    for (const Json& name : read(group.Attribute<std::string>("metrics")))
      plan.metrics.push_back(ReadMetric(name.get<std::string>(), descriptions, known, group.Where()));
    plan.missing = read(group.Attribute<std::string>("missing")).get<std::map<std::string, std::string>>();
    plan.weights = read(group.AttributeOr("weights", "{}")).get<std::map<std::string, std::string>>();
  } catch (const Json::exception& e) {
    Fail("{}: {}", group.Where(), e.what());
  }
  plan.paper_batch = group.Attribute<int64_t>("paper_batch");
  const hdf5::Group references = group.OpenGroup("reference");
  for (const auto& member : references.Members()) {
    const hdf5::Group one = references.OpenGroup(member);
    FeatureSet set{.description = one.Attribute<std::string>("description"),
                   .left_out = one.AttributeOr("left_out", "")};
    if (one.Has("features")) {
      const hdf5::Dataset features = one.OpenDataset("features");
      if (features.shape().size() != 2) Fail("{}: expected [n, d]", features.Where());
      set.dimension = features.shape()[1];
      set.values = features.Read<float>();
    }
    if (one.Has("mu")) {
      const auto mean = one.Read<double>("mu"), covariance = one.Read<double>("sigma");
      set.normal_is_apart = set.has_features();
      if (set.has_features() && set.dimension != std::ssize(mean))
        Fail("{}: mu has {} values, the features {}", one.Where(), mean.size(), set.dimension);
      set.dimension = std::ssize(mean);
      if (covariance.size() != mean.size() * mean.size())
        Fail("{}: sigma has {} values for {} dimensions", one.Where(), covariance.size(), mean.size());
      Gaussian& normal = set.normal.emplace();
      normal.count = one.Attribute<int64_t>(set.has_features() ? "normal_count" : "count");
      normal.mean = Eigen::Map<const Eigen::VectorXd>(mean.data(), set.dimension);
      normal.covariance = Eigen::Map<const Eigen::MatrixXd>(covariance.data(), set.dimension, set.dimension);
    }
    plan.reference[one.Attribute<std::string>("network")] = std::move(set);
  }
  return plan;
}

std::optional<SetMetricPlan> FindSetMetricPlan(const ResultReader& result) {
  if (!result.Extras().contains(kSetMetricsPart)) return std::nullopt;
  const auto groups = result.OpenExtra(kSetMetricsPart);
  return groups.empty() ? std::nullopt : std::optional(ReadSetMetricPlan(groups[0], result.known_metrics()));
}

}  // namespace skipbench
