// Using the last output again is, under a solver of first order, sampling on the sub-grid of the predicted timesteps:
// the steps between two predictions add up to one. Under DPM-Solver++ it is not: its history sees repeated outputs.
#include "harness/schedulers/catalog.h"
#include "methods/fixed_path/fixed_path.h"
#include "methods/full_step/full_step.h"
#include "tests/sampling/fake_run.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

using testing::FakeDenoiser;
using testing::kShape;

constexpr int64_t kSamples = 2;
constexpr double kRounding = 1e-5;

at::Tensor Final(const Scheduler& scheduler, const Method& method) {
  const auto source = CounterNoise(5);
  std::vector<std::unique_ptr<NoiseStream>> streams;
  std::vector<TreeSample> samples;
  for (int64_t s = 0; s < kSamples; ++s) {
    streams.push_back(source->Open(s, s, kShape));
    samples.push_back({s, streams.back().get()});
  }
  FakeDenoiser denoiser;
  const TreeResult result = RunTree(scheduler, denoiser, samples, {&method}, kShape, at::kFloat, at::kCPU, {});
  std::vector<at::Tensor> latents;
  for (const auto& record : result.records[0]) latents.push_back(record.final_latent);
  return at::stack(latents);
}

struct Case {
  const char* type;
  Json options;
};

// How far a run that predicts every second call of 10 is from the full run of 5 steps, whose timesteps are the same.
double OfEverySecond(const Case& c) {
  const auto fine = MakeScheduler(c.type, Json::object(), c.options, 10, "test"),
             coarse = MakeScheduler(c.type, Json::object(), c.options, 5, "test");
  Mask mask;
  for (int call = 0; call < 10; ++call) {
    mask.push_back(call % 2 == 0);
    if (call % 2 == 0) EXPECT_NEAR(fine->timestep(call), coarse->timestep(call / 2), 1e-3) << c.type;
  }
  return testing::RelativeDiff(Final(*fine, *MakeFixedPath(mask, "every second")), Final(*coarse, *MakeFullStep()));
}

TEST(SubGrid, ReuseUnderEulerOfFlowMatchingIsTheSubGrid) {
  for (const double shift : {1.0, 3.0})
    EXPECT_LE(OfEverySecond({"flow_match_euler", {{"shift", shift}, {"sigma_ramp", true}}}), kRounding) << shift;
  // Any path, not only an even one.
  constexpr int kSteps = 12;
  const Mask mask = {true, true, false, false, true, false, true, false, false, false, true, true};
  Json sigmas = Json::array();
  for (int call = 0; call < kSteps; ++call)
    if (mask[static_cast<size_t>(call)]) sigmas.push_back(1 - static_cast<double>(call) / kSteps);
  const auto fine =
      MakeScheduler("flow_match_euler", Json::object(), {{"shift", 2.5}, {"sigma_ramp", true}}, kSteps, "test");
  const auto coarse = MakeScheduler("flow_match_euler", Json::object(), {{"shift", 2.5}, {"sigmas", sigmas}},
                                    static_cast<int>(sigmas.size()), "test");
  EXPECT_LE(testing::RelativeDiff(Final(*fine, *MakeFixedPath(mask, "some")), Final(*coarse, *MakeFullStep())),
            kRounding);
}

TEST(SubGrid, ReuseUnderDdimIsTheSubGrid) {
  Json options = {{"timestep_spacing", "trailing"}, {"clip_sample", false}, {"eta", 0.0}};
  EXPECT_LE(OfEverySecond({"ddim", options}), kRounding);
  options["prediction_type"] = "v_prediction";  // what is used again is v, not the noise
  EXPECT_GT(OfEverySecond({"ddim", options}), 1e-3);
}

TEST(SubGrid, ReuseUnderDpmSolverIsNot) {
  const Json flow = {{"use_flow_sigmas", true}, {"prediction_type", "flow_prediction"}, {"flow_shift", 1.0}};
  EXPECT_GT(OfEverySecond({"dpm_solver_multistep", flow}), 1e-3);
  Json first = flow;
  first["solver_order"] = 1;  // without a history it is Euler's method
  EXPECT_LE(OfEverySecond({"dpm_solver_multistep", first}), 1e-3);
}

}  // namespace
}  // namespace skipbench
