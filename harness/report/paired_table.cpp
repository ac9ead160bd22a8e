#include "harness/report/paired_table.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "harness/base/cells.h"
#include "harness/base/did_you_mean.h"
#include "harness/base/error.h"
#include "harness/stats/moments.h"

namespace skipbench {
namespace {

size_t FindSetting(const ResultReader& result, const std::string& label) {
  std::vector<std::string> known;
  const auto& settings = result.header().settings;
  for (size_t k = 0; k < settings.size(); ++k) {
    if (settings[k].label == label) return k;
    known.push_back(settings[k].label);
  }
  Fail("--paired {}: the results have no such setting; they have\n  {}{}", label, fmt::join(known, "\n  "), DidYouMean(label, known));
}

std::vector<bool> DoneOf(const ResultReader& result, size_t setting) {
  std::vector<bool> done;
  if (!result.FindColumn(setting, "status")) return std::vector<bool>(result.samples().size(), false);
  for (const uint8_t status : result.Read<uint8_t>(setting, "status").values)
    done.push_back(static_cast<Status>(status) == Status::kDone);
  return done;
}

PairedMetric Compare(const ResultReader& result, size_t setting, size_t baseline, const ColumnInfo& column,
                     const std::vector<bool>& both) {
  const auto a = result.Read<double>(setting, column.name).values,
             b = result.Read<double>(baseline, column.name).values;
  PairedMetric metric{column.name, column.units, {}, 0, 0};
  std::vector<double> ours, theirs;
  RunningMoments moments;
  for (size_t i = 0; i < both.size(); ++i) {
    if (!both[i]) continue;
    if (!std::isfinite(a[i]) || !std::isfinite(b[i])) {
      ++metric.left_out;
      continue;
    }
    ours.push_back(a[i]);
    theirs.push_back(b[i]);
    moments.Add(a[i] - b[i]);
  }
  metric.difference = ComparePairs(ours, theirs);
  metric.standard_error = moments.stddev() / std::sqrt(static_cast<double>(moments.count()));
  return metric;
}

std::vector<PairedSet> CompareSets(const std::vector<SettingDistance>& distances, size_t setting, size_t baseline) {
  std::vector<PairedSet> sets;
  for (const auto& a : distances)
    for (const auto& b : distances)
      if (a.setting == setting && b.setting == baseline && a.distance.Name() == b.distance.Name() && a.value.value &&
          b.value.value && a.value.count == b.value.count)
        sets.push_back({a.distance.Name(), a.distance.units, DifferenceOf(a.value, b.value)});
  return sets;
}

bool IsCompared(const ColumnInfo& column) {
  return column.row_shape.empty() && (column.kind == "metric" || column.name == "nfe");
}

std::string Digits(double value) { return fmt::format("{:+.4g}", value); }

}  // namespace

PairedTable MakePairedTable(const ResultReader& result, const std::string& baseline,
                            const std::vector<SettingDistance>& distances) {
  const size_t base = FindSetting(result, baseline);
  PairedTable table{baseline, {}};
  const std::vector<bool> base_done = DoneOf(result, base);
  for (size_t k = 0; k < result.header().settings.size(); ++k) {
    if (k == base) continue;
    std::vector<bool> both = DoneOf(result, k);
    for (size_t i = 0; i < both.size(); ++i) both[i] = both[i] && base_done[i];
    PairedRow& row = table.rows.emplace_back();
    row.setting = result.header().settings[k].label;
    row.samples = std::count(both.begin(), both.end(), true);
    for (const auto& column : result.Columns(k))
      if (IsCompared(column) && result.FindColumn(base, column.name))
        row.metrics.push_back(Compare(result, k, base, column, both));
    row.sets = CompareSets(distances, k, base);
  }
  return table;
}

std::string RenderPairedMarkdown(const PairedTable& table) {
  std::string out =
      fmt::format("Differences to {} on the same samples: setting - {}.\n\n", table.baseline, table.baseline);
  std::vector<std::vector<std::string>> cells = {
      {"setting", "metric", "difference", "95 % interval", "standard error", "higher", "lower", "n", "left out"}};
  for (const auto& row : table.rows)
    for (const auto& metric : row.metrics) {
      const auto& d = metric.difference.difference;
      const std::string unit = metric.units == "dB" ? " dB" : "";
      cells.push_back({row.setting, metric.name, d.count ? Digits(d.mean) + unit : "-",
                       d.count > 1 ? fmt::format("[{}, {}]", Digits(d.low), Digits(d.high)) : "-",
                       std::isfinite(metric.standard_error) ? fmt::format("{:.3g}", metric.standard_error) : "-",
                       std::to_string(metric.difference.above), std::to_string(metric.difference.below),
                       std::to_string(d.count), std::to_string(metric.left_out)});
    }
  bool sets = false;
  for (const auto& row : table.rows)
    for (const auto& set : row.sets) {
      const SetDifference& d = set.difference;
      sets = true;
      cells.push_back({row.setting, set.name, Digits(d.difference) + (set.units == "dB" ? " dB" : ""),
                       std::isfinite(d.low) ? fmt::format("[{}, {}]", Digits(d.low), Digits(d.high)) : "-",
                       std::isfinite(d.standard_error) ? fmt::format("{:.3g}", d.standard_error) : "-", "-", "-",
                       std::to_string(d.count), "0"});
    }
  std::vector<size_t> widths(cells[0].size(), 3);
  for (const auto& line : cells)
    for (size_t c = 0; c < line.size(); ++c) widths[c] = std::max(widths[c], line[c].size());
  for (size_t r = 0; r < cells.size(); ++r) {
    for (size_t c = 0; c < widths.size(); ++c) {
      const std::string blanks(widths[c] - cells[r][c].size(), ' ');
      out += (c ? " | " : "| ") + (c < 2 ? cells[r][c] + blanks : blanks + cells[r][c]);
    }
    out += " |\n";
    if (r > 0) continue;
    for (size_t c = 0; c < widths.size(); ++c)
      out += (c ? " | " : "| ") + (c < 2 ? std::string(widths[c], '-') : std::string(widths[c] - 1, '-') + ":");
    out += " |\n";
  }
  return out +
         "\n- Intervals by bootstrap over samples. higher, lower: samples whose value is above or below the other "
         "setting's. left out: samples\n"
         "  that both have done, but without two finite values (identical pictures have no finite PSNR).\n" +
         (sets ? "- (data), (reference): of whole sets; intervals by jackknife, the same blocks of samples left out of both "
                 "settings.\n"
               : "");
}

std::string RenderPairedCsv(const PairedTable& table) {
  std::string out = "setting,baseline,metric,units,difference,low,high,standard_error,above,below,count,left_out\n";
  for (const auto& row : table.rows)
    for (const auto& metric : row.metrics) {
      const auto& d = metric.difference.difference;
      out += fmt::format("{},{},{},{},{},{},{},{},{},{},{},{}\n", CsvQuoted(row.setting), CsvQuoted(table.baseline),
                         metric.name, metric.units, CsvNumber(d.mean), CsvNumber(d.low), CsvNumber(d.high),
                         CsvNumber(metric.standard_error), metric.difference.above, metric.difference.below, d.count,
                         metric.left_out);
    }
  for (const auto& row : table.rows)
    for (const auto& set : row.sets) {
      const SetDifference& d = set.difference;
      out += fmt::format("{},{},{},{},{},{},{},{},,,{},0\n", CsvQuoted(row.setting), CsvQuoted(table.baseline),
                         CsvCell(set.name), set.units, CsvNumber(d.difference), CsvNumber(d.low), CsvNumber(d.high),
                         CsvNumber(d.standard_error), d.count);
    }
  return out;
}

std::string RenderPairedJson(const PairedTable& table) {
  Json rows = Json::array();
  for (const auto& row : table.rows) {
    Json metrics = Json::object();
    for (const auto& metric : row.metrics) {
      const auto& d = metric.difference.difference;
      metrics[metric.name] = {{"units", metric.units},
                              {"difference", JsonNumber(d.mean)},
                              {"low", JsonNumber(d.low)},
                              {"high", JsonNumber(d.high)},
                              {"standard_error", JsonNumber(metric.standard_error)},
                              {"above", metric.difference.above},
                              {"below", metric.difference.below},
                              {"count", d.count},
                              {"left_out", metric.left_out}};
    }
    Json sets = Json::object();
    for (const auto& set : row.sets)
      sets[set.name] = {{"units", set.units},
                        {"difference", JsonNumber(set.difference.difference)},
                        {"low", JsonNumber(set.difference.low)},
                        {"high", JsonNumber(set.difference.high)},
                        {"standard_error", JsonNumber(set.difference.standard_error)},
                        {"count", set.difference.count}};
    rows.push_back({{"setting", row.setting}, {"samples", row.samples}, {"metrics", metrics}, {"set_metrics", sets}});
  }
  const Json json = {{"baseline", table.baseline}, {"settings", rows}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace skipbench
