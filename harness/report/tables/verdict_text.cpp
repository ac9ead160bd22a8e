#include "harness/report/tables/verdict_text.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "harness/analysis/short_labels.h"
#include "harness/base/format.h"
#include "harness/report/tables/render_table.h"
#include "harness/report/tables/table_columns.h"

namespace skipbench {
namespace {

constexpr size_t kNamed = 3;  // settings that a remark names; of more it says how many

std::string CostName(const std::string& cost) {
  return cost == "nfe" ? "network evaluations" : fmt::format("MACs ({})", cost.substr(std::string("macs_").size()));
}

std::string BudgetWords(double budget) {
  return budget == 0.5 ? "half the cost" : fmt::format("{:.3g} of the cost", budget);
}

class GroupWriter {
 public:
  GroupWriter(const RunVerdict& verdict, const RunHeader& header, const JudgedGroup& group)
      : verdict_(verdict), header_(header), group_(group) {
    std::vector<size_t> settings;
    for (const auto& one : group.settings) settings.push_back(one.setting);
    labels_ = ShortLabels(header, settings);
  }

  VerdictGroupText Write() const {
    VerdictGroupText text;
    text.title = group_.reference < 0 ? "settings without a full run" : RunTitle(header_, group_.reference);
    if (!group_.problem.empty()) {
      text.sentence = "no verdict: " + group_.problem + ".";
      AddSetAside(&text);
      return text;
    }
    text.title += fmt::format(", {} sample{}", group_.samples, group_.samples == 1 ? "" : "s");
    text.sentence = Sentence();
    text.legend = labels_.legend;
    for (const auto& budget : group_.budgets) AddLines(budget, &text);
    AddDearer(&text);
    AddDominated(&text);
    AddIdentical(&text);
    AddSetAside(&text);
    return text;
  }

 private:
  const std::string& Label(size_t i) const { return labels_.labels[i]; }
  std::string Value(double value) const { return MetricNumber(verdict_.metric, value); }
  std::string ValueWithUnit(double value) const {
    const MetricInfo& metric = verdict_.metric;
    return skipbench::TitleOf(metric) + " " + Value(value) + (metric.unit.empty() ? "" : " " + metric.unit);
  }

  bool HasBounds(const AgainstFewer& against) const {
    return std::isfinite(against.difference.low) && std::isfinite(against.difference.high);
  }
  static std::string Signed(double value, int decimals) {
    return fmt::format("{}{:.{}f}", value < 0 ? '-' : '+', std::abs(value), decimals);
  }
  // Of a metric with decimals as many, and more where the interval would be nothing but zeros.
  int DecimalsOf(const MeanInterval& d) const {
    constexpr int kMost = 6;
    const double half = (d.high - d.low) / 2;
    const int wanted = std::isfinite(half) && half > 0 ? -static_cast<int>(std::floor(std::log10(half))) : 0;
    return std::max(*verdict_.metric.decimals, std::min(wanted, kMost));
  }
  std::string Difference(const AgainstFewer& against, const std::string& unit = "") const {
    const MeanInterval& d = against.difference;
    const auto number = [&](double value) {
      return verdict_.metric.decimals ? Signed(value, DecimalsOf(d)) : (value < 0 ? "-" : "+") + Value(std::abs(value));
    };
    return HasBounds(against) ? fmt::format("{} [{}, {}]{}", number(d.mean), number(d.low), number(d.high), unit)
                              : fmt::format("{}{}, no interval", number(d.mean), unit);
  }
  static Certainty CertaintyOf(const AgainstFewer& against) {
    if (against.kind == AgainstFewer::Kind::kNone) return Certainty::kNone;
    return against.better() ? Certainty::kBetter : against.worse() ? Certainty::kWorse : Certainty::kUndecided;
  }

  // "certainly better than plain fewer steps at its cost, by +2.31 [+1.90, +2.72] dB".
  std::string AgainstWords(const AgainstFewer& against) const {
    using Kind = AgainstFewer::Kind;
    if (against.kind == Kind::kNone)
      return !group_.any_fewer_steps() ? "held against nothing: no fewer_steps was run"
             : group_.samples < 2      ? "held against nothing: one sample says nothing about fewer steps at its cost"
                                       : "not held against fewer steps: none were run at its cost";
    std::string fewer = "plain fewer steps at its cost";
    if (against.kind == Kind::kDearer)
      fewer = fmt::format("even {}, which costs more", header_.settings[against.left].label);
    const std::string unit = verdict_.metric.unit.empty() ? "" : " " + verdict_.metric.unit;
    if (against.better()) return fmt::format("certainly better than {}: {}", fewer, Difference(against, unit));
    if (against.worse()) return fmt::format("certainly worse than {}: {}", fewer, Difference(against, unit));
    return fmt::format("which the data cannot tell from {}: {}", fewer, Difference(against, unit));
  }

  const JudgedBudget& Headline() const {
    return *std::ranges::min_element(group_.budgets, {},
                                     [](const JudgedBudget& one) { return std::abs(one.budget - 0.5); });
  }

  std::string Sentence() const {
    const JudgedBudget& budget = Headline();
    std::string text = fmt::format("at {} ", BudgetWords(budget.budget));
    if (!budget.best) {
      text += "there is no setting";
    } else {
      const JudgedSetting& best = group_.settings[*budget.best];
      text += fmt::format("{}{} is closest to the full run ({}){}", best.fewer_steps ? "plain " : "",
                          Label(*budget.best), ValueWithUnit(best.value), CertaintyWords(budget));
      if (!best.fewer_steps)
        text += "; it is " + WithoutWhich(AgainstWords(best.against));
      else if (budget.method)
        text += fmt::format("; the best method, {}, is {}", Label(*budget.method),
                            WithoutWhich(AgainstWords(group_.settings[*budget.method].against)));
    }
    return text + Counts() + ".";
  }

  // Whether the budget's closest setting is certain to be that.
  std::string CertaintyWords(const JudgedBudget& budget) const {
    if (budget.within == 1) return ", being the only one that cheap";
    if (group_.samples < 2) return ", of one sample";
    if (budget.not_told_apart.empty()) return ", and certainly so";
    return ", but not told apart from " + Named(budget.not_told_apart);
  }

  // Behind "is".
  static std::string WithoutWhich(const std::string& words) {
    const std::string relative = "which the data cannot tell from ";
    return words.starts_with(relative) ? "not told from " + words.substr(relative.size()) : words;
  }

  // "; in all, 2 of 5 settings of methods certainly beat ...".
  std::string Counts() const {
    int64_t better = 0, worse = 0, undecided = 0;
    for (const auto& one : group_.settings) {
      const Certainty certainty = CertaintyOf(one.against);
      better += certainty == Certainty::kBetter;
      worse += certainty == Certainty::kWorse;
      undecided += certainty == Certainty::kUndecided;
    }
    if (better + worse + undecided < 2) return "";
    return fmt::format(
        "; of all {} settings of methods {} certainly beat fewer steps at their cost and {} certainly do worse",
        better + worse + undecided, better, worse);
  }

  VerdictLine LineOf(size_t i, const std::string& budget, bool best) const {
    const JudgedSetting& one = group_.settings[i];
    VerdictLine line{.budget = budget,
                     .setting = Label(i),
                     .values = labels_.values[i],
                     .cost = fmt::format("{:.3f}", one.cost),
                     .value = Value(one.value),
                     .certainty = CertaintyOf(one.against),
                     .best = best};
    if (one.fewer_steps) {
      line.against = "is fewer steps";
    } else if (one.against.kind == AgainstFewer::Kind::kNone) {
      line.against = "none at its cost";
    } else {
      line.against = Difference(one.against);
      if (one.against.kind == AgainstFewer::Kind::kDearer) line.against += " (dearer)";
    }
    return line;
  }

  void AddLines(const JudgedBudget& budget, VerdictGroupText* text) const {
    const std::string share = fmt::format("{:.3g}", budget.budget);
    if (!budget.best) {
      text->lines.push_back({.budget = share, .setting = "no setting costs so little", .best = true});
      return;
    }
    text->lines.push_back(LineOf(*budget.best, share, true));
    if (budget.method && budget.method != budget.best) text->lines.push_back(LineOf(*budget.method, "", false));
    if (&budget != &Headline() && !budget.not_told_apart.empty())  // the sentence says it of its own
      text->remarks.push_back(fmt::format("At {} not told apart from the closest: {}.", BudgetWords(budget.budget),
                                          Named(budget.not_told_apart)));
  }

  std::string Named(const std::vector<size_t>& settings) const {
    std::vector<std::string> names;
    for (size_t n = 0; n < std::min(kNamed, settings.size()); ++n) names.push_back(Label(settings[n]));
    std::string text = fmt::format("{}", fmt::join(names, ", "));
    if (settings.size() > kNamed) text += fmt::format(" and {} more", settings.size() - kNamed);
    return text;
  }

  void AddDearer(VerdictGroupText* text) const {
    for (const auto& line : text->lines)
      if (line.against.ends_with("(dearer)")) {
        text->remarks.emplace_back("(dearer): held against the cheapest fewer_steps, which costs more.");
        return;
      }
  }

  void AddDominated(VerdictGroupText* text) const {
    std::vector<size_t> dominated;
    for (size_t i = 0; i < group_.settings.size(); ++i)
      if (group_.settings[i].dominated_by) dominated.push_back(i);
    const auto judged = std::ranges::count_if(group_.settings, &JudgedSetting::judged);
    if (!dominated.empty())
      text->remarks.push_back(fmt::format("Certainly dominated (another one is better at no more cost): {} of {}: {}.",
                                          dominated.size(), judged, Named(dominated)));
  }

  void AddIdentical(VerdictGroupText* text) const {
    std::vector<size_t> settings;
    for (size_t i = 0; i < group_.settings.size(); ++i)
      if (group_.settings[i].identical > 0) settings.push_back(i);
    if (!settings.empty() && verdict_.metric.ceiling)
      text->remarks.push_back(fmt::format("Identical pictures, counted as {:.4g}{}: {}.", *verdict_.metric.ceiling,
                                          verdict_.metric.unit.empty() ? "" : " " + verdict_.metric.unit,
                                          Named(settings)));
  }

  void AddSetAside(VerdictGroupText* text) const {
    for (size_t i = 0; i < group_.settings.size(); ++i)
      if (!group_.settings[i].judged())
        text->remarks.push_back(fmt::format("Not judged: {}: {}.", Label(i), group_.settings[i].set_aside));
  }

  const RunVerdict& verdict_;
  const RunHeader& header_;
  const JudgedGroup& group_;
  SettingLabels labels_;
};

std::string IntervalNote(const RunVerdict& verdict) {
  return fmt::format(
      "Everything said here holds together with {:.4g} %: differences paired by sample, {}, Bonferroni over {} "
      "comparison{} with fewer steps (interpolated at the setting's cost) and {} pair{} of settings.",
      100 * verdict.level, verdict.stopped ? "confidence sequences (asymptotic)" : "Student's t", verdict.comparisons,
      verdict.comparisons == 1 ? "" : "s", verdict.pairs, verdict.pairs == 1 ? "" : "s");
}

Json GroupJson(const JudgedGroup& group, const RunHeader& header, const VerdictGroupText& text) {
  const auto label = [&](size_t i) { return header.settings[group.settings[i].setting].label; };
  const auto maybe = [&](const std::optional<size_t>& i) { return i ? Json(label(*i)) : Json(); };
  Json settings = Json::array(), budgets = Json::array();
  for (size_t i = 0; i < group.settings.size(); ++i) {
    const JudgedSetting& one = group.settings[i];
    settings.push_back({{"setting", label(i)},
                        {"cost", JsonNumber(one.cost)},
                        {"value", JsonNumber(one.value)},
                        {"identical", one.identical},
                        {"pareto", one.pareto},
                        {"dominated_by", maybe(one.dominated_by)},
                        {"against_fewer_steps", ToJson(one.against, header)},
                        {"not_judged", one.judged() ? Json() : Json(one.set_aside)}});
  }
  for (const auto& budget : group.budgets) {
    Json others = Json::array();
    for (const size_t i : budget.not_told_apart) others.push_back(label(i));
    budgets.push_back({{"budget", budget.budget},
                       {"best", maybe(budget.best)},
                       {"best_method", maybe(budget.method)},
                       {"within", budget.within},
                       {"not_told_apart", others}});
  }
  return {
      {"full_run", group.reference < 0 ? Json() : Json(header.settings[static_cast<size_t>(group.reference)].label)},
      {"samples", group.samples},
      {"sentence", text.title + ": " + text.sentence},
      {"problem", group.problem.empty() ? Json() : Json(group.problem)},
      {"budgets", budgets},
      {"settings", settings}};
}

}  // namespace

Json ToJson(const AgainstFewer& against, const RunHeader& header) {
  using Kind = AgainstFewer::Kind;
  if (against.kind == Kind::kNone) return nullptr;
  Json settings = {header.settings[against.left].label};
  if (against.kind == Kind::kInterpolated) settings.push_back(header.settings[against.right].label);
  return {{"with", against.kind == Kind::kInterpolated ? "interpolated"
                   : against.kind == Kind::kOne        ? "same cost"
                                                       : "more cost"},
          {"settings", settings},
          {"difference", JsonNumber(against.difference.mean)},
          {"low", JsonNumber(against.difference.low)},
          {"high", JsonNumber(against.difference.high)},
          {"samples", against.difference.count},
          {"answer", against.better()  ? "better"
                     : against.worse() ? "worse"
                                       : "undecided"}};
}

const char* Name(Certainty certainty) {
  static const char* const names[] = {"", "better", "unclear", "worse"};
  return names[static_cast<int>(certainty)];
}

VerdictText LayoutVerdict(const RunVerdict& verdict, const RunHeader& header) {
  VerdictText text;
  if (!verdict.problem.empty()) {
    text.heading = "none: " + verdict.problem;
    return text;
  }
  text.heading = fmt::format("closest to the full run by {}, within budgets of its {}",
                             skipbench::TitleOf(verdict.metric), CostName(verdict.cost));
  if (verdict.planned > 0)
    text.heading += fmt::format("; not finished: {} of {} samples", verdict.samples, verdict.planned);
  text.value_heading = MetricHeading(verdict.metric);
  bool intervals = false, one_sample = false;
  for (const auto& group : verdict.groups) {
    text.groups.push_back(GroupWriter(verdict, header, group).Write());
    intervals |= group.problem.empty() && group.samples > 1 && verdict.comparisons + verdict.pairs > 0;
    one_sample |= group.problem.empty() && group.samples == 1;
  }
  if (intervals) text.notes.push_back(IntervalNote(verdict));
  if (verdict.shallow)
    text.notes.emplace_back(
        "Network evaluations leave shallow forwards (DeepCache) out, which cost something: --cost macs_matmuls counts "
        "them.");
  if (one_sample) text.notes.push_back("One sample has no intervals: nothing is certain of it.");
  return text;
}

std::string RenderVerdictMarkdown(const RunVerdict& verdict, const RunHeader& header) {
  const VerdictText text = LayoutVerdict(verdict, header);
  std::string out = "## Verdict: " + MarkdownCell(text.heading) + "\n";
  for (const auto& group : text.groups) {
    out += fmt::format("\n**{}**: {}\n", MarkdownCell(group.title), MarkdownCell(group.sentence));
    if (!group.lines.empty()) {
      std::vector<std::vector<std::string>> cells = {
          {"budget", "setting", "cost", text.value_heading, "against fewer steps at its cost"}};
      for (const auto& line : group.lines)
        cells.push_back({line.budget, line.best ? line.setting : "best method: " + line.setting, line.cost, line.value,
                         fmt::format("{} {}", line.against, Name(line.certainty))});
      out += "\n" + MarkdownGrid(std::move(cells), 2);
    }
    if (!group.remarks.empty()) out += "\n";
    for (const auto& remark : group.remarks) out += "- " + MarkdownCell(remark) + "\n";
  }
  for (const auto& note : text.notes) out += "\n" + MarkdownCell(note) + "\n";
  return out;
}

std::string RenderVerdictJson(const RunVerdict& verdict, const RunHeader& header) {
  const VerdictText text = LayoutVerdict(verdict, header);
  Json groups = Json::array();
  for (size_t g = 0; g < verdict.groups.size(); ++g)
    groups.push_back(GroupJson(verdict.groups[g], header, text.groups[g]));
  const Json json = {{"name", header.name},
                     {"metric", verdict.metric.name.empty() ? Json() : Json(verdict.metric.name)},
                     {"unit", verdict.metric.unit},
                     {"better", DirectionName(verdict.metric.better)},
                     {"cost", verdict.cost},
                     {"level", verdict.level},
                     {"bounds", verdict.stopped ? "confidence sequence" : "student t"},
                     {"comparisons", verdict.comparisons},
                     {"pairs", verdict.pairs},
                     {"finished", verdict.planned == 0},
                     {"problem", verdict.problem.empty() ? Json() : Json(verdict.problem)},
                     {"full_runs", groups}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace skipbench
