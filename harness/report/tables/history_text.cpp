#include "harness/report/tables/history_text.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "harness/base/format.h"
#include "harness/report/tables/render_table.h"

namespace skipbench {
namespace {

constexpr size_t kForLatency = 8;  // results that the permutation test needs to name a change

std::string Value(const Series& series, const std::optional<double>& value) {
  if (!value) return "-";
  return Significant(*value, 4) + (series.unit.empty() ? "" : " " + series.unit);
}

// "better", "worse", or "changed" where nobody knows which way is better.
const char* WordFor(const Series& series, const ChangePoint& change) {
  if (!series.higher_is_better || change.before == change.after) return "changed";
  return (change.after > change.before) == *series.higher_is_better ? "better" : "worse";
}

std::string Certainty(const Series& series, const ChangePoint& change) {
  if (series.quantity == Quantity::kCost) return "exact";
  return change.p < 1e-4 ? "p < 0.0001" : fmt::format("p = {:.2g}", change.p);
}

std::string Versions(const History& history) {
  std::vector<std::vector<std::string>> cells = {{"#", "result", "commit", "samples"}};
  for (size_t v = 0; v < history.versions.size(); ++v) {
    const Version& version = history.versions[v];
    cells.push_back({std::to_string(v + 1), version.name, version.commit.empty() ? "-" : version.commit,
                     std::to_string(version.samples)});
  }
  return MarkdownGrid(std::move(cells), 3);
}

// Worse ones first: they are what one looks for.
std::string Changes(const History& history) {
  std::vector<std::vector<std::string>> rows;
  for (const char* word : {"worse", "changed", "better"})
    for (const auto& series : history.series)
      for (const auto& change : series.changes)
        if (WordFor(series, change) == std::string(word))
          rows.push_back({word, NameOf(history, change.at), series.setting, series.title,
                          Value(series, change.before) + " → " + Value(series, change.after),
                          Certainty(series, change)});
  const bool latency =
      std::ranges::any_of(history.series, [](const Series& series) { return series.quantity == Quantity::kSpeed; });
  if (rows.empty())
    return latency && history.versions.size() < kForLatency
               ? fmt::format("No change of quality or cost; of latency {} results are too few to say ({} or more).\n",
                             history.versions.size(), kForLatency)
               : "No change.\n";
  rows.insert(rows.begin(), {"", "with", "setting", "what", "mean before → after", "certainty"});
  return MarkdownGrid(std::move(rows), 6);
}

std::string Trend(const History& history) {
  std::vector<std::vector<std::string>> cells = {{"setting", "what", "first", "last", "changed with"}};
  for (const auto& series : history.series) {
    const auto has = [](const auto& value) { return value.has_value(); };
    const auto first = std::ranges::find_if(series.values, has);
    const auto last = std::find_if(series.values.rbegin(), series.values.rend(), has);
    std::vector<std::string> with;
    for (const auto& change : series.changes) with.push_back(NameOf(history, change.at));
    cells.push_back({series.setting, series.title, Value(series, *first), Value(series, *last),
                     with.empty() ? "-" : fmt::format("{}", fmt::join(with, ", "))});
  }
  return MarkdownGrid(std::move(cells), 2, true);
}

}  // namespace

std::string NameOf(const History& history, size_t version) {
  const Version& one = history.versions.at(version);
  return fmt::format("{} ({})", version + 1, one.commit.empty() ? one.name : one.commit);
}

std::string RenderMarkdown(const History& history) {
  std::string text = fmt::format("**skipbench history: {} results, the oldest first**\n\n", history.versions.size()) +
                     Versions(history) + "\n" + Changes(history) + "\n" + Trend(history) + "\n";
  for (size_t v = 0; v < history.versions.size(); ++v)
    for (const auto& reason : history.versions[v].other)
      text += fmt::format("- no change is looked for between {} and {}: {}\n", NameOf(history, v - 1),
                          NameOf(history, v), MarkdownCell(reason));
  for (size_t v = 0; v < history.versions.size(); ++v)
    if (const std::string& renamed = history.versions[v].renamed; !renamed.empty())
      text += fmt::format("- no change is looked for between {} and {} in what is called the same and is not: {}\n",
                          NameOf(history, v - 1), NameOf(history, v), MarkdownCell(renamed));
  return text +
         fmt::format(
             "- Changes: binary segmentation. Quality: means over the same samples, paired t test of the samples' "
             "differences; latency (the machine's speed taken out where it was measured): permutation test over "
             "the results, which needs about {} of them; both are wrong in no series with {:.4g} % "
             "(Bonferroni). Evaluations and multiply-accumulates are exact: any difference on the same samples.\n",
             kForLatency, 100 * history.level);
}

std::string RenderCsv(const History& history) {
  std::string out = "place,result,commit,setting,metric,unit,value,samples,change_p\n";
  for (const auto& series : history.series)
    for (size_t v = 0; v < history.versions.size(); ++v) {
      if (!series.values[v]) continue;
      std::string p;
      for (const auto& change : series.changes)
        if (change.at == v) p = CsvNumber(change.p);
      const Version& version = history.versions[v];
      out += fmt::format("{},{},{},{},{},{},{},{},{}\n", v + 1, CsvCell(version.name), CsvCell(version.commit),
                         CsvCell(series.setting), CsvCell(series.name), CsvCell(series.unit),
                         CsvNumber(series.values[v]), series.samples[v], p);
    }
  return out;
}

std::string RenderJson(const History& history) {
  Json versions = Json::array(), all = Json::array();
  for (const auto& version : history.versions)
    versions.push_back({{"result", version.name},
                        {"commit", version.commit},
                        {"samples", version.samples},
                        {"not_comparable", version.other},
                        {"called_the_same", version.renamed}});
  for (const auto& series : history.series) {
    Json values = Json::array(), changes = Json::array();
    for (const auto& value : series.values) values.push_back(JsonNumber(value));
    for (const auto& change : series.changes)
      changes.push_back({{"at", change.at},
                         {"commit", history.versions[change.at].commit},
                         {"result", history.versions[change.at].name},
                         {"before", JsonNumber(change.before)},
                         {"after", JsonNumber(change.after)},
                         {"p", JsonNumber(change.p)},
                         {"word", WordFor(series, change)}});
    all.push_back({{"setting", series.setting},
                   {"metric", series.name},
                   {"unit", series.unit},
                   {"values", values},
                   {"samples", series.samples},
                   {"changes", changes}});
  }
  const Json json = {{"level", history.level}, {"results", versions}, {"series", all}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace skipbench
