#include "harness/report/tables/paired_text.h"

#include <cmath>

#include "harness/base/table_format.h"
#include "harness/report/tables/markdown_grid.h"

namespace skipbench {
namespace {

std::string Digits(double value) { return fmt::format("{:+.4g}", value); }

// Calls `use` with each row and difference: those of single samples first.
template <typename Use>
void ForEach(const PairedTable& table, Use&& use) {
  for (const bool of_sets : {false, true})
    for (const auto& row : table.rows)
      for (const auto& d : row.differences)
        if (d.of_sets == of_sets) use(row, d);
}

}  // namespace

std::string RenderPairedMarkdown(const PairedTable& table) {
  std::vector<std::vector<std::string>> cells = {
      {"setting", "metric", "difference", "95 % interval", "standard error", "higher", "lower", "n", "left out"}};
  bool sets = false;
  ForEach(table, [&](const PairedRow& row, const MetricDifference& d) {
    sets |= d.of_sets;
    cells.push_back({row.setting, d.name, d.count ? Digits(d.difference) + (d.unit == "dB" ? " dB" : "") : "-",
                     std::isfinite(d.low) ? fmt::format("[{}, {}]", Digits(d.low), Digits(d.high)) : "-",
                     std::isfinite(d.standard_error) ? fmt::format("{:.3g}", d.standard_error) : "-",
                     d.of_sets ? "-" : std::to_string(d.above), d.of_sets ? "-" : std::to_string(d.below),
                     std::to_string(d.count), std::to_string(d.left_out)});
  });
  return fmt::format("Differences to {0} on the same samples: setting - {0}.\n\n", table.baseline) +
         MarkdownGrid(std::move(cells), 2) +
         "\n- Intervals by bootstrap over samples. higher, lower: samples whose value is above or below the other "
         "setting's. left out: samples\n"
         "  that both have done, but without two finite values (identical pictures have no finite PSNR).\n" +
         (sets ? "- (data), (reference): of whole sets; intervals by jackknife, the same blocks of samples left out of "
                 "both "
                 "settings.\n"
               : "");
}

std::string RenderPairedCsv(const PairedTable& table) {
  std::string out = "setting,baseline,metric,units,difference,low,high,standard_error,above,below,count,left_out\n";
  ForEach(table, [&](const PairedRow& row, const MetricDifference& d) {
    out += fmt::format("{},{},{},{},{},{},{},{},{},{},{},{}\n", CsvQuoted(row.setting), CsvQuoted(table.baseline),
                       CsvCell(d.name), d.unit, CsvNumber(d.difference), CsvNumber(d.low), CsvNumber(d.high),
                       CsvNumber(d.standard_error), d.of_sets ? "" : std::to_string(d.above),
                       d.of_sets ? "" : std::to_string(d.below), d.count, d.left_out);
  });
  return out;
}

std::string RenderPairedJson(const PairedTable& table) {
  Json rows = Json::array();
  for (const auto& row : table.rows) {
    Json of_samples = Json::object(), of_sets = Json::object();
    for (const auto& d : row.differences) {
      Json& json = (d.of_sets ? of_sets : of_samples)[d.name];
      json = {{"units", d.unit},
              {"difference", JsonNumber(d.difference)},
              {"low", JsonNumber(d.low)},
              {"high", JsonNumber(d.high)},
              {"standard_error", JsonNumber(d.standard_error)},
              {"count", d.count}};
      if (!d.of_sets) json.update({{"above", d.above}, {"below", d.below}, {"left_out", d.left_out}});
    }
    rows.push_back(
        {{"setting", row.setting}, {"samples", row.samples}, {"metrics", of_samples}, {"set_metrics", of_sets}});
  }
  const Json json = {{"baseline", table.baseline}, {"settings", rows}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace skipbench
