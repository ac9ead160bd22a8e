// Labels of settings without what all of them have in common.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "harness/store/records.h"

namespace skipbench {

// Of settings that are compared with one full run. Labels are unique among them.
struct SettingLabels {
  // Without the tag of the run (" [ddim]") and without the parameters that are the same in all settings of a type:
  // "adaptive_diffusion(delta=0.01,max_skips=4)". A label that is no list of parameters (a name that was given) keeps
  // its words, and a setting that is alone of its type all of its parameters.
  std::vector<std::string> labels;
  // Shorter still, by the values alone: "adaptive_diffusion(0.01,4)"; the same as `labels` where that is not unique.
  std::vector<std::string> values;
  std::vector<std::string> legend;  // what these values are: "adaptive_diffusion(delta,max_skips)"
};

SettingLabels ShortLabels(const RunHeader& header, std::span<const size_t> settings);

// The settings that are called `text` by either of the short labels among those of their full run.
std::vector<size_t> WithShortLabel(const RunHeader& header, const std::string& text);

// What tells a full run from others: "ddim, 50 steps"; with guidance where runs differ in it. Unique; the label where
// nothing else tells it apart.
std::string RunTitle(const RunHeader& header, int reference);

}  // namespace skipbench
