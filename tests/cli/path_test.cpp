// skipbench path: skip paths out of results for other programs, and theirs as methods of a config.
#include <gmock/gmock.h>

#include "tests/cli/cli_support.h"

namespace skipbench {
namespace {

using ::testing::HasSubstr;
using testing::ReadFile;
using testing::RunConfig;
using testing::Skipbench;
using testing::SmallConfig;
using testing::TempDir;
using testing::WriteFile;

// Three samples of seven calls: searched paths of each, one that is given, an adaptive one, and a shallow one.
Json PathConfig() {
  Json config = SmallConfig(3, 7);
  config["metrics"] = {"psnr"};
  config["methods"] = {{{"type", "full_step"}},
                       {{"type", "fixed_path"}, {"mask", {1, 1, 0, 1, 0, 0, 1}}, {"name", "given"}},
                       {{"type", "greedy_search"}, {"skips", 3}},
                       {{"type", "deepcache"}, {"interval", 2}},
                       {{"type", "interval"}, {"interval", 3}}};
  return config;
}

class PathCommand : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    dir_ = new TempDir;
    const auto run = RunConfig(*dir_, PathConfig(), "out");
    ASSERT_EQ(run.exit_code, 0) << run.err;
  }
  static void TearDownTestSuite() {
    delete dir_;
    dir_ = nullptr;
  }
  static std::string Out() { return (*dir_ / "out").string(); }
  static testing::ProcessResult Export(std::vector<std::string> more) {
    more.insert(more.begin(), {"path", "export", Out()});
    return Skipbench(more);
  }
  static void Refused(const std::vector<std::string>& args, const std::string& text) {
    const auto result = Skipbench(args);
    EXPECT_EQ(result.exit_code, 3) << text;
    EXPECT_THAT(result.err, HasSubstr(text));
  }
  static inline TempDir* dir_ = nullptr;
};

TEST_F(PathCommand, ThereAndBack) {
  for (const std::string format : {"json", "diffusers"}) {
    const std::string file = (*dir_ / ("path." + format)).string();
    const auto written = Export({"--setting", "given", "--format", format, "--out", file});
    EXPECT_EQ(written.exit_code, 0) << written.err;
    EXPECT_EQ(written.out, "path: " + file + "\n");
    EXPECT_THAT(ReadFile(file), HasSubstr("of all 3 samples"));
    const auto read = Skipbench({"path", "import", file, "--steps", "7"});
    EXPECT_EQ(read.out, "{\"type\": \"fixed_path\", \"mask\": [1, 1, 0, 1, 0, 0, 1], \"name\": \"path of given\"}\n")
        << read.err;
  }
  // The entry serves as it stands.
  Json config = PathConfig();
  const auto entry = Skipbench({"path", "import", (*dir_ / "path.json").string(), "--name", "again"});
  config["methods"] = {{{"type", "full_step"}}, Json::parse(entry.out)};
  ASSERT_EQ(RunConfig(*dir_, config, "again").exit_code, 0);
  const ResultReader first = ResultReader::Open(*dir_ / "out"), again = ResultReader::Open(*dir_ / "again");
  EXPECT_EQ(again.header().settings[1].label, "again");
  EXPECT_EQ(again.Read<uint8_t>(1, "action").values, first.Read<uint8_t>(1, "action").values);
}

TEST_F(PathCommand, SearchedPathsOfASampleAndOfTheMajority) {
  const std::string label = "greedy_search(skips=3)";
  const auto ids = [] {
    std::vector<int64_t> ids;
    const ResultReader result = ResultReader::Open(*dir_ / "out");
    for (const auto& sample : result.samples()) ids.push_back(sample.id);
    return ids;
  }();
  const auto ran = ResultReader::Open(*dir_ / "out").Read<uint8_t>(2, "action").values;
  for (size_t s = 0; s < ids.size(); ++s) {
    const auto one = Export({"--setting", label, "--sample", std::to_string(ids[s]), "--format", "json"});
    ASSERT_EQ(one.exit_code, 0) << one.err;
    const Json json = Json::parse(one.out);
    const auto begin = ran.begin() + static_cast<std::ptrdiff_t>(s) * 7;
    EXPECT_EQ(json["mask"].get<std::vector<uint8_t>>(), std::vector<uint8_t>(begin, begin + 7));
    EXPECT_EQ(json["whose"], fmt::format("of sample {}", ids[s]));
    // Out of the search's family the same, and shorter ones.
    const auto searched =
        Export({"--setting", label, "--skips", "3", "--sample", std::to_string(ids[s]), "--format", "json"});
    EXPECT_EQ(Json::parse(searched.out)["mask"], json["mask"]) << searched.err;
    const auto shorter =
        Export({"--setting", label, "--skips", "1", "--sample", std::to_string(ids[s]), "--format", "json"});
    EXPECT_EQ(Json::parse(shorter.out)["predictions"], 6) << shorter.err;
    EXPECT_EQ(Json::parse(shorter.out)["setting"], label + ", its search at 1 skips");
  }
  const auto majority = Export({"--setting", label, "--majority", "--format", "json"});
  ASSERT_EQ(majority.exit_code, 0) << majority.err;
  const Json json = Json::parse(majority.out);
  for (size_t call = 0; call < 7; ++call) {
    const int votes = (ran[call] == 1) + (ran[7 + call] == 1) + (ran[14 + call] == 1);
    EXPECT_EQ(json["mask"][call], votes >= 2 ? 1 : 0) << call;
  }
  Refused({"path", "export", Out(), "--setting", label, "--skips", "5", "--sample", std::to_string(ids[0]), "--format",
           "json"},
          "the search went up to 3 skips");
  Refused({"path", "export", Out(), "--setting", label, "--sample", "99999", "--format", "json"},
          label + ": holds no path of sample 99999; it has those of");
}

TEST_F(PathCommand, ShallowCallsAreSkipsOnlyWhereThatIsAskedFor) {
  const std::string label = "deepcache(interval=2,branch=0)";
  Refused(
      {"path", "export", Out(), "--setting", label, "--format", "diffusers"},
      "of 7 calls 3 run a part of the network and 0 make a weighted sum of earlier outputs; a path for diffusers has "
      "no such calls; --as-skips exports them");
  const auto skips = Export({"--setting", label, "--as-skips", "--format", "json"});
  EXPECT_EQ(Json::parse(skips.out)["mask"], Json::parse("[1, 0, 1, 0, 1, 0, 1]")) << skips.err;
  EXPECT_THAT(skips.err, HasSubstr("3 calls ran a part of the network in skipbench"));
}

TEST_F(PathCommand, BadInput) {
  Refused({"path"}, "skipbench path: expected export or import");
  Refused({"path", "exprot"}, "found \"exprot\"; did you mean \"export\"?");
  Refused({"path", "export", Out()}, "skipbench path export: --format cache-dit, diffusers or json was expected");
  Refused({"path", "export", Out(), "--format", "yaml"},
          "skipbench path export: --format: expected cache-dit, diffusers "
          "or json, found \"yaml\"");
  Refused({"path", "export", Out(), "--format", "json"},
          "has 4 settings besides the reference; --setting LABEL must say");
  Refused({"path", "export", Out(), "--setting", "givn", "--format", "json"}, "did you mean \"given\"?");
  Refused({"path", "export", Out(), "--setting", "given", "--sample", "1", "--majority", "--format", "json"},
          "--sample and --majority exclude each other");
  Refused({"path", "export", Out(), "--setting", "given", "--skips", "2", "--format", "json"},
          "given searched for no paths");
  Refused({"path", "export", Out(), "--setting", "given", "--format", "cache-dit"},
          "cache-dit 1.5.3 caches the blocks of transformers, and this model has a U-Net");
  Refused({"path", "export", (*dir_ / "nothing").string(), "--format", "json"}, "nothing: no such result");
  const std::string mask = (*dir_ / "mask").string();
  WriteFile(mask, "[1, 0, 1]");
  Refused({"path", "import", mask, "--steps", "4"},
          mask + ": the mask has 3 entries, one a scheduler call; --steps says 4");
  Refused({"path", "import", mask + ".none"}, ".none");
  WriteFile(mask, "[0, 1]");
  Refused({"path", "import", mask}, mask + ": the first call must run the network (entry 0 must be 1)");
}

TEST_F(PathCommand, TheTableNamesStaticPaths) {
  const auto table = Skipbench({"table", Out()});
  EXPECT_THAT(table.out, HasSubstr("NFE*: interval(interval=3"));
  EXPECT_THAT(table.out, HasSubstr("is static: the same path for all 3 samples: 1001001; the best path of as many "
                                   "predictions to set beside it: {\"type\": \"greedy_search\", \"skips\": 4}."));
  EXPECT_THAT(table.out, ::testing::Not(HasSubstr("given is static")));
}

}  // namespace
}  // namespace skipbench
