// What a Profiler saw of a run, as a table: stages, the operators of each, and how much of the machine's peak they
// reach.
#pragma once

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <map>
#include <string>
#include <vector>

#include "harness/base/json.h"
#include "harness/runtime/profiler.h"

namespace skipbench {

// "float32"; "" for none.
std::string TypeName(c10::ScalarType type);

// Multiply-accumulates a second of the fastest large matrix product of this type, of ATen's and (on a CPU) skipbench's
// own: the best of a few.
double MeasurePeak(c10::Device device, c10::ScalarType type);

struct Profile {
  struct Line {
    Profiler::Row row;  // name "": the stage itself; "elsewhere": what is left of it
    double share = 0;   // of all the time
    double rate = 0;    // multiply-accumulates a second; 0 without
    double of_peak = 0;
  };
  double seconds = 0;                       // from the first range to the last
  std::map<c10::ScalarType, double> peaks;  // multiply-accumulates a second
  std::vector<Line> lines;                  // stages by time, behind each its operators by time
};

// `rows` as of Profiler::Rows(), `seconds` as measured around them.
Profile MakeProfile(const std::vector<Profiler::Row>& rows, double seconds,
                    const std::map<c10::ScalarType, double>& peaks);

// All of it: {"seconds", "peak_macs_per_second": {type: ...}, "operators": [{"stage", "operator", ...}]}.
Json ProfileJson(const Profile& profile);

}  // namespace skipbench
