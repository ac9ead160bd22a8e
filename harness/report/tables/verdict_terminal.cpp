#include "harness/report/tables/verdict_terminal.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "harness/report/tables/display_width.h"
#include "harness/report/tables/terminal.h"
#include "harness/report/tables/verdict_text.h"

namespace skipbench {
namespace {

constexpr size_t kBudget = 7, kCost = 6, kLeastLabel = 16, kGap = 2;
constexpr const char* kSetting = "closest;  best method";
constexpr const char* kAgainst = "against fewer steps";

class TerminalWriter {
 public:
  TerminalWriter(const VerdictText& text, size_t width, bool colour) : text_(text), width_(width), colour_(colour) {
    for (const auto& group : text.groups)
      for (const auto& line : group.lines) {
        value_ = std::max(value_, DisplayWidth(line.value) + kGap);
        against_ = std::max(against_, DisplayWidth(AgainstOf(line)) + kGap);
      }
    value_ = std::max(value_, DisplayWidth(text.value_heading) + kGap);
    against_ = std::max(against_, DisplayWidth(kAgainst) + kGap);
    const size_t others = kBudget + kCost + value_ + against_;
    stacked_ = others + kLeastLabel > width;
    const size_t beside = stacked_ ? others - against_ : others;
    const size_t room = std::max(kLeastLabel, width > beside ? width - beside : 0);
    by_values_ = LabelWidth() > room;
    label_ = std::min(LabelWidth(), room);
  }

  std::string Write() {
    Paragraph("Verdict: " + text_.heading + (text_.groups.empty() ? "." : ""));
    for (const auto& group : text_.groups) Group(group);
    for (const auto& note : text_.notes) Paragraph(note, Paint::kFaint);
    return std::move(out_);
  }

 private:
  // The best method behind the closest setting stands a little to the right.
  std::string LabelOf(const VerdictLine& line) const {
    const std::string& label = by_values_ && !line.values.empty() ? line.values : line.setting;
    return line.best ? label : "  " + label;
  }
  static std::string AgainstOf(const VerdictLine& line) {
    const std::string name = Name(line.certainty);
    return line.against + (name.empty() ? "" : " " + name);
  }
  size_t LabelWidth() const {
    size_t width = DisplayWidth(kSetting);
    for (const auto& group : text_.groups)
      for (const auto& line : group.lines) width = std::max(width, DisplayWidth(LabelOf(line)));
    return width;
  }

  void Paragraph(const std::string& text, Paint paint = Paint::kNone, const std::string& indent = "") {
    for (const auto& line : WrapText(text, width_, indent)) out_ += Painted(line, paint, colour_) + "\n";
  }

  void Group(const VerdictGroupText& group) {
    out_ += "\n";
    Paragraph(group.title + ": " + group.sentence);
    if (!group.lines.empty()) {
      std::string heading = PadRight("budget", kBudget) + PadRight(kSetting, label_) + PadLeft("cost", kCost) +
                            PadLeft(text_.value_heading, value_);
      if (!stacked_) heading += std::string(kGap, ' ') + kAgainst;
      out_ += Painted(heading, Paint::kFaint, colour_) + "\n";
      for (const auto& line : group.lines) Line(line);
    }
    if (by_values_ && !group.legend.empty())
      Paragraph(fmt::format("Settings: {}.", fmt::join(group.legend, ", ")), Paint::kFaint, "  ");
    for (const auto& remark : group.remarks) Paragraph(remark, Paint::kNone, "  ");
  }

  void Line(const VerdictLine& line) {
    const Paint paint = line.certainty == Certainty::kBetter  ? Paint::kGood
                        : line.certainty == Certainty::kWorse ? Paint::kBad
                                                              : Paint::kNone;
    std::string row = PadRight(line.budget, kBudget);
    if (line.cost.empty()) {
      row += line.setting;  // words, with the whole line for themselves
    } else {
      row += PadRight(FitWidth(LabelOf(line), label_), label_);
      row += PadLeft(line.cost, kCost) + PadLeft(line.value, value_);
      row += stacked_ ? "\n" + std::string(kBudget + kGap, ' ') : std::string(kGap, ' ');
      row += Painted(AgainstOf(line), paint, colour_);
    }
    out_ += row.substr(0, row.find_last_not_of(' ') + 1) + "\n";
  }

  const VerdictText& text_;
  const size_t width_;
  const bool colour_;
  size_t label_ = 0, value_ = 0, against_ = 0;
  bool by_values_ = false;
  bool stacked_ = false;  // the comparison stands below its setting, for want of room
  std::string out_;
};

}  // namespace

std::string RenderVerdictText(const RunVerdict& verdict, const RunHeader& header, size_t width, bool colour) {
  return TerminalWriter(LayoutVerdict(verdict, header), width, colour).Write();
}

}  // namespace skipbench
