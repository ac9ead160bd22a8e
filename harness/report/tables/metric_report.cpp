#include "harness/report/tables/metric_report.h"

#include <algorithm>
#include <cmath>

#include "harness/base/format.h"
#include "harness/base/json.h"
#include "harness/report/tables/render_table.h"

namespace skipbench {
namespace {

std::string Digits(const MeasuredValue& row, std::optional<double> value) {
  if (!value) return "-";
  if (row.metric.unit == "dB") return fmt::format("{:.3f}", *value);
  return fmt::format("{:.5g}", *value);
}

std::string SampleNumber(double value) {
  if (std::isnan(value)) return "";
  return std::isinf(value) ? "inf" : fmt::format("{}", value);
}

std::string ValueCell(const MeasuredValue& row) {
  if (row.value) return Digits(row, row.value) + (row.metric.unit.empty() ? "" : " " + row.metric.unit);
  if (!row.available) return "not available";
  return row.count == 0 && row.identical > 0 ? "identical" : "-";
}

bool HasSubjects(const MetricReport& report) {
  return std::any_of(report.rows.begin(), report.rows.end(), [](const auto& row) { return !row.subject.empty(); });
}

}  // namespace

std::string RenderMetricsMarkdown(const MetricReport& report) {
  const bool subjects = HasSubjects(report);
  std::vector<std::vector<std::string>> cells = {{"metric", "value", "95 % interval", "n", "identical"}};
  if (subjects) cells[0].insert(cells[0].begin(), "setting");
  for (const auto& row : report.rows) {
    std::vector<std::string> line = {
        row.metric.name, ValueCell(row),
        row.low && row.high ? fmt::format("[{}, {}]", Digits(row, row.low), Digits(row, row.high)) : "-",
        std::to_string(row.count), std::to_string(row.identical)};
    if (subjects) line.insert(line.begin(), row.subject);
    cells.push_back(std::move(line));
  }
  std::string out = report.pictures + (report.reference.empty() ? "" : " against " + report.reference) + "\n\n" +
                    MarkdownGrid(std::move(cells), subjects ? 2 : 1);
  std::vector<std::string> notes;
  const auto add = [&](std::string note) {
    std::replace(note.begin(), note.end(), '\n', ' ');
    if (note.ends_with("..")) note.pop_back();
    if (!note.empty() && std::find(notes.begin(), notes.end(), note) == notes.end()) notes.push_back(note);
  };
  for (const auto& row : report.rows) {
    if (!row.interval.empty()) add(fmt::format("{}: interval by {}.", row.metric.name, row.interval));
    if (!row.note.empty())
      add(fmt::format("{}{}: {}.", row.subject.empty() ? "" : row.subject + ", ", row.metric.name, row.note));
  }
  for (const auto& note : report.notes) add(note);
  if (!notes.empty()) out += "\n";
  for (const auto& note : notes) out += "- " + note + "\n";
  return out;
}

std::string RenderMetricsCsv(const MetricReport& report) {
  std::string out = "setting,metric,unit,value,low,high,standard_error,count,identical,interval,note\n";
  for (const auto& row : report.rows)
    out +=
        fmt::format("{},{},{},{},{},{},{},{},{},{},{}\n", CsvCell(row.subject), CsvCell(row.metric.name),
                    row.metric.unit, CsvNumber(row.value), CsvNumber(row.low), CsvNumber(row.high),
                    CsvNumber(row.standard_error), row.count, row.identical, CsvCell(row.interval), CsvCell(row.note));
  return out;
}

std::string RenderMetricsJson(const MetricReport& report) {
  Json rows = Json::array();
  for (const auto& row : report.rows) {
    rows.push_back(ToJson(row));
    rows.back()["setting"] = row.subject.empty() ? Json(nullptr) : Json(row.subject);
  }
  const Json json = {
      {"pictures", report.pictures}, {"reference", report.reference}, {"notes", report.notes}, {"metrics", rows}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string RenderSamplesCsv(const std::vector<std::pair<std::string, SampleTable>>& tables, bool frames) {
  const bool subjects = std::any_of(tables.begin(), tables.end(), [](const auto& t) { return !t.first.empty(); });
  // A setting may lack a metric that the others have.
  std::vector<std::string> columns;
  for (const auto& [subject, table] : tables)
    for (const auto& column : table.columns)
      if (std::find(columns.begin(), columns.end(), column.info.name) == columns.end())
        columns.push_back(column.info.name);
  std::string out = fmt::format("{}name{}", subjects ? "setting," : "", frames ? ",frame" : "");
  for (const auto& column : columns) out += "," + column;
  out += "\n";
  for (const auto& [subject, table] : tables) {
    if (frames && (table.columns.empty() || table.columns[0].frames.empty()))
      Fail("values by frame are there for metrics of clips only (--clips)");
    std::vector<const SampleColumn*> found;
    for (const auto& name : columns) {
      const auto one = std::find_if(table.columns.begin(), table.columns.end(),
                                    [&](const SampleColumn& column) { return column.info.name == name; });
      found.push_back(one == table.columns.end() ? nullptr : &*one);
    }
    const std::string start = subjects ? CsvCell(subject) + "," : "";
    for (size_t i = 0; i < table.names.size(); ++i) {
      const size_t lines = frames ? table.columns[0].frames[i].size() : 1;
      for (size_t t = 0; t < lines; ++t) {
        out += start + CsvCell(table.names[i]) + (frames ? fmt::format(",{}", t) : "");
        for (const SampleColumn* column : found)
          out.append(",").append(column ? SampleNumber(frames ? column->frames[i][t] : column->values[i]) : "");
        out += "\n";
      }
    }
  }
  return out;
}

}  // namespace skipbench
