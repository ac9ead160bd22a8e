// skipbench calibrate, for every criterion and order: the delta it prints gives, in a run, the NFE it says.
#include <numeric>
#include <regex>

#include "tests/cli/cli_support.h"

namespace skipbench {
namespace {

using testing::RunConfig;
using testing::Skipbench;
using testing::SmallConfig;
using testing::TempDir;
using testing::WriteFile;

TEST(Calibrate, FindsDeltasThatDoWhatTheySay) {
  const TempDir dir;
  Json config = SmallConfig(4, 20);
  config["metrics"] = Json::array();
  config["batch_invariant"] = true;
  config["group_size"] = 2;
  config["methods"] = {"full_step",
                       {{"type", "fewer_steps"}, {"steps", 5}},
                       {{"type", "adaptive_diffusion"}, {"max_skips", {4}}},
                       {{"type", "adaptive_diffusion"}, {"criterion", "tensor"}, {"norm", "l2"}},
                       {{"type", "adaptive_diffusion"}, {"scope", "group"}},
                       {{"type", "difference_order"}, {"order", {1, 2, 3}}, {"delta", 1}}};
  WriteFile(dir / "c.json", config.dump());
  const auto found = Skipbench(
      {"calibrate", (dir / "c.json").string(), "--nfe", "12", "--samples", "4", "--tolerance", "1.5", "--quiet"});
  ASSERT_EQ(found.exit_code, 0) << found.out << found.err;
  EXPECT_NE(found.out.find("fewer_steps(steps=5)\n    left alone      it declares no criterion with a threshold\n"),
            std::string::npos)
      << found.out;
  EXPECT_EQ(found.out.find("full_step"), std::string::npos) << found.out;
  std::vector<double> wanted;
  Json methods = Json::array();
  const std::regex nfe("NFE +([0-9.]+) of 20"), line("config +(\\{.*\\})");
  for (auto it = std::sregex_iterator(found.out.begin(), found.out.end(), nfe); it != std::sregex_iterator(); ++it)
    wanted.push_back(std::stod((*it)[1]));
  for (auto it = std::sregex_iterator(found.out.begin(), found.out.end(), line); it != std::sregex_iterator(); ++it)
    methods.push_back(ParseJson((*it)[1].str(), "out"));
  ASSERT_EQ(wanted.size(), 6u) << found.out;
  ASSERT_EQ(methods.size(), 6u);
  config["methods"] = methods;
  config["wave_size"] = 4;
  ASSERT_EQ(RunConfig(dir, config, "out").exit_code, 0);
  ResultReader reader = ResultReader::Open(dir / "out");
  for (size_t k = 0; k < 6; ++k) {  // setting 0 is the full run
    const auto counts = reader.Read<double>(k + 1, "nfe").values;
    EXPECT_NEAR(std::accumulate(counts.begin(), counts.end(), 0.0) / 4, wanted[k], 0.01)
        << reader.header().settings[k + 1].label;
    EXPECT_NEAR(wanted[k], 12, 1.5);
  }
}

TEST(Calibrate, SaysWhatCannotBe) {
  const TempDir dir;
  Json config = SmallConfig(2, 20);
  config["methods"] = {{{"type", "adaptive_diffusion"}, {"max_skips", 1}}};
  WriteFile(dir / "c.json", config.dump());
  const std::string file = (dir / "c.json").string();
  const auto expect = [&](std::vector<std::string> args, const std::string& message) {
    args.insert(args.begin(), "calibrate");
    args.push_back("--quiet");
    const auto result = Skipbench(args);
    EXPECT_EQ(result.exit_code, 3);
    EXPECT_NE((result.out + result.err).find(message), std::string::npos) << result.out << result.err;
  };
  expect({file, "--nfe", "5"}, "NOT REACHED  no delta predicts less than ");
  expect({file, "--nfe", "21"}, "a mean of 21 predictions is wanted, ddim with 20 steps makes 20 calls");
  expect({file}, "give one of --nfe, --speedup, --mag-ratios and --tea-cache");
  expect({file, "--nfe", "5", "--speedup", "2"}, "give one of --nfe, --speedup, --mag-ratios and --tea-cache");
  expect({file, "--speedup", "0.5"}, "--speedup: expected 1 or more, found 0.5");
  expect({file, "--nfe", "5", "--samples", "0"}, "--samples: expected 1 or more, found 0");
  expect({"--nfe", "5"}, "one config file was expected");
  config["methods"] = {{{"type", "full_step"}}};
  WriteFile(dir / "c.json", config.dump());
  expect(
      {file, "--nfe", "5"},
      "none of them has a threshold that could be calibrated:\n  full_step: it declares no criterion with a threshold");
}

}  // namespace
}  // namespace skipbench
