#include "harness/evaluation/result_distances.h"

#include <algorithm>
#include <cmath>

#include "harness/base/json.h"
#include "metrics/psnr.h"

namespace skipbench {
namespace {

// The rows of a result: one setting's, and those of the setting it is compared with.
class Distances {
 public:
  // `rows`: [setting][sample], the samples that count.
  Distances(const ResultReader& result, const SetMetricPlan& plan, std::vector<std::vector<bool>> rows,
            const DenseSolver& solver, const SetOptions& options)
      : result_(result), plan_(plan), rows_(std::move(rows)), solver_(solver), options_(options) {}

  std::vector<ResultDistance> All() {
    std::vector<ResultDistance> all;
    const auto& settings = result_.header().settings;
    for (const SetMetric& metric : plan_.metrics) {
      for (size_t k = 0; k < settings.size(); ++k) {
        const int reference = ReferenceOf(settings, k);
        if (!metric.needs_pairs && plan_.reference.contains(metric.network)) Add(metric, k, Against::kData, -1, &all);
        if (reference >= 0 && static_cast<size_t>(reference) != k)
          Add(metric, k, Against::kReferenceSetting, reference, &all);
      }
    }
    return all;
  }

 private:
  void Add(const SetMetric& metric, size_t setting, Against against, int reference, std::vector<ResultDistance>* all) {
    const std::string& label = result_.header().settings[setting].label;
    std::vector<MetricRow> rows;
    if (const auto missing = plan_.missing.find(metric.name); missing != plan_.missing.end()) {
      rows = {{.metric = metric.name, .available = false, .note = "not available: " + missing->second}};
    } else {
      try {
        rows = Rows(metric, setting, reference);
      } catch (const Error& e) {
        rows = {{.metric = metric.name, .note = e.what()}};  // too few samples yet, say
      }
    }
    for (auto& row : rows) {
      row.subject = label;
      all->push_back({setting, against, std::move(row)});
    }
  }

  std::vector<MetricRow> Rows(const SetMetric& metric, size_t setting, int reference) {
    std::vector<bool> rows = rows_[setting];
    if (reference >= 0)
      for (size_t i = 0; i < rows.size(); ++i) rows[i] = rows[i] && rows_[static_cast<size_t>(reference)][i];
    if (metric.kind == SetMetricKind::kPaperPsnr) return {PaperPsnr(setting, rows)};
    const FeatureSet a = StoredFeatures(result_, setting, metric.network, rows);
    if (reference < 0) return SetRows(metric, a, plan_.reference.at(metric.network), false, solver_, options_, "");
    const FeatureSet b = StoredFeatures(result_, static_cast<size_t>(reference), metric.network, rows);
    if (metric.kind != SetMetricKind::kPaperFrechet) return SetRows(metric, a, b, true, solver_, options_, "");
    MetricRow row = MeanRow(PairedSquaredDistances(a, b), metric.name, "", "");
    row.note = kPaperFrechetNote;
    return {row};
  }

  MetricRow PaperPsnr(size_t setting, const std::vector<bool>& rows) const {
    const auto mse = result_.Read<double>(setting, std::string("auxiliary/") + kMseColumn).values;
    const auto peak = result_.Read<double>(setting, std::string("auxiliary/") + kPeakColumn).values;
    constexpr int64_t kElements = int64_t{1} << 40;  // of each: batches pool pictures of one size, whichever it is
    std::vector<SquaredError> errors;
    for (size_t i = 0; i < rows.size(); ++i)
      if (rows[i])
        errors.push_back(
            {static_cast<uint64_t>(std::llround(mse[i] * kElements)), kElements, static_cast<uint8_t>(peak[i])});
    const auto paper = PaperCompatPsnr(errors, plan_.paper_batch);
    return PaperPsnrRow(paper, static_cast<int64_t>(errors.size()));
  }

  const ResultReader& result_;
  const SetMetricPlan& plan_;
  const std::vector<std::vector<bool>> rows_;
  const DenseSolver& solver_;
  const SetOptions& options_;
};

// ---- what is stored -------------------------------------------------------------------------------------------------

Json ToJson(const ResultDistance& distance) {
  Json json = RowJson(distance.row);
  json["setting"] = distance.setting;
  json["against"] = distance.against == Against::kData ? "data" : "reference";
  json["subject"] = distance.row.subject;
  json["without_block"] = distance.row.without_block;
  return json;
}

ResultDistance FromJson(const Json& json) {
  ResultDistance distance;
  distance.setting = json.at("setting").get<size_t>();
  distance.against = json.at("against") == "data" ? Against::kData : Against::kReferenceSetting;
  distance.row = RowFromJson(json);
  distance.row.subject = json.at("subject").get<std::string>();
  distance.row.without_block = json.value("without_block", std::vector<double>{});  // older results have none
  return distance;
}

// Those stored, if they are over exactly the samples that the results have now.
std::optional<std::vector<ResultDistance>> StoredDistances(const ResultReader& result) {
  if (!result.Extras().contains(kDistancesPart)) return std::nullopt;
  for (const auto& group : result.OpenExtra(kDistancesPart)) {
    if (group.Attribute<int64_t>("samples") != static_cast<int64_t>(result.samples().size())) continue;
    std::vector<ResultDistance> distances;
    try {
      for (const auto& one : group.Read<std::string>("distances"))
        distances.push_back(FromJson(ParseJson(one, group.Where())));
    } catch (const Json::exception& e) {
      Fail("{}: {}", group.Where(), e.what());
    }
    for (const auto& distance : distances)
      if (distance.setting >= result.header().settings.size())
        Fail("{}: a distance of setting {}", group.Where(), distance.setting);
    return distances;
  }
  return std::nullopt;
}

}  // namespace

std::string FeatureColumn(const std::string& network) {
  std::string name = network;
  for (char& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  return name;
}

void WriteSetMetricPlan(hdf5::Group& group, const SetMetricPlan& plan) {
  std::vector<std::string> names;
  for (const auto& metric : plan.metrics) names.push_back(metric.name);
  group.SetAttribute("metrics", Json(names).dump());
  group.SetAttribute("missing", Json(plan.missing).dump());
  group.SetAttribute("weights", Json(plan.weights).dump());
  group.SetAttribute("paper_batch", plan.paper_batch);
  hdf5::Group references = group.CreateGroup("reference");
  for (const auto& [network, set] : plan.reference) {
    hdf5::Group one = references.CreateGroup(FeatureColumn(network));
    one.SetAttribute("network", network);
    one.SetAttribute("description", hdf5::CleanText(set.description));
    one.SetAttribute("count", set.count());
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

SetMetricPlan ReadSetMetricPlan(const hdf5::Group& group) {
  SetMetricPlan plan;
  try {
    for (const Json& name : ParseJson(group.Attribute<std::string>("metrics"), group.Where())) {
      const auto metric = ParseSetMetric(name.get<std::string>());
      if (!metric) Fail("{}: unknown metric \"{}\"", group.Where(), name.get<std::string>());
      plan.metrics.push_back(*metric);
    }
    plan.missing =
        ParseJson(group.Attribute<std::string>("missing"), group.Where()).get<std::map<std::string, std::string>>();
    if (group.HasAttribute("weights"))  // older results do not say
      plan.weights =
          ParseJson(group.Attribute<std::string>("weights"), group.Where()).get<std::map<std::string, std::string>>();
  } catch (const Json::exception& e) {
    Fail("{}: {}", group.Where(), e.what());
  }
  plan.paper_batch = group.Attribute<int64_t>("paper_batch");
  const hdf5::Group references = group.OpenGroup("reference");
  for (const auto& member : references.Members()) {
    const hdf5::Group one = references.OpenGroup(member);
    FeatureSet set{.description = one.Attribute<std::string>("description")};
    if (one.Has("features")) {
      const hdf5::Dataset features = one.OpenDataset("features");
      if (features.shape().size() != 2) Fail("{}: expected [n, d]", features.Where());
      set.dimension = features.shape()[1];
      set.values = features.Read<float>();
    }
    if (one.Has("mu")) {
      const auto mean = one.Read<double>("mu"), covariance = one.Read<double>("sigma");
      set.normal_is_apart = set.has_features();
      if (set.has_features() && set.dimension != static_cast<int64_t>(mean.size()))
        Fail("{}: mu has {} values, the features {}", one.Where(), mean.size(), set.dimension);
      set.dimension = static_cast<int64_t>(mean.size());
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
  return groups.empty() ? std::nullopt : std::optional(ReadSetMetricPlan(groups[0]));
}

std::vector<bool> DoneSamples(const ResultReader& result, size_t setting) {
  std::vector<bool> done(result.samples().size(), false);
  if (!result.FindColumn(setting, "status")) return done;
  const auto status = result.Read<uint8_t>(setting, "status").values;
  for (size_t i = 0; i < done.size(); ++i) done[i] = static_cast<Status>(status[i]) == Status::kDone;
  return done;
}

std::vector<std::vector<bool>> DoneSamples(const ResultReader& result) {
  std::vector<std::vector<bool>> done;
  for (size_t k = 0; k < result.header().settings.size(); ++k) done.push_back(DoneSamples(result, k));
  return done;
}

FeatureSet StoredFeatures(const ResultReader& result, size_t setting, const std::string& network,
                          const std::vector<bool>& rows) {
  const auto all = result.Read<float>(setting, "features/" + FeatureColumn(network));
  FeatureSet set{.description = result.header().settings[setting].label, .dimension = all.shape[1]};
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto begin = all.values.begin() + static_cast<std::ptrdiff_t>(i) * set.dimension;
    if (!rows[i]) continue;
    set.values.insert(set.values.end(), begin, begin + set.dimension);
    set.names.push_back(fmt::format("{:06}", result.samples()[i].id));
  }
  if (set.values.empty()) Fail("{}: no sample was done", set.description);
  return set;
}

std::vector<ResultDistance> ResultDistances(const ResultReader& result, const DenseSolver& solver,
                                            const SetOptions& options) {
  return ResultDistances(result, DoneSamples(result), solver, options);
}

std::vector<ResultDistance> ResultDistances(const ResultReader& result, std::vector<std::vector<bool>> rows,
                                            const DenseSolver& solver, const SetOptions& options) {
  const auto plan = FindSetMetricPlan(result);
  if (!plan || result.samples().empty()) return {};
  const auto done = DoneSamples(result);
  if (rows.size() != done.size())
    Fail("distances of {} settings were asked for; the results have {}", rows.size(), done.size());
  for (size_t k = 0; k < rows.size(); ++k)
    for (size_t i = 0; i < done[k].size(); ++i) rows[k][i] = rows[k][i] && done[k][i];
  if (rows == done)
    if (auto stored = StoredDistances(result)) return std::move(*stored);
  return Distances(result, *plan, std::move(rows), solver, options).All();
}

void WriteDistances(hdf5::Group& group, const std::vector<ResultDistance>& distances, const ResultReader& result) {
  std::vector<std::string> list;
  for (const auto& distance : distances)
    list.push_back(ToJson(distance).dump(-1, ' ', true, Json::error_handler_t::replace));
  group.SetAttribute("samples", static_cast<int64_t>(result.samples().size()));
  group.Write("distances", list, {static_cast<int64_t>(list.size())}, {"distance"});
}

}  // namespace skipbench
