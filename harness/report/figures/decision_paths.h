// The decisions of settings, as figures need them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "harness/base/even_batches.h"
#include "harness/report/figures/figures.h"

namespace skipbench {

// The decisions of one setting, for the samples that were done.
struct Paths {
  const NamedSetting* setting = nullptr;
  int calls = 0;
  std::vector<size_t> samples;                // places in ResultReader::samples()
  std::vector<std::vector<uint8_t>> actions;  // [samples][calls]
  bool skips = false;                         // some call does not predict
  bool varies = false;                        // samples differ

  // Share of the samples for which a call predicts.
  double PredictShare(int call) const;
  double MeanPredictions() const;
};

// Empty (no samples) when the result has none.
Paths PathsOf(const ReportData& data, const NamedSetting& setting);
// Of the settings of a group that skip something.
std::vector<Paths> PathsOf(const ReportData& data, const SettingGroup& group);

inline int64_t CountOf(const std::vector<uint8_t>& actions, uint8_t action) {
  return std::count(actions.begin(), actions.end(), action);
}

// Parts of at most `size`.
template <class T>
std::vector<std::vector<T>> Parts(const std::vector<T>& all, size_t size) {
  std::vector<std::vector<T>> parts;
  EvenBatches(std::span<const T>(all), size,
              [&](std::span<const T> part) { parts.emplace_back(part.begin(), part.end()); });
  return parts;
}

// Those whose samples differ.
std::vector<const Paths*> Varying(const std::vector<Paths>& all);
// At most `most` of them, evenly from the first to the last: of a sweep its ends and what lies between.
std::vector<const Paths*> Spread(const std::vector<const Paths*>& all, int most);

// One of several figures of a group that show the same, `part` from 1: its id and its title say which.
Figure PartFigure(const std::string& id, const std::string& title, const SettingGroup& group, size_t part = 1,
                  size_t parts = 1);

// The x axis of a plot over scheduler calls, and its title.
std::string CallAxis(int64_t calls);
inline constexpr const char* kCallTitle = "scheduler call, from noise to picture";

// Strips, a row each, over the scheduler calls. One unit of y is a pixel.
inline constexpr int kRow = 38, kStripWidth = 640, kStripBottom = 46;
PlotArea StripArea(const Figure& figure, int top);
// Margins and axis; all but the strips and their labels.
std::string StripFrame(const PlotArea& area, int64_t calls);
// Defines base(r), the lower end of strip r, and bar, its height.
std::string StripBases(size_t rows);
// The text above strip r.
std::string StripLabel(const PlotArea& area, size_t rows, size_t r, const std::string& text);

}  // namespace skipbench
