// Figures of skip paths.
#pragma once

#include "harness/report/figures/figures.h"

namespace skipbench {

// Which calls predict: shares over the samples for every setting, and sample by sample.
FigureSection PathFigures(const ReportData& data);
// How many predictions are skipped: a histogram over the samples, for every setting that decides.
FigureSection SkipHistograms(const ReportData& data);

}  // namespace skipbench
