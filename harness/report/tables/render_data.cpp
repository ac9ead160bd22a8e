#include "harness/report/tables/render_data.h"

#include "harness/base/table_format.h"

namespace skipbench {
namespace {

template <class T, class Value>
std::optional<double> Of(const std::optional<T>& from, Value value) {
  return from ? std::optional<double>(value(*from)) : std::nullopt;
}

// A name and a value of one row; a list of these is a line of the CSV file.
using Fields = std::vector<std::pair<std::string, std::string>>;

void AddLatency(const TableRow& row, Fields& fields) {
  const auto& latency = row.latency;
  fields.emplace_back("latency_s", CsvNumber(Of(latency, [](auto& l) { return l.seconds; })));
  fields.emplace_back("speed_up", CsvNumber(latency ? latency->speed_up : std::nullopt));
  fields.emplace_back("latency_batch", latency ? std::to_string(latency->batch) : "");
  fields.emplace_back("latency_threads", latency ? std::to_string(latency->threads) : "");
  fields.emplace_back("latency_repeats", latency ? std::to_string(latency->repeats) : "");
  fields.emplace_back("peak_memory_bytes", CsvNumber(latency ? latency->peak_memory_bytes : std::nullopt));
  fields.emplace_back("peak_memory_kind", latency ? latency->peak_memory_kind : "");
}

// `of_sets`: with the standard error, and no pictures that are identical.
void AddValue(const std::string& name, const std::optional<MeasuredValue>& value, bool of_sets, Fields& fields) {
  fields.emplace_back(name, CsvNumber(value ? value->value : std::nullopt));
  fields.emplace_back(name + "_low", CsvNumber(value ? value->low : std::nullopt));
  fields.emplace_back(name + "_high", CsvNumber(value ? value->high : std::nullopt));
  if (of_sets) fields.emplace_back(name + "_standard_error", CsvNumber(value ? value->standard_error : std::nullopt));
  fields.emplace_back(name + "_count", value ? std::to_string(value->count) : "");
  if (!of_sets) fields.emplace_back(name + "_identical", value ? std::to_string(value->identical) : "");
}

Fields FieldsOf(const Table& table, const TableRow& row) {
  Fields fields;
  fields.emplace_back("setting", row.setting.label);
  fields.emplace_back("type", row.setting.type);
  fields.emplace_back("scheduler", row.setting.scheduler.empty() ? table.header.scheduler : row.setting.scheduler);
  fields.emplace_back("steps", std::to_string(row.setting.steps));
  fields.emplace_back("reference", row.setting.reference ? "1" : "0");
  fields.emplace_back("samples", std::to_string(row.samples));
  fields.emplace_back("failed", std::to_string(row.failed));
  fields.emplace_back("not_supported", std::to_string(row.not_supported));
  fields.emplace_back("message", row.message);
  for (const auto& [name, spread] : {std::pair("nfe", row.nfe), std::pair("shallow_nfe", row.shallow_nfe)}) {
    fields.emplace_back(fmt::format("{}_mean", name), CsvNumber(Of(spread, [](auto& s) { return s.mean; })));
    fields.emplace_back(fmt::format("{}_min", name), CsvNumber(Of(spread, [](auto& s) { return s.min; })));
    fields.emplace_back(fmt::format("{}_max", name), CsvNumber(Of(spread, [](auto& s) { return s.max; })));
  }
  fields.emplace_back("macs_modules", CsvNumber(row.macs_modules));
  fields.emplace_back("macs_modules_ratio", CsvNumber(row.macs_modules_ratio));
  fields.emplace_back("macs_matmuls", CsvNumber(row.macs_matmuls));
  fields.emplace_back("macs_matmuls_ratio", CsvNumber(row.macs_matmuls_ratio));
  AddLatency(row, fields);
  for (size_t m = 0; m < table.metrics.size(); ++m) AddValue(table.metrics[m].name, row.metrics[m], false, fields);
  for (size_t d = 0; d < table.distances.size(); ++d)
    AddValue(table.distances[d].metric.name + "_" + table.distances[d].against, row.distances[d], true, fields);
  return fields;
}

Json SpreadJson(const std::optional<Spread>& spread) {
  if (!spread) return nullptr;
  return {{"mean", JsonNumber(spread->mean)}, {"min", JsonNumber(spread->min)}, {"max", JsonNumber(spread->max)}};
}

Json LatencyJson(const std::optional<LatencySummary>& latency) {
  if (!latency) return nullptr;
  return {{"seconds_per_sample", JsonNumber(latency->seconds)},
          {"speed_up", JsonNumber(latency->speed_up)},
          {"batch", latency->batch},
          {"threads", latency->threads},
          {"repeats", latency->repeats},
          {"peak_memory_bytes", JsonNumber(latency->peak_memory_bytes)},
          {"peak_memory_kind", latency->peak_memory_kind}};
}

Json MetricJson(const TableRow& row, const std::optional<MeasuredValue>& value) {
  if (!value) return nullptr;
  return {{"mean", JsonNumber(value->value)}, {"low", JsonNumber(value->low)},
          {"high", JsonNumber(value->high)},  {"count", value->count},
          {"identical", value->identical},    {"missing", MissingOf(row, *value)}};
}

Json DistanceJson(const std::optional<MeasuredValue>& value) {
  if (!value) return nullptr;
  return {{"value", JsonNumber(value->value)},
          {"low", JsonNumber(value->low)},
          {"high", JsonNumber(value->high)},
          {"standard_error", JsonNumber(value->standard_error)},
          {"count", value->count},
          {"available", value->available},
          {"interval", value->interval},
          {"note", value->note}};
}

Json RowJson(const Table& table, const TableRow& row) {
  Json distances = Json::object();
  for (size_t d = 0; d < table.distances.size(); ++d)
    distances[table.distances[d].metric.name][table.distances[d].against] = DistanceJson(row.distances[d]);
  Json metrics = Json::object();
  for (size_t m = 0; m < table.metrics.size(); ++m) metrics[table.metrics[m].name] = MetricJson(row, row.metrics[m]);
  return {{"setting", row.setting.label},
          {"type", row.setting.type},
          {"parameters", row.setting.parameters},
          {"scheduler", row.setting.scheduler.empty() ? table.header.scheduler : row.setting.scheduler},
          {"steps", row.setting.steps},
          {"reference", row.setting.reference},
          {"samples", row.samples},
          {"failed", row.failed},
          {"not_supported", row.not_supported},
          {"message", row.message},
          {"nfe", SpreadJson(row.nfe)},
          {"shallow_nfe", SpreadJson(row.shallow_nfe)},
          {"macs_modules", JsonNumber(row.macs_modules)},
          {"macs_modules_ratio", JsonNumber(row.macs_modules_ratio)},
          {"macs_matmuls", JsonNumber(row.macs_matmuls)},
          {"macs_matmuls_ratio", JsonNumber(row.macs_matmuls_ratio)},
          {"latency", LatencyJson(row.latency)},
          {"metrics", metrics},
          {"distances", distances}};
}

}  // namespace

std::string RenderCsv(const Table& table) {
  std::string out;
  for (const auto& row : table.rows) {
    const Fields fields = FieldsOf(table, row);
    if (out.empty())
      for (size_t i = 0; i < fields.size(); ++i) out += CsvCell(fields[i].first) + (i + 1 < fields.size() ? "," : "\n");
    for (size_t i = 0; i < fields.size(); ++i) out += CsvCell(fields[i].second) + (i + 1 < fields.size() ? "," : "\n");
  }
  return out;
}

std::string RenderJson(const Table& table) {
  const RunHeader& header = table.header;
  Json units = Json::object();
  for (const auto& metric : table.metrics) units[metric.name] = metric.unit;
  Json rows = Json::array();
  for (const auto& row : table.rows) rows.push_back(RowJson(table, row));
  const Json json = {{"name", header.name},
                     {"model", header.model},
                     {"model_hash", header.model_hash},
                     {"scheduler", header.scheduler},
                     {"steps", header.steps},
                     {"guidance", header.guidance},
                     {"seed", header.seed},
                     {"dtype", header.dtype},
                     {"samples", table.samples},
                     {"samples_planned", header.sample_count},
                     {"environments", table.environments},
                     {"metric_units", units},
                     {"unavailable", table.unavailable},
                     {"notes", table.notes},
                     {"evaluations", table.cost.evaluations},
                     {"separate_evaluations", table.cost.separate_evaluations},
                     {"shallow_evaluations", table.cost.shallow_evaluations},
                     {"separate_shallow_evaluations", table.cost.separate_shallow_evaluations},
                     {"wall_s", table.cost.wall_s},
                     {"settings", rows}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace skipbench
