#include "harness/report/tables/render_table.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "harness/base/did_you_mean.h"
#include "harness/base/error.h"
#include "harness/base/format.h"
#include "harness/report/tables/best_cells.h"
#include "harness/report/tables/escape.h"
#include "harness/report/tables/table_columns.h"
#include "harness/report/tables/verdict_text.h"

namespace skipbench {
namespace {

std::string LatexText(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (std::string_view("&%$#_{}").find(c) != std::string_view::npos) escaped += '\\';
    switch (c) {
      case '\\': escaped += "\\textbackslash{}"; break;
      case '~': escaped += "\\textasciitilde{}"; break;
      case '^': escaped += "\\textasciicircum{}"; break;
      case '<': escaped += "\\textless{}"; break;
      case '>': escaped += "\\textgreater{}"; break;
      case '|': escaped += "\\textbar{}"; break;
      case '\n':
      case '\r':
      case '\t': escaped += ' '; break;
      default: escaped += c;
    }
  }
  return escaped;
}

// The first ones and, with an outcome, the last column are text, the others numbers.
std::string LatexAlignment(size_t columns, size_t text_columns, bool outcome) {
  std::string alignment;
  for (size_t c = 0; c < columns; ++c) alignment += c < text_columns || (outcome && c + 1 == columns) ? 'l' : 'r';
  return alignment;
}

using Cells = std::set<std::pair<size_t, size_t>>;  // row, column

// `alignment`: of each column.
std::string LatexGrid(const std::vector<std::string>& headings, const std::vector<std::vector<std::string>>& cells,
                      const std::string& alignment, const Cells& bold) {
  const auto line = [&](const std::vector<std::string>& row, std::optional<size_t> r = {}) {
    std::string out = "  ";
    for (size_t c = 0; c < row.size(); ++c) {
      const bool best = r && bold.contains({*r, c});
      out += (c ? " & " : "") + (best ? "\\textbf{" + LatexText(row[c]) + "}" : LatexText(row[c]));
    }
    return out + " \\\\\n";
  };
  // Wide tables are made smaller, narrow ones not larger.
  std::string out = "\\resizebox{\\ifdim\\width>\\textwidth\\textwidth\\else\\width\\fi}{!}{%\n\\begin{tabular}{" +
                    alignment + "}\n  \\toprule\n" + line(headings) + "  \\midrule\n";
  for (size_t r = 0; r < cells.size(); ++r) out += line(cells[r], r);
  return out + "  \\bottomrule\n\\end{tabular}}\n";
}

std::string Footnote(const std::string& text) { return "\n{\\footnotesize " + LatexText(text) + "\\par}\n"; }

// A float of its own: nobody measured these numbers together with the others.
std::string PublishedLatex(PublishedText text) {
  if (text.empty()) return "";
  const auto sources = NumberSources(&text);
  std::string out = fmt::format("\n\\begin{{table}}\n\\caption{{{}.}}\n\\centering\n", kPublishedTitle) +
                    LatexGrid(text.headings, text.cells, std::string(text.headings.size(), 'l'), {}) + "\\end{table}\n";
  for (const auto& source : sources) out += Footnote(source);
  return out;
}

// The float, and its notes behind it, where they may be moved or left out.
std::string RenderLatex(const TableText& text, const Cells& bold, const Cells& more_bold) {
  std::string out =
      "% \\usepackage{booktabs,graphicx}\n\\begin{table}\n\\caption{" + LatexText(text.caption) + "}\n\\centering\n" +
      LatexGrid(text.headings, text.cells, LatexAlignment(text.headings.size(), text.text_columns, text.outcome), bold);
  if (!text.more_headings.empty())
    out += "\n\\medskip\n" + LatexGrid(text.more_headings, text.more_cells,
                                       LatexAlignment(text.more_headings.size(), text.text_columns, false), more_bold);
  out += "\\end{table}\n";
  if (!bold.empty() || !more_bold.empty()) out += Footnote("Bold: the best of a column, full runs left aside.");
  for (const auto& note : text.notes) out += Footnote(note);
  return out + PublishedLatex(text.published);
}

Json SpreadJson(const std::optional<Spread>& spread) {
  if (!spread) return nullptr;
  return {{"mean", JsonNumber(spread->mean)}, {"min", JsonNumber(spread->min)}, {"max", JsonNumber(spread->max)}};
}

Json LatencyJson(const std::optional<LatencySummary>& latency) {
  if (!latency) return nullptr;
  return {{"seconds_per_sample", JsonNumber(latency->seconds)},
          {"min_seconds", JsonNumber(latency->min)},
          {"max_seconds", JsonNumber(latency->max)},
          {"speed_up", JsonNumber(latency->speed_up)},
          {"speed_up_low", JsonNumber(latency->speed_up_low)},
          {"speed_up_high", JsonNumber(latency->speed_up_high)},
          {"batch", latency->batch},
          {"threads", latency->threads},
          {"repeats", latency->repeats},
          {"measured_at", latency->measured_at ? Json(DateOf(*latency->measured_at)) : Json()},
          {"busy_elsewhere", JsonNumber(latency->busy_elsewhere)},
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
  Json json = ToJson(*value);
  for (const char* key : {"metric", "unit", "identical"}) json.erase(key);
  return json;
}

bool AnyStatic(const Table& table) {
  return std::ranges::any_of(table.rows, [](const TableRow& row) { return row.static_path.has_value(); });
}

// What is said of paths that do not depend on the sample, where there is one in the table.
void AddStaticPath(const Table& table, const TableRow& row, Json* json) {
  if (!AnyStatic(table)) return;
  (*json)["static_path"] = row.static_path ? Json(row.static_path->mask) : Json();
  (*json)["static_path_searched"] = nullptr;
  if (!row.searched.empty()) (*json)["static_path_searched"] = table.rows[row.searched[0]].setting.label;
}

// The answer of a run that decides, and how much better than what it was held against the setting is.
Json DecisionJson(const Table& table, const TableRow& row) {
  const auto k = static_cast<size_t>(&row - table.rows.data());
  const SettingDecision& decision = table.decisions->decisions.at(k);
  return {
      {"answer", Name(decision.answer)},
      {"samples", decision.samples},
      {"run_samples", std::min(table.decisions->until.at(k), table.samples)},
      {"rival", decision.rival < 0 ? Json() : Json(table.rows.at(static_cast<size_t>(decision.rival)).setting.label)},
      {"metric", decision.metric},
      {"difference", JsonNumber(decision.difference.mean)},
      {"low", JsonNumber(decision.difference.low)},
      {"high", JsonNumber(decision.difference.high)},
      {"words", decision.words}};
}

Json RowJson(const Table& table, const TableRow& row) {
  Json distances = Json::object();
  for (size_t d = 0; d < table.distances.size(); ++d)
    distances[table.distances[d].metric.name][table.distances[d].against] = DistanceJson(row.distances[d]);
  Json metrics = Json::object();
  for (size_t m = 0; m < table.metrics.size(); ++m) metrics[table.metrics[m].name] = MetricJson(row, row.metrics[m]);
  Json json = {{"setting", row.setting.label},
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
               {"distances", distances},
               {"pareto", nullptr},
               {"against_fewer_steps", nullptr}};
  if (const JudgedSetting* judged = JudgedOf(table, row); judged && judged->judged()) {
    json["pareto"] = judged->pareto;
    json["against_fewer_steps"] = ToJson(judged->against, table.header);
  }
  AddStaticPath(table, row, &json);
  if (table.decisions) json["decision"] = DecisionJson(table, row);
  return json;
}

// What others published, each with the run's own value of the setting that it names.
Json PublishedJson(const Table& table) {
  Json list = ToJson(table.published);
  for (size_t k = 0; k < list.size(); ++k)
    list[k]["measured_here"] = JsonNumber(MeasuredOf(table, table.published[k]).value);
  return list;
}

// A value of a JSON object under its key; of null: empty.
std::string CsvValue(const Json& object, const char* key) {
  const Json value = object.is_null() ? Json() : object.at(key);
  if (value.is_string()) return CsvCell(value.get<std::string>());
  if (value.is_boolean()) return value.get<bool>() ? "1" : "0";
  if (value.is_number_float()) return CsvNumber(value.get<double>());
  return value.is_null() ? "" : value.dump();
}

// The names and values of a row: a line of the CSV file.
using Fields = std::vector<std::pair<std::string, std::string>>;

Fields FieldsOf(const Table& table, const Json& row) {
  Fields fields;
  const auto add = [&](const std::string& before, const Json& object, std::initializer_list<const char*> keys) {
    for (const char* key : keys) fields.emplace_back(before + key, CsvValue(object, key));
  };
  const Json& latency = row["latency"];
  add("", row, {"setting", "type", "scheduler", "steps", "reference", "samples", "failed", "not_supported", "message"});
  for (const char* name : {"nfe", "shallow_nfe"}) add(std::string(name) + "_", row[name], {"mean", "min", "max"});
  add("", row, {"macs_modules", "macs_modules_ratio", "macs_matmuls", "macs_matmuls_ratio"});
  fields.emplace_back("latency_s", CsvValue(latency, "seconds_per_sample"));
  add("", latency, {"speed_up"});
  add("latency_", latency, {"batch", "threads", "repeats"});
  add("", latency, {"peak_memory_bytes", "peak_memory_kind"});
  for (const auto& metric : table.metrics) {
    const Json& value = row["metrics"][metric.name];
    fields.emplace_back(metric.name, CsvValue(value, "mean"));
    add(metric.name + "_", value, {"low", "high", "count", "identical"});
  }
  for (const SetColumn& column : table.distances) {
    const Json& value = row["distances"][column.metric.name][column.against];
    const std::string name = SetMetricId(column);
    fields.emplace_back(name, CsvValue(value, "value"));
    add(name + "_", value, {"low", "high", "standard_error", "count"});
  }
  if (AnyStatic(table)) add("", row, {"static_path", "static_path_searched"});
  if (table.decisions)
    add("decision_", row["decision"],
        {"answer", "samples", "run_samples", "rival", "metric", "difference", "low", "high", "words"});
  fields.emplace_back("latency_min_s", CsvValue(latency, "min_seconds"));
  fields.emplace_back("latency_max_s", CsvValue(latency, "max_seconds"));
  add("", latency, {"speed_up_low", "speed_up_high"});
  add("", row, {"pareto"});
  add("fewer_steps_", row["against_fewer_steps"], {"difference", "low", "high"});
  return fields;
}

// Where the chosen columns are among the fields; without a choice all of them.
std::vector<size_t> PlacesOf(const Fields& fields, const std::vector<std::string>& columns) {
  std::vector<std::string> known;
  for (const auto& [name, value] : fields) known.push_back(name);
  std::vector<size_t> places;
  for (const auto& column : columns) {
    const auto found = std::ranges::find(known, column);
    if (found == known.end())
      Fail("--columns: no column \"{}\" in CSV; there are {}{}", column, fmt::join(known, ", "),
           DidYouMean(column, known));
    places.push_back(static_cast<size_t>(found - known.begin()));
  }
  for (size_t k = 0; k < known.size() && columns.empty(); ++k) places.push_back(k);
  return places;
}

}  // namespace

std::string MarkdownCell(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '|') escaped += '\\';
    escaped += c == '\n' || c == '\r' || c == '\t' ? ' ' : c;
  }
  return escaped;
}

std::string MarkdownGrid(std::vector<std::vector<std::string>> rows, size_t text_columns, bool outcome) {
  const size_t columns = rows[0].size();
  const auto is_text = [&](size_t c) { return c < text_columns || (outcome && c + 1 == columns); };
  std::vector<size_t> widths(columns, 3);
  for (auto& row : rows)
    for (size_t c = 0; c < columns; ++c) {
      row[c] = MarkdownCell(row[c]);
      // A long reason in the last column need not push the others' borders out.
      if (!outcome || c + 1 < columns) widths[c] = std::max(widths[c], CountCharacters(row[c]));
    }
  if (outcome) widths[columns - 1] = CountCharacters(rows[0][columns - 1]);
  std::string out;
  for (size_t r = 0; r < rows.size(); ++r) {
    for (size_t c = 0; c < columns; ++c) {
      const std::string blanks(widths[c] - std::min(widths[c], CountCharacters(rows[r][c])), ' ');
      out += (c ? " | " : "| ") + (is_text(c) ? rows[r][c] + blanks : blanks + rows[r][c]);
    }
    out += " |\n";
    if (r > 0) continue;
    for (size_t c = 0; c < columns; ++c)
      out += (c ? " | " : "| ") + (is_text(c) ? std::string(widths[c], '-') : std::string(widths[c] - 1, '-') + ":");
    out += " |\n";
  }
  return out;
}

namespace {

std::string PublishedMarkdown(const PublishedText& text) {
  std::vector<std::vector<std::string>> rows = text.cells;
  rows.insert(rows.begin(), text.headings);
  return MarkdownGrid(std::move(rows), text.headings.size());
}

}  // namespace

std::string RenderMarkdown(const Table& table) { return RenderMarkdown(Layout(table)); }
std::string RenderMarkdown(const Table& table, const TableView& view) { return RenderMarkdown(Layout(table, view)); }
std::string RenderLatex(const Table& table) { return RenderLatex(table, WholeView(table)); }
std::string RenderLatex(const Table& table, const TableView& view) {
  const TableText text = Layout(table, view);
  return RenderLatex(text, BestCells(table, view.rows, text.headings), BestCells(table, view.rows, text.more_headings));
}
std::string RenderCsv(const Table& table) { return RenderCsv(table, WholeView(table)); }
std::string RenderJson(const Table& table) { return RenderJson(table, WholeView(table)); }

std::string RenderMarkdown(const TableText& text) {
  const auto grid = [&](const std::vector<std::string>& headings, std::vector<std::vector<std::string>> cells,
                        bool outcome) {
    cells.insert(cells.begin(), headings);
    return MarkdownGrid(std::move(cells), text.text_columns, outcome);
  };
  std::string out = text.caption + "\n\n" + grid(text.headings, text.cells, text.outcome);
  if (!text.more_headings.empty()) out += "\n" + grid(text.more_headings, text.more_cells, false);
  if (!text.published.empty()) out += fmt::format("\n{}:\n\n", kPublishedTitle) + PublishedMarkdown(text.published);
  if (!text.notes.empty()) out += "\n";
  for (const auto& note : text.notes) out += "- " + MarkdownCell(note) + "\n";
  return out;
}

std::string RenderLatex(const TableText& text) { return RenderLatex(text, {}, {}); }

std::string RenderCsv(const Table& table, const TableView& view) {
  std::string out;
  for (const size_t k : view.rows) {
    const Fields fields = FieldsOf(table, RowJson(table, table.rows[k]));
    std::vector<std::string> names, values;
    for (const size_t place : PlacesOf(fields, view.columns)) {
      names.push_back(CsvCell(fields[place].first));
      values.push_back(fields[place].second);
    }
    if (out.empty()) out = fmt::format("{}\n", fmt::join(names, ","));
    out += fmt::format("{}\n", fmt::join(values, ","));
  }
  return out;
}

std::string RenderJson(const Table& table, const TableView& view) {
  const RunHeader& header = table.header;
  Json units = Json::object();
  for (const auto& metric : table.metrics) units[metric.name] = metric.unit;
  Json rows = Json::array();
  for (const size_t k : view.rows) rows.push_back(RowJson(table, table.rows[k]));
  Json json = {{"name", header.name},
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
               {"finished_at", table.cost.finished_at > 0 ? Json(DateOf(table.cost.finished_at)) : Json()},
               {"processor", header.processor.empty() ? Json() : Json(header.processor)},
               {"published", PublishedJson(table)},
               {"settings", rows}};
  if (table.decisions) {
    json["decide"] = DecideTable().Write(table.decisions->options);
    json["answered"] = table.decisions->finished;
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace skipbench
