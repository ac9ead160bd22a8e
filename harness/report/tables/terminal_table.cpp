#include "harness/report/tables/terminal_table.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <map>

#include "harness/analysis/short_labels.h"
#include "harness/report/tables/display_width.h"
#include "harness/report/tables/published_terminal.h"
#include "harness/report/tables/table_columns.h"
#include "harness/report/tables/table_notes.h"
#include "harness/report/tables/table_text.h"
#include "harness/report/tables/terminal.h"

namespace skipbench {
namespace {

constexpr size_t kGap = 2, kLeastLabel = 20, kNoteLines = 3, kPublishedRows = 6;

// Of which kind a cell's colour is.
struct ShownColumn {
  TableColumn column;
  std::string heading;
  size_t width = 0;
  bool text() const { return !column.number; }
};

class TerminalTable {
 public:
  TerminalTable(const Table& table, const TableView& view, const TerminalOptions& options)
      : table_(table), view_(view), options_(options) {
    for (const size_t k : view.rows) groups_[ReferenceOf(table.header.settings, k)].push_back(k);
    std::map<int, std::vector<size_t>> all;
    for (size_t k = 0; k < table.rows.size(); ++k) all[ReferenceOf(table.header.settings, k)].push_back(k);
    labels_.resize(table.rows.size());
    values_.resize(table.rows.size());
    for (const auto& [reference, rows] : all) {
      const SettingLabels labels = ShortLabels(table.header, rows);
      for (size_t i = 0; i < rows.size(); ++i) {
        labels_[rows[i]] = labels.labels[i];
        values_[rows[i]] = labels.values[i];
      }
      for (const auto& names : labels.legend)
        if (std::ranges::find(legend_, names) == legend_.end()) legend_.push_back(names);
    }
    Choose();
  }

  std::string Write() {
    for (const auto& line : WrapText(CaptionOf(table_), options_.width)) out_ += line + "\n";
    out_ += "\n";
    if (view_.rows.empty()) {
      out_ += "no setting passes the filter\n";
      return std::move(out_);
    }
    Heading();
    // A chosen order goes through all groups.
    if (groups_.size() == 1 || Sorted())
      for (const size_t k : view_.rows) Row(k);
    else
      for (const auto& [reference, rows] : groups_) {
        out_ += Painted(reference < 0 ? "without a full run" : RunTitle(table_.header, reference), Paint::kBold,
                        options_.colour) +
                "\n";
        for (const size_t k : rows) Row(k);
      }
    out_ += RenderPublishedTerminal(LayoutPublished(table_), options_.width, options_.colour,
                                    options_.all_notes ? table_.published.size() : kPublishedRows);
    Notes();
    return std::move(out_);
  }

 private:
  bool Sorted() const { return !std::ranges::is_sorted(view_.rows); }

  const std::string& LabelOf(size_t k) const { return by_values_ ? values_[k] : labels_[k]; }

  // Of settings of several full runs in one list: whose they are.
  TableColumn RunColumn() const {
    return {"full_run",
            "full run",
            [this](const TableRow& row) {
              const int reference = ReferenceOf(table_.header.settings, static_cast<size_t>(&row - table_.rows.data()));
              return reference < 0 ? "" : RunTitle(table_.header, reference);
            },
            {}};
  }

  ShownColumn Shown(const TableColumn& column) const {
    ShownColumn shown{column, column.heading, DisplayWidth(column.heading)};
    for (const size_t k : view_.rows) {
      const std::string cell = column.id == "setting" ? LabelOf(k) : column.cell(table_.rows[k]);
      shown.width = std::max({shown.width, DisplayWidth(cell), size_t{1}});
    }
    return shown;
  }

  // Whether a column says something: another value in any two rows.
  bool Varies(const TableColumn& column) const {
    return std::ranges::any_of(
        view_.rows, [&](size_t k) { return column.cell(table_.rows[k]) != column.cell(table_.rows[view_.rows[0]]); });
  }

  void Choose() {
    const auto all = AllColumns(table_);
    if (!view_.columns.empty()) {
      for (const auto& id : view_.columns) columns_.push_back(Shown(FindColumn(all, id, "--columns")));
      FitLabels();
      return;
    }
    columns_.push_back(Shown(FindColumn(all, "setting", "")));
    if (groups_.size() > 1 && Sorted()) columns_.push_back(Shown(RunColumn()));
    size_t used = kMark;
    for (const auto& shown : columns_) used += std::min(shown.width, kLeastLabel) + kGap;
    used -= kGap;
    for (const auto& id : Telling(all)) {
      const TableColumn& column = FindColumn(all, id, "");
      if (!Varies(column)) continue;
      ShownColumn shown = Shown(column);
      const size_t width = shown.text() ? std::min(shown.width, kLeastLabel) : shown.width;
      if (used + kGap + width > options_.width) continue;
      used += kGap + width;
      columns_.push_back(std::move(shown));
    }
    std::ranges::stable_sort(columns_, {}, [&](const ShownColumn& shown) { return PlaceOf(shown.column.id); });
    FitLabels();
  }

  size_t Total() const {
    size_t sum = kMark;
    for (const auto& shown : columns_) sum += shown.width + kGap;
    return sum - kGap;
  }

  // Reasons give way to labels, which are by their values alone where those with names are too wide.
  void FitLabels() {
    Narrow([](const ShownColumn& shown) { return shown.column.id == "outcome"; });
    const auto label = std::ranges::find_if(columns_, [](const auto& shown) { return shown.column.id == "setting"; });
    if (Total() > options_.width && label != columns_.end()) {
      by_values_ = true;
      *label = Shown(label->column);
    }
    Narrow([](const ShownColumn&) { return true; });
  }

  // In the order in which they are worth their room.
  std::vector<std::string> Telling(const std::vector<TableColumn>& all) const {
    const std::string& metric = table_.verdict.metric.name;
    std::vector<std::string> ids = {"cost"};
    if (!metric.empty()) ids.push_back(metric);
    // Of a run without a metric of single samples distances are the quality that there is.
    if (metric.empty())
      for (const auto& column : MoreColumns(table_))
        if (column.id != "setting") ids.push_back(column.id);
    ids.insert(ids.end(), {"against_fewer_steps", "speed_up", "nfe", "outcome_if_not_done"});
    for (const auto& column : all)
      if (column.id != "setting" && column.id != "outcome" && std::ranges::find(ids, column.id) == ids.end() &&
          IsMeasured(column.id))
        ids.push_back(column.id);
    // Why samples are missing is worth more than any number.
    std::erase(ids, "outcome_if_not_done");
    if (std::ranges::any_of(table_.rows, [](const TableRow& row) { return row.failed + row.not_supported > 0; }))
      ids.insert(ids.begin(), "outcome");
    return ids;
  }

  // Not a setting's parameters, which its label has.
  bool IsMeasured(const std::string& id) const {
    const auto has = [&](const std::vector<TableColumn>& columns) {
      return std::ranges::find(columns, id, &TableColumn::id) != columns.end();
    };
    return id != "pareto" && (has(FrontColumns(table_)) || has(MoreColumns(table_)));
  }

  // Cost before quality before the rest, as in the wide table.
  int PlaceOf(const std::string& id) const {
    static const std::vector<std::string> first = {"setting",  "full_run",    "samples",      "cost",
                                                   "nfe",      "shallow_nfe", "macs_modules", "macs_matmuls",
                                                   "speed_up", "latency",     "memory"};
    const auto found = std::ranges::find(first, id);
    if (found != first.end()) return static_cast<int>(found - first.begin());
    const std::string& metric = table_.verdict.metric.name;
    if (id == metric) return 20;
    if (metric.empty() && std::ranges::find(table_.distances, id, SetMetricId) != table_.distances.end()) return 20;
    if (id == "against_fewer_steps") return 21;
    return id == "outcome" ? 100 : 50;
  }

  // Text gives way where the whole is too wide: of the columns that may, the widest first.
  void Narrow(const std::function<bool(const ShownColumn&)>& may) {
    while (Total() > options_.width) {
      ShownColumn* widest = nullptr;
      for (auto& shown : columns_)
        if (shown.text() && may(shown) && shown.width > kLeastLabel && (!widest || shown.width > widest->width))
          widest = &shown;
      if (!widest) return;
      --widest->width;
    }
  }

  std::string Aligned(const ShownColumn& shown, const std::string& text) const {
    const std::string fitted = !shown.text()                  ? text
                               : shown.column.id == "outcome" ? FitBeginning(text, shown.width)
                                                              : FitWidth(text, shown.width);
    return shown.text() ? PadRight(fitted, shown.width) : PadLeft(fitted, shown.width);
  }

  static std::string Trimmed(std::string line) {
    line.erase(line.find_last_not_of(' ') + 1);
    return line;
  }

  void Heading() {
    std::string line(kMark, ' ');
    for (const auto& shown : columns_)
      line += (&shown == columns_.data() ? "" : std::string(kGap, ' ')) + Aligned(shown, shown.heading);
    out_ += Painted(Trimmed(line), Paint::kFaint, options_.colour) + "\n";
  }

  Paint PaintOf(const ShownColumn& shown, const JudgedSetting* judged) const {
    if (!judged) return Paint::kNone;
    if (shown.column.id == "setting") return judged->pareto && !judged->beaten_between() ? Paint::kBold : Paint::kNone;
    if (shown.column.id != "against_fewer_steps") return Paint::kNone;
    return judged->against.better() ? Paint::kGood : judged->against.worse() ? Paint::kBad : Paint::kNone;
  }

  void Row(size_t k) {
    const TableRow& row = table_.rows[k];
    const JudgedSetting* judged = JudgedOf(table_, row);
    std::string line = !judged || !judged->pareto ? "  " : judged->beaten_between() ? "p " : "P ";
    for (const auto& shown : columns_) {
      const std::string cell = shown.column.id == "setting" ? LabelOf(k) : shown.column.cell(row);
      const bool last = &shown == &columns_.back();
      std::string text = Aligned(shown, cell.empty() ? "-" : cell);
      if (last) text = Trimmed(text);
      line += (&shown == columns_.data() ? "" : std::string(kGap, ' ')) +
              Painted(text, PaintOf(shown, judged), options_.colour);
    }
    out_ += Trimmed(line) + "\n";
  }

  // What the marks and columns that are there mean.
  std::string Legend() const {
    const auto shown = [&](const char* id) {
      return std::ranges::any_of(columns_, [&](const ShownColumn& one) { return one.column.id == id; });
    };
    const auto any = [&](auto&& is) {
      return std::ranges::any_of(view_.rows, [&](size_t k) {
        const JudgedSetting* judged = JudgedOf(table_, table_.rows[k]);
        return judged && is(*judged);
      });
    };
    std::vector<std::string> parts;
    if (any([](const JudgedSetting& one) { return one.pareto && !one.beaten_between(); }))
      parts.emplace_back("P: in the Pareto set.");
    if (any([](const JudgedSetting& one) { return one.beaten_between(); }))
      parts.emplace_back("p: in it, but certainly worse than fewer steps would be at its cost.");
    if (shown("cost")) parts.emplace_back("cost: share of the full run's MACs.");
    parts.push_back(shown("against_fewer_steps")
                        ? "Brackets: 95 % intervals; against fewer steps: of all settings together."
                        : "Brackets: 95 % intervals.");
    return fmt::format("{}", fmt::join(parts, " "));
  }

  void Notes() {
    std::vector<std::string> lines;
    size_t shown = 0;
    const auto notes = NotesByWeight(table_);
    for (const auto& note : notes) {
      const auto wrapped = WrapText("- " + note, options_.width, "  ");
      if (!options_.all_notes && lines.size() + wrapped.size() > kNoteLines) break;  // what comes next weighs less
      lines.insert(lines.end(), wrapped.begin(), wrapped.end());
      ++shown;
    }
    std::string legend = Legend();
    if (by_values_ && !legend_.empty()) legend += fmt::format(" Settings: {}.", fmt::join(legend_, ", "));
    out_ += "\n";
    for (const auto& line : WrapText(legend, options_.width))
      out_ += Painted(line, Paint::kFaint, options_.colour) + "\n";
    for (const auto& line : lines) out_ += line + "\n";
    if (shown < notes.size()) out_ += fmt::format("({} more notes: --notes)\n", notes.size() - shown);
  }

  static constexpr size_t kMark = 2;  // "P "

  const Table& table_;
  const TableView& view_;
  const TerminalOptions& options_;
  std::map<int, std::vector<size_t>> groups_;          // rows by their full run
  std::vector<std::string> labels_, values_, legend_;  // SettingLabels of all rows
  bool by_values_ = false;
  std::vector<ShownColumn> columns_;
  std::string out_;
};

}  // namespace

std::string RenderTerminal(const Table& table, const TableView& view, const TerminalOptions& options) {
  return TerminalTable(table, view, options).Write();
}

}  // namespace skipbench
