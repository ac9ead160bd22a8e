// The one figure of a page's first screen.
#pragma once

#include <optional>

#include "harness/report/figures/figures.h"

namespace skipbench {

// Quality against cost of all settings: a panel for each full run, with axes in common, series named beside their
// points; the quality is the verdict's metric, the cost relative to the full run. `columns`: panels side by side, 1 or
// more. Nothing where no setting has both.
std::optional<Figure> OverviewFigure(const ReportData& data, int columns);

}  // namespace skipbench
