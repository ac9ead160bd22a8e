// What the settings of a result are called in figures: in groups that are compared with one reference each, in series
// of one method, each point named by what varies.
#pragma once

#include <string>
#include <vector>

#include "harness/store/records.h"

namespace skipbench {

struct NamedSetting {
  size_t index = 0;   // in RunHeader::settings
  int series = -1;    // index into SettingGroup::series; -1: the reference, which is no series of its own
  std::string point;  // "δ=0.01, Cmax=4"; empty when the series has no other
  std::string name;   // series and point together: "AdaptiveDiffusion δ=0.01, Cmax=4"; "25 steps"
};

struct SettingGroup {
  int reference = -1;               // index of the setting that all of these are compared with; -1: there is none
  std::string title;                // "ddim, 25 steps": what tells it from other groups; empty when there is one only
  std::string id;                   // for file names: "", or "_g2"
  int calls = 0;                    // of the reference (of the first setting, without one)
  std::vector<std::string> series;  // "AdaptiveDiffusion", "DeepCache"; the first one has colour c1
  std::vector<bool> one_parameter;  // of a series: one number varies, so that its points make a line
  std::vector<NamedSetting> settings;  // in the order of the run, the reference among them
};

std::vector<SettingGroup> GroupSettings(const RunHeader& header);

}  // namespace skipbench
