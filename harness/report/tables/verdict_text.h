// The verdict on a result in words: sentences and lines made from its numbers alone.
#pragma once

#include <string>
#include <vector>

#include "harness/analysis/verdict/verdict.h"

namespace skipbench {

// How sure a comparison is.
enum class Certainty { kNone, kBetter, kUndecided, kWorse };

// What is said of a budget, in cells.
struct VerdictLine {
  std::string budget;       // "0.50"; empty: as the line above
  std::string setting;      // the short label, or why there is none
  std::string values = {};  // the label by its values alone
  std::string cost = {}, value = {};
  std::string against = {};  // "-2.31 [-3.00, -1.60]"
  Certainty certainty = Certainty::kNone;
  bool best = false;  // the one closest to the full run, not the best method behind it
};

struct VerdictGroupText {
  std::string title;     // "ddim, 50 steps"
  std::string sentence;  // without the title; ends with a full stop
  std::vector<VerdictLine> lines;
  std::vector<std::string> legend;   // SettingLabels::legend
  std::vector<std::string> remarks;  // what is not told apart from the best, what is dominated, what is set aside
};

struct VerdictText {
  std::string heading;        // "closest to the full run by PSNR (dB), within a budget of its MACs"
  std::string value_heading;  // "PSNR dB"
  std::vector<VerdictGroupText> groups;
  std::vector<std::string> notes;  // what the intervals are
};

VerdictText LayoutVerdict(const RunVerdict& verdict, const RunHeader& header);

// "better", "unclear", "worse"; empty: there is nothing to say it of.
const char* Name(Certainty certainty);

std::string RenderVerdictMarkdown(const RunVerdict& verdict, const RunHeader& header);
// For programs, all digits; what is not there is null.
Json ToJson(const AgainstFewer& against, const RunHeader& header);
std::string RenderVerdictJson(const RunVerdict& verdict, const RunHeader& header);

}  // namespace skipbench
