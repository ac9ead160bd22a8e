// Latency mode: every setting alone, one sample at a time, nothing shared, warmed up, the device waited for. Settings
// take turns, so that a slow moment of the machine does not fall on one of them.
#pragma once

#include <functional>
#include <vector>

#include "harness/experiment/plan/plan.h"
#include "harness/store/records.h"

namespace skipbench {

// One record for each supported setting: seconds of each repeat by stage (text_encoder, denoiser, decoder, total) and
// the largest peak memory. `progress` is called with the number of runs done and to do.
std::vector<LatencyRecord> MeasureLatency(const Plan& plan,
                                          const std::function<void(int64_t done, int64_t total)>& progress);

}  // namespace skipbench
