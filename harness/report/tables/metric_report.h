// The report of `skipbench metrics` as text.
#pragma once

#include <string>
#include <vector>

#include "harness/measures/measured_value.h"
#include "harness/measures/sample_table.h"

namespace skipbench {

struct MetricReport {
  std::string pictures, reference = {};  // descriptions
  std::vector<MeasuredValue> rows = {};
  std::vector<std::string> notes = {};
};

// A table for people; notes below it.
std::string RenderMetricsMarkdown(const MetricReport& report);
// For programs, all digits: a line a row; what is not there is empty (CSV) or null (JSON).
std::string RenderMetricsCsv(const MetricReport& report);
std::string RenderMetricsJson(const MetricReport& report);

// The values of single samples as CSV: (setting, of several), name, (frame,) and a column a metric. "inf" is the PSNR
// of identical pictures, empty an undefined value. Throws Error when frames are asked for that are none.
std::string RenderSamplesCsv(const std::vector<std::pair<std::string, SampleTable>>& tables, bool frames);

}  // namespace skipbench
