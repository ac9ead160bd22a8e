// Folders that today's libraries saved, in the program: which tokenizer and which timesteps are in force, and where
// from.
#include <gmock/gmock.h>

#include "tests/cli/cli_support.h"

namespace skipbench::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

class ResavedFolder : public ::testing::Test {
 protected:
  // The shipped model by links, but for the scheduler's config: PNDM's, with `changes`; null takes a key out.
  void MakeModel(const Json& changes) {
    const fs::path source = SourceDir() / "datasets/fashion_scenes/model", folder = dir_ / "model";
    fs::remove_all(folder);
    fs::create_directories(folder / "scheduler");
    for (const auto& entry : fs::directory_iterator(source))
      if (entry.path().filename() != "scheduler") fs::create_symlink(entry.path(), folder / entry.path().filename());
    Json config = ReadJsonFile(source / "scheduler/scheduler_config.json");
    config.merge_patch(changes);
    WriteFile(folder / "scheduler/scheduler_config.json", config.dump());
  }
  Json Config() const {
    Json config = SmallConfig(2, 4);
    config["pipeline"] = "model";
    config["scheduler"] = "euler";
    config["methods"] = {{{"type", "full_step"}}};
    return config;
  }
  TempDir dir_;
};

TEST_F(ResavedFolder, TheSpacingInForceIsNamedAndCompared) {
  MakeModel({{"timestep_spacing", nullptr}, {"steps_offset", 1}});
  EXPECT_THAT(RunConfig(dir_, Config(), "base", {"--dry-run"}).out,
              HasSubstr("scheduler   euler: timestep_spacing linspace (default of euler); starts at timestep 999\n"));
  ASSERT_EQ(RunConfig(dir_, Config(), "base").exit_code, 0);
  EXPECT_THAT(Skipbench({"table", (dir_ / "base").string()}).out,
              HasSubstr("- scheduler euler: timestep_spacing linspace (default of euler); starts at timestep 999."));
  const auto compare = [&](int exit_code) {
    EXPECT_EQ(RunConfig(dir_, Config(), "new", {"--overwrite"}).exit_code, 0);
    const ProcessResult result = Skipbench({"compare", (dir_ / "base").string(), (dir_ / "new").string()});
    EXPECT_EQ(result.exit_code, exit_code) << result.out << result.err;
    return result.out;
  };
  // Defaults spelled out that change nothing.
  MakeModel({{"timestep_spacing", nullptr},
             {"steps_offset", 1},
             {"use_karras_sigmas", false},
             {"interpolation_type", "linear"}});
  compare(0);
  // As diffusers spells PNDM's out.
  MakeModel({{"timestep_spacing", "leading"}, {"steps_offset", 1}});
  EXPECT_THAT(
      compare(4),
      HasSubstr(
          "timestep_spacing: linspace (default of euler) in BASE, leading (the model's scheduler_config.json) in NEW"));
  EXPECT_THAT(Skipbench({"doctor", (dir_ / "config.json").string()}).out,
              HasSubstr("scheduler   euler: timestep_spacing leading (the model's scheduler_config.json), steps_offset "
                        "1 (the model's "
                        "scheduler_config.json); starts at timestep 751\n"));
}

TEST_F(ResavedFolder, InfinityInTheSchedulersConfig) {
  MakeModel(Json::object());
  const fs::path file = dir_ / "model/scheduler/scheduler_config.json";
  std::string text = ReadFile(file);
  WriteFile(file, "{\"lambda_min_clipped\": -Infinity, " + text.substr(1));
  for (const char* scheduler : {"ddim", "dpm_solver_multistep"}) {
    Json config = Config();
    config["scheduler"] = scheduler;
    EXPECT_EQ(RunConfig(dir_, config, scheduler).exit_code, 0);
    EXPECT_EQ(RunConfig(dir_, config, scheduler, {"--resume"}).exit_code, 0);  // the results keep it
  }
  WriteFile(file, "{\"lambda_min_clipped\": Infinity, " + text.substr(1));
  Json config = Config();
  config["scheduler"] = "dpm_solver_multistep";
  EXPECT_THAT(RunConfig(dir_, config, "none").err,
              HasSubstr("scheduler_config.json: lambda_min_clipped: expected a number, found Infinity (a number)"));
}

TEST_F(ResavedFolder, DoctorNamesTheTokenizerUnderTheModel) {
  MakeModel(Json::object());
  RunConfig(dir_, Config(), "out", {"--dry-run"});
  const std::vector<std::string> doctor = {"doctor", (dir_ / "config.json").string()};
  EXPECT_THAT(Skipbench(doctor).out, HasSubstr("tokenizer: slow (CLIPTokenizer without ftfy: the default where there "
                                               "is a vocab.json), from tokenizer/vocab.json"));
  fs::remove(dir_ / "model/tokenizer");
  fs::create_directory(dir_ / "model/tokenizer");
  WriteFile(dir_ / "model/tokenizer/vocab.json", "{}");
  const ProcessResult missing = Skipbench(doctor);
  EXPECT_EQ(missing.exit_code, 3);
  EXPECT_THAT(missing.out, HasSubstr("MISSING  model: "));
  EXPECT_THAT(
      missing.out,
      HasSubstr("no tokenizer: expected vocab.json and merges.txt, or tokenizer.json; there is only vocab.json"));
  EXPECT_THAT(missing.out, Not(HasSubstr("MISSING  plan")));
}

TEST_F(ResavedFolder, TheFastTokenizerIsTheDefaultForTokenizerJson) {
  const fs::path model = FixtureRoot() / "resaved/models/sd15-tiny";
  if (!fs::exists(model)) GTEST_SKIP() << "no resaved fixtures";
  Json config = Config();
  config["pipeline"] = model.string();
  config["data"] = {{"type", "prompts"}, {"prompts", {"a red bus"}}};
  config["scheduler"] = nullptr;
  config["steps"] = 1;
  config["metrics"] = Json::array();
  ASSERT_EQ(RunConfig(dir_, config, "out").exit_code, 0);
  EXPECT_EQ(ResultReader::Open(dir_ / "out").header().expanded_config["tokenizer"], "fast");
  EXPECT_THAT(Skipbench({"doctor", (dir_ / "config.json").string()}).out,
              HasSubstr("tokenizer: fast (CLIPTokenizerFast: the default where there is no vocab.json), from "
                        "tokenizer/tokenizer.json"));
  config["tokenizer"] = "slow";
  ASSERT_EQ(RunConfig(dir_, config, "slow").exit_code, 0);
  EXPECT_EQ(ResultReader::Open(dir_ / "slow").header().expanded_config["tokenizer"], "slow");
}

}  // namespace
}  // namespace skipbench::testing
