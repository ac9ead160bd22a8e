// "traces": true puts the differences of every call and the latent error into the results.
#include <cmath>

#include "tests/cli/cli_support.h"

namespace skipbench {
namespace {

using testing::RunConfig;
using testing::SmallConfig;
using testing::TempDir;

TEST(Traces, AreInTheResultsAndAgreeWithWhatElseIsThere) {
  const TempDir dir;
  Json config = SmallConfig(2, 12);
  config["metrics"] = {"latent_error"};
  ASSERT_EQ(RunConfig(dir, config, "without").exit_code, 0);
  config["traces"] = true;
  const auto run = RunConfig(dir, config, "with");
  ASSERT_EQ(run.exit_code, 0) << run.err;
  ResultReader plain = ResultReader::Open(dir / "without"), traced = ResultReader::Open(dir / "with");
  for (size_t k = 0; k < traced.header().settings.size(); ++k) {
    SCOPED_TRACE(traced.header().settings[k].label);
    EXPECT_EQ(plain.FindColumn(k, "traces/latent_error_l2"), nullptr);
    EXPECT_EQ(plain.Read<double>(k, "action").values, traced.Read<double>(k, "action").values);
    const auto error = traced.Read<double>(k, "traces/latent_error_l2"),
               relative = traced.Read<double>(k, "traces/latent_error_l2_relative");
    const auto metric = traced.Read<double>(k, "latent_l2"),
               metric_relative = traced.Read<double>(k, "latent_l2_relative");
    const auto first = traced.Read<double>(k, "traces/latent_difference_1"),
               second = traced.Read<double>(k, "traces/latent_relative_2");
    const auto noise = traced.Read<double>(k, "traces/prediction_difference_1"),
               action = traced.Read<double>(k, "action");
    const int64_t calls = traced.header().settings[k].calls;
    ASSERT_EQ(error.shape, (std::vector<int64_t>{2, calls}));
    for (int64_t s = 0; s < 2; ++s) {
      const auto at = [&](const Array<double>& a, int64_t call) { return a.values[s * calls + call]; };
      if (traced.header().settings[k].type == "fewer_steps") {
        EXPECT_TRUE(std::isnan(at(error, calls - 1)));
      } else {
        EXPECT_NEAR(at(error, calls - 1), metric.values[s], 1e-9);
        EXPECT_NEAR(at(relative, calls - 1), metric_relative.values[s], 1e-9);
      }
      EXPECT_TRUE(std::isnan(at(first, 0)) && std::isnan(at(second, 1)));
      EXPECT_GT(at(first, 1), 0);
      EXPECT_GT(at(second, 2), 0);
      for (int64_t call = 1; call < calls; ++call) EXPECT_EQ(at(noise, call) == 0, at(action, call) == 0) << call;
    }
    if (traced.header().settings[k].type == "adaptive_diffusion") {
      EXPECT_NE(traced.FindColumn(k, "traces/criterion"), nullptr);
    }
    EXPECT_EQ(traced.FindColumn(k, "traces/latent_error_l2")->axes, (std::vector<std::string>{"sample", "call"}));
  }
}

}  // namespace
}  // namespace skipbench
