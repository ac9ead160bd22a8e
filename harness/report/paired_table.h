// Differences between settings on the same samples: far narrower than the difference of two intervals, because what a
// sample has in common with itself cancels.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness/report/set_difference.h"
#include "harness/stats/bootstrap.h"
#include "harness/store/result_reader.h"

namespace skipbench {

struct PairedMetric {
  std::string name, units;
  PairedDifference difference;  // setting - baseline, over the samples that have a finite value under both
  double standard_error = 0;    // of the mean difference; NaN with less than two samples
  int64_t left_out = 0;         // samples done by both without two finite values (identical pictures, undefined values)
};

// A metric of whole sets, "fd_fashion (data)".
struct PairedSet {
  std::string name, units;
  SetDifference difference;  // setting - baseline
};

struct PairedRow {
  std::string setting;
  int64_t samples = 0;  // done by both
  std::vector<PairedMetric> metrics;
  std::vector<PairedSet> sets;
};

struct PairedTable {
  std::string baseline;
  std::vector<PairedRow> rows;  // every other setting, in the run's order
};

// Every metric column that both settings have, and their network evaluations; of `distances`, metrics of whole sets, those
// that both have over the same number of samples. Throws Error, listing the settings, when `baseline` is none of them.
PairedTable MakePairedTable(const ResultReader& result, const std::string& baseline,
                            const std::vector<SettingDistance>& distances = {});

std::string RenderPairedMarkdown(const PairedTable& table);
std::string RenderPairedCsv(const PairedTable& table);
std::string RenderPairedJson(const PairedTable& table);

}  // namespace skipbench
