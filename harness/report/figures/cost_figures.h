// Figures of quality against cost.
#pragma once

#include "harness/report/figures/figures.h"

namespace skipbench {

// Quality against cost: each metric against NFE, multiply-accumulates and latency, with 95 % intervals and the Pareto
// front.
FigureSection CostFigures(const ReportData& data);

}  // namespace skipbench
