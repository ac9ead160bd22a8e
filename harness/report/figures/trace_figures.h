// Figures along the trajectory.
#pragma once

#include "harness/report/figures/figures.h"

namespace skipbench {

// How the latents and the noise predictions move along the trajectory, beside the paths; two samples under an adaptive
// setting; the latent's error call by call; how the differences go together with a searched path.
FigureSection TraceFigures(const ReportData& data);

}  // namespace skipbench
