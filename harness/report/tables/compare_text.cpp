#include "harness/report/tables/compare_text.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "harness/base/format.h"
#include "harness/report/tables/escape.h"
#include "harness/report/tables/render_table.h"

namespace skipbench {
namespace {

std::string Cell(const CostChange& cost, double scale) {
  if (cost.base == cost.now) return fmt::format("{:.5g}", cost.base / scale);
  return fmt::format("{:.5g} → {:.5g}", cost.base / scale, cost.now / scale);
}

std::string Cell(const MetricChange& change) {
  const bool interval = !std::isnan(change.loss.low);
  if (change.base == change.now && (!interval || (change.loss.low == 0 && change.loss.high == 0)))
    return fmt::format("{:.4g}", change.base);
  const double sign = change.better == Direction::kHigher ? -1 : 1;  // shown as NEW - BASE
  if (!interval) return fmt::format("{:.4g} → {:.4g} ({:+.3g})", change.base, change.now, sign * change.loss.mean);
  const double low = sign * (sign < 0 ? change.loss.high : change.loss.low),
               high = sign * (sign < 0 ? change.loss.low : change.loss.high);
  return fmt::format("{:.4g} → {:.4g} ({:+.3g} [{:+.3g}, {:+.3g}])", change.base, change.now, sign * change.loss.mean,
                     low, high);
}

std::string Cell(const std::optional<TimeRatio>& ratio) {
  return ratio ? fmt::format("{:.3f} [{:.3f}, {:.3f}]", ratio->ratio, ratio->low, ratio->high) : "-";
}

std::string Agreement(const std::optional<double>& db) {
  if (!db) return "-";
  return std::isinf(*db) ? "equal" : fmt::format("{:.1f} dB", *db);
}

// The metrics that any setting has, in the order of the first one that has them.
std::vector<std::string> MetricNames(const Comparison& comparison) {
  std::vector<std::string> names;
  for (const auto list : {&SettingChange::metrics, &SettingChange::sets})
    for (const auto& setting : comparison.settings)
      for (const auto& change : setting.*list)
        if (std::find(names.begin(), names.end(), change.metric) == names.end()) names.push_back(change.metric);
  return names;
}

bool HasPictures(const Comparison& comparison) {
  return std::ranges::any_of(comparison.settings, [](const auto& setting) { return setting.picture_db.has_value(); });
}

std::string RowOf(const SettingChange& setting, const std::vector<std::string>& metrics, bool pictures, bool latency) {
  std::string text = fmt::format("| {} | {} | {} |", setting.label, setting.pairs, Name(setting.verdict));
  if (setting.pairs == 0) {
    for (size_t i = 0; i < 4 + metrics.size() + pictures + latency; ++i) text += " - |";
    return text + "\n";
  }
  text += fmt::format(
      " {} | {} | {} | {} |", Cell(setting.nfe, 1), Cell(setting.macs, 1e9),
      setting.other_decisions == 0 ? "same" : fmt::format("{} of {} differ", setting.other_decisions, setting.pairs),
      Agreement(setting.agreement_db));
  for (const auto& name : metrics) {
    std::string cell = "-";
    for (const auto list : {&setting.metrics, &setting.sets})
      for (const auto& change : *list)
        if (change.metric == name) cell = Cell(change);
    text += fmt::format(" {} |", cell);
  }
  if (pictures) text += fmt::format(" {} |", Agreement(setting.picture_db));
  if (latency) text += fmt::format(" {} |", Cell(setting.slowdown));
  return text + "\n";
}

Json MetricsJson(const std::vector<MetricChange>& changes) {
  Json metrics = Json::object();
  for (const auto& change : changes)
    metrics[change.metric] = {{"base", JsonNumber(change.base)},
                              {"new", JsonNumber(change.now)},
                              {"loss", JsonNumber(change.loss.mean)},
                              {"loss_low", JsonNumber(change.loss.low)},
                              {"loss_high", JsonNumber(change.loss.high)},
                              {"limit", JsonNumber(change.limit)},
                              {"verdict", Name(change.verdict)}};
  return metrics;
}

Json SettingJson(const SettingChange& setting) {
  Json json = {{"setting", setting.label},
               {"verdict", Name(setting.verdict)},
               {"reasons", setting.reasons},
               {"samples", setting.pairs},
               {"other_decisions", setting.other_decisions},
               {"nfe", {{"base", JsonNumber(setting.nfe.base)}, {"new", JsonNumber(setting.nfe.now)}}},
               {"macs_matmuls", {{"base", JsonNumber(setting.macs.base)}, {"new", JsonNumber(setting.macs.now)}}},
               {"agreement_db", setting.agreement_db ? JsonNumber(*setting.agreement_db) : Json(nullptr)},
               {"metrics", MetricsJson(setting.metrics)},
               {"set_metrics", MetricsJson(setting.sets)}};
  if (setting.picture_db) json["picture_psnr"] = JsonNumber(*setting.picture_db);
  if (setting.slowdown)
    json["slowdown"] = {{"ratio", JsonNumber(setting.slowdown->ratio)},
                        {"low", JsonNumber(setting.slowdown->low)},
                        {"high", JsonNumber(setting.slowdown->high)}};
  return json;
}

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

std::string RenderMarkdown(const Comparison& comparison, const CompareOptions& options) {
  std::string text = fmt::format("**skipbench compare: {}**\n\n- BASE: {}\n- NEW: {}\n- samples: {} in both",
                                 Name(comparison.verdict), comparison.base, comparison.now, comparison.pairs);
  if (comparison.only_base) text += fmt::format(", {} in BASE only", comparison.only_base);
  if (comparison.only_now) text += fmt::format(", {} in NEW only", comparison.only_now);
  text += "\n";
  for (const auto& reason : comparison.not_comparable) text += fmt::format("- not comparable: {}\n", reason);
  for (const auto& difference : comparison.allowed) text += fmt::format("- allowed: {}\n", difference);
  for (const auto& setting : comparison.settings)
    for (const auto& reason : setting.reasons)
      text += fmt::format("- {}: {}: {}\n", Name(setting.verdict), setting.label, reason);
  for (const auto& note : comparison.notes) text += fmt::format("- {}\n", note);
  if (comparison.settings.empty()) return text;

  const auto metrics = MetricNames(comparison);
  const bool latency = options.max_slowdown.has_value();
  const bool pictures = HasPictures(comparison);
  text += "\n| setting | samples | verdict | NFE | GMACs | decisions | thumbnails |";
  std::string rule = "\n| --- | ---: | --- | ---: | ---: | --- | --- |";
  for (const auto& name : metrics) {
    text += fmt::format(" {} |", name);
    rule += " --- |";
  }
  for (const auto& [shown, heading] :
       {std::pair(pictures, " PSNR of NEW's pictures to BASE's |"), std::pair(latency, " latency ratio |")})
    if (shown) {
      text += heading;
      rule += " --- |";
    }
  text += rule + "\n";
  for (const auto& setting : comparison.settings) text += RowOf(setting, metrics, pictures, latency);
  return text +
         fmt::format(
             "\nBASE → NEW (change [{:.0f} % interval, paired by sample, of whole sets by jackknife over blocks "
             "of samples]); one number: no change. thumbnails: equal in every byte, or the PSNR of NEW's to BASE's.\n",
             100 * options.level);
}

std::string RenderJson(const Comparison& comparison) {
  Json settings = Json::array();
  for (const auto& setting : comparison.settings) settings.push_back(SettingJson(setting));
  const Json json = {{"verdict", Name(comparison.verdict)},
                     {"exit_code", ExitCode(comparison.verdict)},
                     {"base", comparison.base},
                     {"new", comparison.now},
                     {"samples", comparison.pairs},
                     {"samples_base_only", comparison.only_base},
                     {"samples_new_only", comparison.only_now},
                     {"not_comparable", comparison.not_comparable},
                     {"allowed", comparison.allowed},
                     {"notes", comparison.notes},
                     {"settings", settings}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string RenderJunit(const Comparison& comparison) {
  int failures = 0, errors = 0, skipped = 0;
  std::string cases;
  const auto add = [&](const std::string& name, Verdict verdict, const std::vector<std::string>& reasons) {
    const std::string why = HtmlText(fmt::format("{}", fmt::join(reasons, "\n")));
    cases += fmt::format("  <testcase classname=\"skipbench.compare\" name=\"{}\"", HtmlText(OneLine(name)));
    if (verdict == Verdict::kFine) {
      cases += "/>\n";
      return;
    }
    const bool failed = verdict == Verdict::kRegression, error = verdict == Verdict::kNotComparable;
    ++(failed ? failures : error ? errors : skipped);
    const std::string message = HtmlText(OneLine(reasons.empty() ? Name(verdict) : reasons[0]));
    if (failed || error)
      cases += fmt::format(">\n    <{0} type=\"{1}\" message=\"{2}\">{3}</{0}>\n  </testcase>\n",
                           failed ? "failure" : "error", Name(verdict), message, why);
    else
      cases += fmt::format(">\n    <skipped message=\"{}: {}\"/>\n  </testcase>\n", Name(verdict), message);
  };
  if (!comparison.not_comparable.empty())
    add("the two results can be compared", Verdict::kNotComparable, comparison.not_comparable);
  for (const auto& setting : comparison.settings) add(setting.label, setting.verdict, setting.reasons);
  std::string notes =
      fmt::format("BASE: {}\nNEW: {}\nsamples: {} in both\n", comparison.base, comparison.now, comparison.pairs);
  for (const auto& difference : comparison.allowed) notes += "allowed: " + difference + "\n";
  for (const auto& note : comparison.notes) notes += note + "\n";
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n<testsuite name=\"skipbench compare: {}\" "
      "tests=\"{}\" "
      "failures=\"{}\" errors=\"{}\" skipped=\"{}\">\n{}  <system-out>{}</system-out>\n</testsuite>\n</testsuites>\n",
      Name(comparison.verdict), std::ssize(comparison.settings) + !comparison.not_comparable.empty(), failures, errors,
      skipped, cases, HtmlText(notes));
}

std::string RenderPairedMarkdown(const PairedTable& table) {
  std::vector<std::vector<std::string>> cells = {
      {"setting", "metric", "difference", "95 % interval", "standard error", "higher", "lower", "n", "left out"}};
  bool sets = false, paths = false;
  for (const auto& row : table.rows) {
    if (!row.masks) continue;
    paths = true;
    cells.push_back({row.setting, "path", fmt::format("{} differ", row.masks->differ), "-", "-", "-", "-",
                     std::to_string(row.masks->samples), "0"});
  }
  ForEach(table, [&](const PairedRow& row, const MetricDifference& d) {
    sets |= d.of_sets;
    cells.push_back({row.setting, d.name, d.count ? Digits(d.difference) + (d.unit == "dB" ? " dB" : "") : "-",
                     std::isfinite(d.low) ? fmt::format("[{}, {}]", Digits(d.low), Digits(d.high)) : "-",
                     std::isfinite(d.standard_error) ? fmt::format("{:.3g}", d.standard_error) : "-",
                     d.of_sets ? "-" : std::to_string(d.above), d.of_sets ? "-" : std::to_string(d.below),
                     std::to_string(d.count), std::to_string(d.left_out)});
  });
  return fmt::format("Differences to {0} on the same samples: setting - {0}.\n\n", table.baseline) +
         MarkdownGrid(std::move(cells), 2) + "\n- Intervals " +
         std::string(table.stopped
                         ? "are confidence sequences over samples, valid for a run that stops when it has its "
                           "answer (asymptotic)"
                         : "by bootstrap over samples") +
         ". higher, lower: samples whose value is above or below the other "
         "setting's. left out: samples\n"
         "  that both have done, but without two finite values (identical pictures have no finite PSNR).\n" +
         (paths ? "- path: samples for which another call, of either guidance row, runs the whole network.\n" : "") +
         (sets ? "- (data), (reference): of whole sets; intervals by jackknife, the same blocks of samples left out of "
                 "both settings.\n"
               : "");
}

std::string RenderPairedCsv(const PairedTable& table) {
  std::string out = "setting,baseline,metric,units,difference,low,high,standard_error,above,below,count,left_out\n";
  for (const auto& row : table.rows)
    if (row.masks)
      out += fmt::format("{},{},other_paths,samples,{},,,,,,{},0\n", CsvQuoted(row.setting), CsvQuoted(table.baseline),
                         row.masks->differ, row.masks->samples);
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
    rows.push_back({{"setting", row.setting},
                    {"samples", row.samples},
                    {"other_paths", row.masks ? Json(row.masks->differ) : Json()},
                    {"metrics", of_samples},
                    {"set_metrics", of_sets}});
  }
  const Json json = {{"baseline", table.baseline}, {"settings", rows}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace skipbench
