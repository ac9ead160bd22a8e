#include "tests/schedulers/conformance.h"

namespace skipbench {

SCHEDULER_EXAMPLES(DpmSolverMultistep, {"Order1", "dpm_solver_multistep", {{"solver_order", 1}}},
                   {"Default", "dpm_solver_multistep", Json::object()},
                   {"Heun", "dpm_solver_multistep", {{"solver_type", "heun"}, {"timestep_spacing", "leading"}}},
                   {"Threshold", "dpm_solver_multistep", {{"thresholding", true}}},
                   {"Order3", "dpm_solver_multistep", {{"solver_order", 3}, {"use_karras_sigmas", true}}},
                   {"Plain3",
                    "dpm_solver_multistep",
                    {{"solver_order", 3},
                     {"algorithm_type", "dpmsolver"},
                     {"final_sigmas_type", "sigma_min"},
                     {"thresholding", true}}},
                   {"Sde2", "dpm_solver_multistep", {{"algorithm_type", "sde-dpmsolver++"}}},
                   {"Sde3", "dpm_solver_multistep", {{"algorithm_type", "sde-dpmsolver++"}, {"solver_order", 3}}},
                   {"Flow",
                    "dpm_solver_multistep",
                    {{"use_flow_sigmas", true}, {"flow_shift", 3.0}, {"prediction_type", "flow_prediction"}}},
                   {"SdePlain",
                    "dpm_solver_multistep",
                    {{"algorithm_type", "sde-dpmsolver"}, {"final_sigmas_type", "sigma_min"}}});

}  // namespace skipbench
