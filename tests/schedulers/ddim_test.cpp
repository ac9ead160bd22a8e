#include "tests/schedulers/conformance.h"

namespace skipbench {

SCHEDULER_EXAMPLES(
    Ddim, {"NoClip", "ddim", {{"clip_sample", false}}},
    {"Clipped", "ddim", {{"prediction_type", "v_prediction"}, {"timestep_spacing", "trailing"}}},
    {"Eta", "ddim", {{"eta", 1.0}}},
    {"Threshold", "ddim", {{"thresholding", true}, {"sample_max_value", 1.5}, {"eta", 0.5}}},
    {"ZeroSnr",
     "ddim",
     {{"rescale_betas_zero_snr", true}, {"prediction_type", "v_prediction"}, {"timestep_spacing", "trailing"}}},
    {"Sample", "ddim", {{"prediction_type", "sample"}}});

}  // namespace skipbench
