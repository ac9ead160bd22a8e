#include "harness/report/tables/table_columns.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "harness/base/did_you_mean.h"
#include "harness/base/error.h"
#include "harness/base/format.h"

namespace skipbench {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// ---- numbers --------------------------------------------------------------------------------------------------------

std::string Count(double value) {  // a mean of counts: without a fraction where it has none
  return value == std::floor(value) ? fmt::format("{:.0f}", value) : fmt::format("{:.1f}", value);
}

std::string SpreadCell(const std::optional<Spread>& spread) {
  if (!spread) return "";
  if (spread->min == spread->max) return Count(spread->mean);
  return fmt::format("{} ({}-{})", Count(spread->mean), Count(spread->min), Count(spread->max));
}

double MeanOf(const std::optional<Spread>& spread) { return spread ? spread->mean : kNaN; }

// A star: the same path for every sample (StaticNotes).
std::string NfeCell(const TableRow& row) {
  const std::string cell = SpreadCell(row.nfe);
  return row.static_path && !cell.empty() ? cell + "*" : cell;
}

// "0.171 (0.165-0.190)": the median, and the repeats' least and largest.
std::string LatencyCell(const TableRow& row) {
  if (!row.latency) return "";
  const auto& [seconds, min, max] = std::tuple(row.latency->seconds, row.latency->min, row.latency->max);
  const std::string low = Significant(min, 3), high = Significant(max, 3);
  return Significant(seconds, 3) + (low == high ? "" : fmt::format(" ({}-{})", low, high));
}

std::string SpeedUpCell(const TableRow& row) {
  if (!row.latency || !row.latency->speed_up) return "";
  std::string text = fmt::format("{:.2f}x", *row.latency->speed_up);
  if (row.latency->speed_up_low && !row.setting.reference)
    text += fmt::format(" [{:.2f}, {:.2f}]", *row.latency->speed_up_low, *row.latency->speed_up_high);
  return text;
}

std::string MemoryCell(const TableRow& row) {
  if (!row.latency || !row.latency->peak_memory_bytes) return "";
  return Significant(*row.latency->peak_memory_bytes / (1 << 20), 3);
}

// Of single samples, or of a set; where the interval has no width, of a set all the same.
std::string ValueCell(const std::optional<MeasuredValue>& value, bool of_set) {
  if (!value) return "";
  if (!value->available) return "not available";
  if (!value->value) return of_set ? "" : "identical";
  const MetricInfo& metric = value->metric;
  std::string text = MetricNumber(metric, *value->value);
  if (value->low && value->high && (of_set || *value->low < *value->high))
    text += fmt::format(" [{}, {}]", MetricNumber(metric, *value->low), MetricNumber(metric, *value->high));
  if (!of_set && value->identical > 0) text += fmt::format(" (+{})", value->identical);
  return text;
}

// Pictures that are all identical are as good as can be.
double NumberOf(const std::optional<MeasuredValue>& value) {
  if (!value || !value->available) return kNaN;
  if (value->value) return *value->value;
  return value->identical > 0 ? std::numeric_limits<double>::infinity() : kNaN;
}

const SettingDecision* DecisionOf(const Table& table, const TableRow& row) {
  if (!table.decisions) return nullptr;
  return &table.decisions->decisions.at(static_cast<size_t>(&row - table.rows.data()));
}

// What a run that decides says of the setting, behind what became of its samples.
std::string OutcomeOf(const Table& table, const TableRow& row) {
  const std::string outcome = OutcomeCell(row);
  const SettingDecision* decision = DecisionOf(table, row);
  if (!decision || row.setting.reference) return outcome;
  return outcome + "; " + (decision->answer == Answer::kOpen ? "open" : decision->words);
}

// ---- columns --------------------------------------------------------------------------------------------------------

TableColumn LabelColumn() {
  return {"setting", "setting", [](const TableRow& row) { return row.setting.label; }, {}};
}

TableColumn MacsColumn(const Table& table, const std::string& convention, std::optional<double> TableRow::*macs,
                       std::optional<double> TableRow::*ratio) {
  double largest = table.most_macs;  // its prefix serves for the whole column
  for (const auto& row : table.rows) largest = std::max(largest, (row.*macs).value_or(0));
  const double scale = largest >= 1e13 ? 1e12 : largest >= 1e9 ? 1e9 : 1e6;
  const char prefix = scale == 1e12 ? 'T' : scale == 1e9 ? 'G' : 'M';
  return {"macs_" + convention, fmt::format("{}MACs {}", prefix, convention),
          [=](const TableRow& row) -> std::string {
            if (!(row.*macs)) return "";
            const std::string value = Significant(*(row.*macs) / scale, 4);
            return row.*ratio ? fmt::format("{} ({:.3f})", value, *(row.*ratio)) : value;
          },
          [=](const TableRow& row) { return (row.*macs).value_or(kNaN); }};
}

// How much better than what it was held against.
TableColumn DifferenceColumn(const Table& table) {
  const DecideOptions& options = table.decisions->options;
  const char* against = options.asks("pareto")        ? "best rival"
                        : options.asks("fewer_steps") ? "fewer steps"
                                                      : "baseline";
  return {
      "decision_difference",
      options.metric.empty() ? fmt::format("above {}", against) : fmt::format("{} above {}", options.metric, against),
      [&table](const TableRow& row) -> std::string {
        const MeanInterval& value = DecisionOf(table, row)->difference;
        if (value.count == 0 || !std::isfinite(value.mean)) return "";
        if (!std::isfinite(value.low) || !std::isfinite(value.high)) return fmt::format("{:+.3g}", value.mean);
        return fmt::format("{:+.3g} [{:+.3g}, {:+.3g}]", value.mean, value.low, value.high);
      },
      [&table](const TableRow& row) { return DecisionOf(table, row)->difference.mean; }};
}

TableColumn ParetoColumn(const Table& table) {
  return {"pareto",
          "Pareto",
          [&table](const TableRow& row) -> std::string {
            const JudgedSetting* judged = JudgedOf(table, row);
            return !judged || !judged->pareto ? "" : judged->beaten_between() ? "(yes)" : "yes";
          },
          {}};
}

TableColumn CostColumn() {
  return {
      "cost", "cost",
      [](const TableRow& row) { return row.macs_matmuls_ratio ? fmt::format("{:.3f}", *row.macs_matmuls_ratio) : ""; },
      [](const TableRow& row) { return row.macs_matmuls_ratio.value_or(kNaN); }};
}

TableColumn AgainstFewerColumn(const Table& table) {
  return {"against_fewer_steps", "against fewer steps",
          [&table](const TableRow& row) { return AgainstFewerCell(table, row); },
          [&table](const TableRow& row) {
            const JudgedSetting* judged = JudgedOf(table, row);
            return judged && judged->against.kind != AgainstFewer::Kind::kNone ? judged->against.difference.mean : kNaN;
          }};
}

TableColumn SetMetricColumn(const Table& table, size_t d) {
  const SetColumn& column = table.distances[d];
  return {SetMetricId(column), fmt::format("{} ({})", MetricHeading(column.metric), column.against),
          [d](const TableRow& row) { return ValueCell(row.distances[d], true); },
          [d](const TableRow& row) { return NumberOf(row.distances[d]); }};
}

Json Parameter(const TableRow& row, const std::string& key) {
  const auto found = row.setting.parameters.find(key);
  return found == row.setting.parameters.end() ? Json() : *found;
}

// The settings' own parameters; as text where any of them is no number.
std::vector<TableColumn> ParameterColumns(const Table& table) {
  std::vector<std::string> keys;
  for (const auto& row : table.rows)
    for (const auto& [key, value] : row.setting.parameters.items())
      if (std::ranges::find(keys, key) == keys.end()) keys.push_back(key);
  std::vector<TableColumn> columns;
  for (const auto& key : keys) {
    TableColumn column{key,
                       key,
                       [key](const TableRow& row) -> std::string {
                         const Json value = Parameter(row, key);
                         return value.is_null() ? "" : value.is_string() ? value.get<std::string>() : value.dump();
                       },
                       {}};
    if (std::ranges::all_of(table.rows, [&](const TableRow& row) {
          const Json value = Parameter(row, key);
          return value.is_null() || value.is_number();
        }))
      column.number = [key](const TableRow& row) {
        const Json value = Parameter(row, key);
        return value.is_number() ? value.get<double>() : kNaN;
      };
    columns.push_back(std::move(column));
  }
  return columns;
}

// What is usually in the caption, because all settings have it in common.
std::vector<TableColumn> RunColumns(const Table& table) {
  return {{"type", "type", [](const TableRow& row) { return row.setting.type; }, {}},
          {"scheduler",
           "scheduler",
           [&table](const TableRow& row) {
             return row.setting.scheduler.empty() ? table.header.scheduler : row.setting.scheduler;
           },
           {}},
          {"guidance", "guidance", [](const TableRow& row) { return fmt::format("{}", row.setting.guidance); },
           [](const TableRow& row) { return row.setting.guidance; }},
          {"steps", "steps", [](const TableRow& row) { return std::to_string(row.setting.steps); },
           [](const TableRow& row) { return static_cast<double>(row.setting.steps); }}};
}

}  // namespace

std::string MetricNumber(const MetricInfo& metric, double value) {
  return metric.decimals ? fmt::format("{:.{}f}", value, *metric.decimals) : Significant(value, 3);
}

std::string MetricHeading(const MetricInfo& metric) {
  return metric.unit.empty() ? TitleOf(metric) : TitleOf(metric) + " " + metric.unit;
}

const JudgedSetting* JudgedOf(const Table& table, const TableRow& row) {
  return table.verdict.Find(static_cast<size_t>(&row - table.rows.data()));
}

std::string AgainstFewerCell(const Table& table, const TableRow& row) {
  const JudgedSetting* judged = JudgedOf(table, row);
  if (!judged || judged->against.kind == AgainstFewer::Kind::kNone) return "";
  const MetricInfo& metric = table.verdict.metric;
  const auto text = [&](double value) { return (value < 0 ? "-" : "+") + MetricNumber(metric, std::abs(value)); };
  const MeanInterval& d = judged->against.difference;
  return std::isfinite(d.low) && std::isfinite(d.high)
             ? fmt::format("{} [{}, {}]", text(d.mean), text(d.low), text(d.high))
             : text(d.mean);
}

std::string OutcomeCell(const TableRow& row) {
  const int64_t all = row.samples + row.failed + row.not_supported;
  auto because = [&](const std::string& what) { return row.message.empty() ? what : what + ": " + row.message; };
  if (all == 0 && row.not_run > 0) return "not run";
  if (all == 0) return "-";
  if (row.not_supported == all) return because("not supported");
  if (row.not_supported > 0) return because(fmt::format("not supported {} of {}", row.not_supported, all));
  if (row.failed > 0) return because(fmt::format("failed {} of {}", row.failed, all));
  return row.setting.reference ? "done (reference)" : "done";
}

TableColumn MetricColumn(const Table& table, size_t m) {
  return {table.metrics[m].name, MetricHeading(table.metrics[m]),
          [&table, m](const TableRow& row) {
            if (table.unavailable.contains(table.metrics[m].name)) return std::string("not available");
            return ValueCell(row.metrics[m], false);
          },
          [m](const TableRow& row) { return NumberOf(row.metrics[m]); }};
}

std::vector<TableColumn> FrontColumns(const Table& table) {
  std::vector<TableColumn> columns = {
      LabelColumn(),
      {"samples", "samples", [](const TableRow& row) { return std::to_string(row.samples); },
       [](const TableRow& row) { return static_cast<double>(row.samples); }},
      {"nfe", "NFE", NfeCell, [](const TableRow& row) { return MeanOf(row.nfe); }}};
  if (std::ranges::any_of(table.rows, [](const TableRow& row) { return row.shallow_nfe && row.shallow_nfe->max > 0; }))
    columns.push_back({"shallow_nfe", "shallow NFE", [](const TableRow& row) { return SpreadCell(row.shallow_nfe); },
                       [](const TableRow& row) { return MeanOf(row.shallow_nfe); }});
  columns.push_back(MacsColumn(table, "modules", &TableRow::macs_modules, &TableRow::macs_modules_ratio));
  columns.push_back(MacsColumn(table, "matmuls", &TableRow::macs_matmuls, &TableRow::macs_matmuls_ratio));
  columns.push_back({"latency", "latency s", LatencyCell,
                     [](const TableRow& row) { return row.latency ? row.latency->seconds : kNaN; }});
  columns.push_back({"speed_up", "speed-up", SpeedUpCell,
                     [](const TableRow& row) { return row.latency ? row.latency->speed_up.value_or(kNaN) : kNaN; }});
  columns.push_back({"memory", "memory MiB", MemoryCell, [](const TableRow& row) {
                       return row.latency ? row.latency->peak_memory_bytes.value_or(kNaN) : kNaN;
                     }});
  for (size_t m = 0; m < std::min(kMetricsInFront, table.metrics.size()); ++m)
    columns.push_back(MetricColumn(table, m));
  if (table.decisions) columns.push_back(DifferenceColumn(table));
  columns.push_back(ParetoColumn(table));
  columns.push_back({"outcome", "outcome", [&table](const TableRow& row) { return OutcomeOf(table, row); }, {}});
  return columns;
}

std::vector<TableColumn> MoreColumns(const Table& table) {
  if (table.metrics.size() <= kMetricsInFront && table.distances.empty()) return {};
  std::vector<TableColumn> columns = {LabelColumn()};
  for (size_t m = kMetricsInFront; m < table.metrics.size(); ++m) columns.push_back(MetricColumn(table, m));
  for (size_t d = 0; d < table.distances.size(); ++d) columns.push_back(SetMetricColumn(table, d));
  return columns;
}

std::vector<TableColumn> AllColumns(const Table& table) {
  std::vector<TableColumn> columns = FrontColumns(table);
  const auto add = [&](const std::vector<TableColumn>& more) {
    for (const auto& column : more)
      if (std::ranges::find(columns, column.id, &TableColumn::id) == columns.end()) columns.push_back(column);
  };
  add(MoreColumns(table));
  add({CostColumn(), AgainstFewerColumn(table)});
  add(RunColumns(table));
  add(ParameterColumns(table));
  return columns;
}

const TableColumn& FindColumn(const std::vector<TableColumn>& columns, const std::string& id,
                              const std::string& where) {
  std::vector<std::string> known;
  for (const auto& column : columns) {
    if (column.id == id) return column;
    known.push_back(column.id);
  }
  Fail("{}: no column \"{}\"; there are {}{}", where, id, fmt::join(known, ", "), DidYouMean(id, known));
}

std::string SetMetricId(const SetColumn& column) { return column.metric.name + "_" + column.against; }

}  // namespace skipbench
