// Figures of estimated against searched paths.
#pragma once

#include "harness/report/figures/figures.h"

namespace skipbench {

// Estimated skip paths against searched ones, over the number of skips: error, chi-square, p, kappa, and the paths.
FigureSection StudyFigures(const ReportData& data);

}  // namespace skipbench
