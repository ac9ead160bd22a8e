#include "harness/analysis/set_distances.h"

#include <algorithm>
#include <cmath>

#include "harness/analysis/settings.h"
#include "harness/base/json.h"

namespace skipbench {
namespace {

// The values of a result: one setting's, and those of the setting it is compared with.
class Distances {
 public:
  // `rows`: [setting][sample], the samples that count.
  Distances(const ResultReader& result, const SetMetricPlan& plan, std::vector<std::vector<bool>> rows,
            const SetOptions& options)
      : result_(result), plan_(plan), rows_(std::move(rows)), options_(options) {}

  std::vector<MeasuredValue> All() {
    std::vector<MeasuredValue> all;
    const auto& settings = result_.header().settings;
    for (const SetMetric& metric : plan_.metrics) {
      for (size_t k = 0; k < settings.size(); ++k) {
        const int reference = ReferenceOf(settings, k);
        if (!metric.needs_pairs && plan_.reference.contains(metric.network)) Add(metric, k, kAgainstData, -1, &all);
        if (reference >= 0 && static_cast<size_t>(reference) != k) Add(metric, k, kAgainstReference, reference, &all);
      }
    }
    return all;
  }

 private:
  void Add(const SetMetric& metric, size_t setting, const char* against, int reference,
           std::vector<MeasuredValue>* all) {
    std::vector<MeasuredValue> values;
    const MetricInfo whole = metric.columns.size() == 1 ? metric.columns[0] : MetricInfo{.name = metric.name};
    if (const auto missing = plan_.missing.find(metric.name); missing != plan_.missing.end()) {
      values = {{.metric = whole, .available = false, .note = "not available: " + missing->second}};
    } else {
      try {
        values = Measure(metric, setting, reference);
      } catch (const Error& e) {
        values = {{.metric = whole, .note = e.what()}};  // too few samples yet, say
      }
    }
    for (auto& value : values) {
      value.subject = result_.header().settings[setting].label;
      value.setting = setting;
      value.against = against;
      all->push_back(std::move(value));
    }
  }

  std::vector<MeasuredValue> Measure(const SetMetric& metric, size_t setting, int reference) {
    std::vector<bool> rows = rows_[setting];
    if (reference >= 0)
      for (size_t i = 0; i < rows.size(); ++i) rows[i] = rows[i] && rows_[reference][i];
    RequireNotDropped(setting);
    if (metric.of_errors) return metric.of_errors(metric, Errors(setting, rows), plan_.paper_batch);
    const FeatureSet a = StoredFeatures(result_, setting, metric.network, rows);
    if (reference < 0) {
      const FeatureSet& data = plan_.reference.at(metric.network);
      std::vector<MeasuredValue> values = MeasureSets(metric, {a, data, false}, options_);
      if (!data.left_out.empty())
        for (auto& value : values) AddNote("of the reference data " + data.left_out, &value);
      return values;
    }
    const FeatureSet b = StoredFeatures(result_, static_cast<size_t>(reference), metric.network, rows);
    return MeasureSets(metric, {a, b, true}, options_);
  }

  // A distance depends on how many pictures go into it: that of a setting which a run dropped says nothing beside those
  // of others.
  void RequireNotDropped(size_t setting) const {
    const int reference = ReferenceOf(result_.header().settings, setting);
    if (reference < 0) return;
    const int64_t own = RunOf(setting), all = RunOf(static_cast<size_t>(reference));
    if (own < all)
      Fail(
          "left out: the run dropped it after {} of {} samples, and distances over different numbers are not "
          "comparable",
          own, all);
  }

  // Samples that a setting was run for.
  int64_t RunOf(size_t setting) const {
    if (!result_.FindColumn(setting, "status")) return 0;
    return std::ranges::count_if(result_.Read<uint8_t>(setting, "status").values,
                                 [](uint8_t status) { return static_cast<Status>(status) != Status::kNotRun; });
  }

  std::vector<SquaredError> Errors(size_t setting, const std::vector<bool>& rows) const {
    const auto mse = result_.Read<double>(setting, std::string("auxiliary/") + kMseColumn).values;
    const auto peak = result_.Read<double>(setting, std::string("auxiliary/") + kPeakColumn).values;
    constexpr int64_t kElements = int64_t{1} << 40;  // of each: batches pool pictures of one size, whichever it is
    std::vector<SquaredError> errors;
    for (size_t i = 0; i < rows.size(); ++i)
      if (rows[i])
        errors.push_back(
            {static_cast<uint64_t>(std::llround(mse[i] * kElements)), kElements, static_cast<uint8_t>(peak[i])});
    return errors;
  }

  const ResultReader& result_;
  const SetMetricPlan& plan_;
  const std::vector<std::vector<bool>> rows_;
  const SetOptions& options_;
};

// ---- what is stored -------------------------------------------------------------------------------------------------

Json StoredForm(const MeasuredValue& distance) {
  Json json = ToJson(distance);
  json["setting"] = distance.setting;
  json["against"] = distance.against;
  json["subject"] = distance.subject;
  json["without_block"] = distance.without_block;
  return json;
}

MeasuredValue FromStored(const Json& json, const SetMetricPlan& plan) {
  MeasuredValue distance = MeasuredValueFromJson(json);
  distance.setting = json.at("setting").get<size_t>();
  distance.against = json.at("against").get<std::string>();
  distance.subject = json.at("subject").get<std::string>();
  distance.without_block = json.value("without_block", std::vector<double>{});  // older results have none
  for (const auto& metric : plan.metrics)
    for (const auto& column : metric.columns)
      if (column.name == distance.metric.name) distance.metric = column;
  return distance;
}

// Those stored, if they are over exactly the samples that the results have now.
std::optional<std::vector<MeasuredValue>> StoredDistances(const ResultReader& result, const SetMetricPlan& plan) {
  if (!result.Extras().contains(kDistancesPart)) return std::nullopt;
  for (const auto& group : result.OpenExtra(kDistancesPart)) {
    if (group.Attribute<int64_t>("samples") != std::ssize(result.samples())) continue;
    std::vector<MeasuredValue> distances;
    try {
      for (const auto& one : group.Read<std::string>("distances"))
        distances.push_back(FromStored(ParseJson(one, group.Where()), plan));
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

std::vector<MeasuredValue> SetDistances(const ResultReader& result, const SetOptions& options) {
  return SetDistances(result, DoneSamples(result), options);
}

std::vector<MeasuredValue> SetDistances(const ResultReader& result, std::vector<std::vector<bool>> rows,
                                        const SetOptions& options) {
  const auto plan = FindSetMetricPlan(result);
  if (!plan || result.samples().empty()) return {};
  const auto done = DoneSamples(result);
  if (rows.size() != done.size())
    Fail("distances of {} settings were asked for; the results have {}", rows.size(), done.size());
  for (size_t k = 0; k < rows.size(); ++k)
    for (size_t i = 0; i < done[k].size(); ++i) rows[k][i] = rows[k][i] && done[k][i];
  if (rows == done)
    if (auto stored = StoredDistances(result, *plan)) return std::move(*stored);
  return Distances(result, *plan, std::move(rows), options).All();
}

void WriteDistances(hdf5::Group& group, const std::vector<MeasuredValue>& distances, const ResultReader& result) {
  std::vector<std::string> list;
  for (const auto& distance : distances)
    list.push_back(StoredForm(distance).dump(-1, ' ', true, Json::error_handler_t::replace));
  group.SetAttribute("samples", std::ssize(result.samples()));
  group.Write("distances", list, {std::ssize(list)}, {"distance"});
}

}  // namespace skipbench
