#include "harness/schedulers/unipc_multistep.h"

#include <ATen/ATen.h>

#include "tests/schedulers/conformance.h"
#include "tests/support/fixtures.h"

namespace skipbench {

SCHEDULER_EXAMPLES(UniPcMultistep, {"Default", "unipc_multistep", Json::object()},
                   {"Order1", "unipc_multistep", {{"solver_order", 1}, {"timestep_spacing", "trailing"}}},
                   {"Order3", "unipc_multistep", {{"solver_order", 3}, {"disable_corrector", {0, 3}}}},
                   {"Bh1", "unipc_multistep", {{"solver_type", "bh1"}, {"final_sigmas_type", "sigma_min"}}},
                   {"Noise", "unipc_multistep", {{"predict_x0", false}, {"final_sigmas_type", "sigma_min"}}},
                   {"Karras", "unipc_multistep", {{"use_karras_sigmas", true}, {"prediction_type", "v_prediction"}}},
                   {"Flow",
                    "unipc_multistep",
                    {{"use_flow_sigmas", true}, {"flow_shift", 3.0}, {"prediction_type", "flow_prediction"}}},
                   {"FlowToTheEnd",
                    "unipc_multistep",
                    {{"use_flow_sigmas", true},
                     {"lower_order_final", false},
                     {"final_sigmas_type", "sigma_min"},
                     {"prediction_type", "flow_prediction"}}});

namespace {

// A step of length zero, at the end of flow sigmas with sigma_min, changes nothing.
TEST(UniPcMultistep, LastFlowStepOfNoLengthKeepsTheSample) {
  const auto scheduler = MakeScheduler("unipc_multistep", {},
                                       {{"use_flow_sigmas", true},
                                        {"prediction_type", "flow_prediction"},
                                        {"final_sigmas_type", "sigma_min"},
                                        {"disable_corrector", {0, 1, 2}}},
                                       4, "test");
  at::Tensor x = at::ones({1, 3});
  SchedulerState state;
  for (int call = 0; call < 4; ++call) {
    const StepResult next = scheduler->Step(x, at::sin(x), call, state, {});
    EXPECT_EQ(at::equal(next.sample, x), call == 3) << call;
    x = next.sample;
    state = next.state;
  }
}

TEST(UniPcMultistep, RefusesWhatIsNotFinite) {
  const auto make = [](Json options) { return MakeScheduler("unipc_multistep", {}, options, 10, "test"); };
  EXPECT_ERROR(make({{"solver_type", "bh1"}}),
               "final_sigmas_type: zero makes the last step infinite with solver_type bh1");
  EXPECT_ERROR(make({{"predict_x0", false}}),
               "final_sigmas_type: zero makes the last step infinite with predict_x0 false");
  EXPECT_ERROR(make({{"lower_order_final", false}}), "lower_order_final: false makes the last step infinite");
  EXPECT_ERROR(make({{"prediction_type", "flow_prediction"}}), "flow_prediction needs use_flow_sigmas");
  EXPECT_ERROR(make({{"use_flow_sigmas", true}, {"use_beta_sigmas", true}}), "use_flow_sigmas: cannot be true");
  EXPECT_ERROR(make({{"shift_terminal", 0.1}}), "shift_terminal: only with use_flow_sigmas");
  EXPECT_ERROR(MakeScheduler("unipc_multistep", {{"solver_p", {"diffusers", "DDIMScheduler"}}}, {}, 10, "model/x.json"),
               "another scheduler as the predictor is not supported");
}

}  // namespace
}  // namespace skipbench
