#include "harness/report/tables/answer_text.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "harness/base/format.h"
#include "harness/report/tables/render_table.h"

namespace skipbench {
namespace {

// A setting with what it is sorted and shown by.
struct Entry {
  const TableRow* row = nullptr;
  const SettingDecision* decision = nullptr;
  double cost = 0;   // relative to the full run
  double value = 0;  // of the metric, NaN: none
  const MeasuredValue* metric = nullptr;
};

class AnswerWriter {
 public:
  explicit AnswerWriter(const Table& table) : table_(table), decisions_(*table.decisions) {}

  std::string Write(const std::vector<double>& budgets) const {
    std::string text;
    for (size_t k = 0; k < table_.rows.size(); ++k)
      if (table_.rows[k].setting.reference) text += Group(k, budgets);
    return text;
  }

 private:
  std::optional<double> CostOf(const TableRow& row) const {
    if (decisions_.options.cost == "nfe") return row.nfe ? std::optional(row.nfe->mean) : std::nullopt;
    return decisions_.options.cost == "macs_modules" ? row.macs_modules : row.macs_matmuls;
  }

  std::vector<Entry> EntriesOf(size_t reference) const {
    const double full = CostOf(table_.rows[reference]).value_or(std::nan(""));
    std::vector<Entry> entries;
    for (size_t k = 0; k < table_.rows.size(); ++k) {
      const TableRow& row = table_.rows[k];
      if (row.setting.reference || ReferenceOf(table_.header.settings, k) != static_cast<int>(reference)) continue;
      Entry entry{&row, &decisions_.decisions[k], CostOf(row).value_or(std::nan("")) / full, std::nan(""), nullptr};
      for (size_t m = 0; m < table_.metrics.size(); ++m)
        if (table_.metrics[m].name == decisions_.options.metric && row.metrics[m]) {
          entry.metric = &*row.metrics[m];
          entry.value = entry.metric->value.value_or(std::nan(""));
        }
      entries.push_back(entry);
    }
    std::ranges::stable_sort(entries, [](const Entry& a, const Entry& b) { return a.cost < b.cost; });
    return entries;
  }

  std::string Group(size_t reference, const std::vector<double>& budgets) const {
    const auto entries = EntriesOf(reference);
    std::string text = fmt::format("## {}\n\n", table_.rows[reference].setting.label);
    std::vector<std::vector<std::string>> cells = {
        {"answer", "setting", "cost", "samples", HeadingOf(), "difference", "why"}};
    for (const Answer answer : {Answer::kYes, Answer::kUndecided, Answer::kOpen, Answer::kNo, Answer::kNotAsked})
      for (const auto& entry : entries)
        if (entry.decision->answer == answer) cells.push_back(Line(entry));
    text += MarkdownGrid(std::move(cells), 2, /*outcome=*/true);
    if (!decisions_.options.asks("pareto")) return text + "\n";
    text += "\n";
    for (const double budget : budgets) text += Budget(entries, budget);
    return text + "\n";
  }

  std::string HeadingOf() const { return decisions_.options.metric.empty() ? "metric" : decisions_.options.metric; }

  std::vector<std::string> Line(const Entry& entry) const {
    const MeanInterval& d = entry.decision->difference;
    std::string difference = "-";
    if (std::isfinite(d.mean)) {
      difference = fmt::format("{:+.3g}", d.mean);
      if (std::isfinite(d.low) && std::isfinite(d.high))
        difference += fmt::format(" [{:+.3g}, {:+.3g}]", d.low, d.high);
    }
    return {Name(entry.decision->answer),
            entry.row->setting.label,
            std::isfinite(entry.cost) ? fmt::format("{:.3f}", entry.cost) : "-",
            std::to_string(entry.row->samples),
            Value(entry),
            difference,
            entry.decision->words.empty() ? "-" : entry.decision->words};
  }

  static std::string Value(const Entry& entry) {
    if (!entry.metric || !std::isfinite(entry.value)) return "-";
    std::string text = Significant(entry.value, 4);
    if (entry.metric->low && entry.metric->high)
      text += fmt::format(" [{}, {}]", Significant(*entry.metric->low, 4), Significant(*entry.metric->high, 4));
    return text;
  }

  // On a front the dearest setting within a budget is the best one; settings that are not decided may be better.
  std::string Budget(const std::vector<Entry>& entries, double budget) const {
    const Entry* best = nullptr;
    for (const auto& entry : entries)
      if (entry.cost <= budget && entry.decision->answer == Answer::kYes) best = &entry;
    std::vector<std::string> others;
    for (const auto& entry : entries)
      if (entry.cost <= budget && (!best || entry.cost > best->cost) &&
          (entry.decision->answer == Answer::kUndecided || entry.decision->answer == Answer::kOpen))
        others.push_back(entry.row->setting.label);
    std::string text = fmt::format("- at most {:.3g} of the full run's cost: ", budget);
    text += best ? fmt::format("{} ({} {}, cost {:.3f})", best->row->setting.label, decisions_.options.metric,
                               Value(*best), best->cost)
                 : "no setting is certain to be on the front";
    if (!others.empty()) text += fmt::format("; not decided, and dearer: {}", fmt::join(others, ", "));
    return text + "\n";
  }

  const Table& table_;
  const RunDecisions& decisions_;
};

}  // namespace

std::string RenderAnswer(const Table& table, const std::vector<double>& budgets) {
  if (!table.decisions) return "";
  return AnswerWriter(table).Write(budgets);
}

}  // namespace skipbench
