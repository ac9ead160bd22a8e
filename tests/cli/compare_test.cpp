// `skipbench compare` on real runs: a clean rerun passes, damage is found, and what cannot be compared says why.
#include <random>

#include "tests/cli/cli_support.h"
#include "tests/store/python.h"

namespace skipbench {
namespace {

using testing::Contains;
using testing::RunConfig;
using testing::Skipbench;
using testing::SmallConfig;
using testing::TempDir;

class CompareCommand : public ::testing::Test {
 protected:
  static Json Config() {
    Json config = SmallConfig(4, 12);
    config["wave_size"] = 4;
    return config;
  }
  void SetUp() override { ASSERT_EQ(RunConfig(dir_, Config(), "base").exit_code, 0); }
  void Run(const Json& config) {
    const auto run = RunConfig(dir_, config, "new", {"--overwrite"});
    ASSERT_EQ(run.exit_code, 0) << run.err;
  }
  testing::ProcessResult Compare(std::vector<std::string> more = {}) {
    // Edited results are read only on request.
    std::vector<std::string> args = {"compare", (dir_ / "base").string(), (dir_ / "new").string(), "--unchecked"};
    args.insert(args.end(), more.begin(), more.end());
    return Skipbench(args);
  }
  void Expect(int exit_code, const std::string& text, const std::vector<std::string>& more = {}) {
    const auto compare = Compare(more);
    EXPECT_EQ(compare.exit_code, exit_code) << compare.out << compare.err;
    EXPECT_TRUE(Contains(exit_code == 3 ? compare.err : compare.out, text)) << "wanted: " << text << "\n"
                                                                            << compare.out << compare.err;
  }
  // Gives the setting with this max_skips in NEW the name and the parameters of the one with 4.
  void Relabel(int max_skips) {
    testing::EditResults(fmt::format(R"(
  s = f["settings/1"].attrs
  for key in ("label", "parameters"):
    s[key] = s[key].replace("max_skips={0}", "max_skips=4").replace('"max_skips":{0}', '"max_skips":4')
)",
                                     max_skips),
                         dir_ / "new/results.h5");
  }
  TempDir dir_;
};

TEST_F(CompareCommand, RerunsShardsAndSubsets) {
  Run(Config());
  Expect(0, "skipbench compare: no regression");
  const auto json = Compare({"--format", "json"});
  EXPECT_EQ(ParseJson(json.out, "json")["verdict"], "no regression");
  Json some = Config();
  some["data"]["count"] = 3;
  Run(some);
  Expect(0, "3 in both, 1 in BASE only");
  ASSERT_EQ(RunConfig(dir_, Config(), "s0", {"--shard", "0/2"}).exit_code, 0);
  ASSERT_EQ(RunConfig(dir_, Config(), "s1", {"--shard", "1/2"}).exit_code, 0);
  const auto shards =
      Skipbench({"compare", (dir_ / "base").string(), "--new", (dir_ / "s0").string(), (dir_ / "s1").string()});
  EXPECT_EQ(shards.exit_code, 0) << shards.out << shards.err;
  EXPECT_TRUE(Contains(shards.out, "4 in both\n")) << shards.out;
}

// Different runs stand side by side; parts of one are joined as ever.
TEST_F(CompareCommand, TablesSideBySide) {
  Json other = Config();
  other["steps"] = 10;
  Run(other);
  const auto both = Skipbench({"table", (dir_ / "base").string(), (dir_ / "new").string()});
  ASSERT_EQ(both.exit_code, 0) << both.err;
  EXPECT_TRUE(Contains(both.out, "| setting ")) << both.out;
  EXPECT_TRUE(Contains(both.out, "| base ")) << both.out;
  EXPECT_TRUE(Contains(both.out, "| new ")) << both.out;
  EXPECT_TRUE(Contains(both.out,
                       "base (BASE) and new (NEW) have rows that are called the same and are not: full_step: steps: 12 "
                       "in BASE, 10 in NEW (and "))
      << both.out;
  const auto narrow =
      Skipbench({"table", (dir_ / "base").string(), (dir_ / "new").string(), "--format", "text", "--width", "60"});
  std::istringstream lines(narrow.out);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 60u) << line;
  const auto none = Skipbench({"table", (dir_ / "base").string(), "--filter", "nfe<0", "--format", "csv"});
  EXPECT_TRUE(Contains(none.err, "no setting passes the filter")) << none.err;
  const auto csv = Skipbench({"table", (dir_ / "base").string(), (dir_ / "new").string(), "--format", "csv"});
  EXPECT_TRUE(csv.out.starts_with("result,setting,type,")) << csv.out;
  EXPECT_TRUE(Contains(csv.out, "\nnew,full_step,")) << csv.out;
  ASSERT_EQ(RunConfig(dir_, Config(), "s0", {"--shard", "0/2"}).exit_code, 0);
  ASSERT_EQ(RunConfig(dir_, Config(), "s1", {"--shard", "1/2"}).exit_code, 0);
  const auto parts = Skipbench({"table", (dir_ / "s0").string(), (dir_ / "s1").string(), "--format", "csv"});
  EXPECT_TRUE(parts.out.starts_with("setting,type,")) << parts.out;
  const auto html = Skipbench({"table", (dir_ / "base").string(), "--format", "html"});
  EXPECT_TRUE(html.out.starts_with("<!DOCTYPE html>")) << html.err;
  const auto parquet = Skipbench({"table", (dir_ / "base").string(), "--format", "parquet"});
  EXPECT_EQ(parquet.exit_code, 3);
  EXPECT_TRUE(Contains(parquet.err, "python3 -m skipbench.parquet ")) << parquet.err;
}

TEST_F(CompareCommand, AllowedAndRenamed) {
  Json other = Config();
  other["steps"] = 10;
  Run(other);
  Expect(4, "steps: 12 in BASE, 10 in NEW");
  const auto allowed = Skipbench({"compare", (dir_ / "base").string(), (dir_ / "new").string(), "--allow", "steps"});
  EXPECT_NE(allowed.exit_code, 4) << allowed.out;
  EXPECT_TRUE(Contains(allowed.out, "- allowed: full_step: steps: 12 in BASE, 10 in NEW")) << allowed.out;
  Expect(3, "--allow: expected some of dtype,model,guidance,steps, found \"step\"", {"--allow", "step"});
  Expect(3, "NEW has no setting full_stop", {"--map", "full_step=full_stop"});
  Expect(3, "expected OLD=NEW with the label of a setting of BASE", {"--map", "full_step"});
}

TEST_F(CompareCommand, WhatCannotBeCompared) {
  Json other = Config();
  other["seed"] = 8;
  Run(other);
  Expect(4, "not comparable: other seed: 7 in BASE, 8 in NEW");
  other = Config();
  other["steps"] = 10;
  Run(other);
  Expect(4, "steps: 12 in BASE, 10 in NEW");
  Expect(3, "a limit is given for lpips, which BASE has not measured; it has:", {"--max-worse", "lpips=0.1"});
  Expect(3, "--max-worse psnr: expected METRIC=LIMIT", {"--max-worse", "psnr"});
  Expect(3, "--max-slowdown: expected a number of at least 1", {"--max-slowdown", "0.5"});
  Expect(3, "expected BASE and NEW", {"third"});
  EXPECT_EQ(Skipbench({"compare", (dir_ / "base").string(), (dir_ / "nowhere").string()}).exit_code, 3);
  EXPECT_EQ(Skipbench({"compare", (dir_ / "base").string()}).exit_code, 3);
}

// A safetensors file with one float32 tensor.
void WriteTensor(const std::filesystem::path& path, const std::string& name, const std::vector<int64_t>& shape,
                 const std::vector<float>& values) {
  const std::string header =
      Json{{name, {{"dtype", "F32"}, {"shape", shape}, {"data_offsets", {0, values.size() * 4}}}}}.dump();
  const uint64_t size = header.size();
  std::string file(reinterpret_cast<const char*>(&size), 8);
  file += header;
  file.append(reinterpret_cast<const char*>(values.data()), values.size() * 4);
  testing::WriteFile(path, file);
}

// A build that draws the scheduler's noise one step late: every setting moves alike, so its metrics against the full
// run hardly do; the pictures tell.
TEST_F(CompareCommand, NoiseThatIsOffByOneStep) {
  constexpr int64_t kCalls = 12, kRow = 4 * 16 * 16;
  std::mt19937_64 random(1);
  std::normal_distribution<float> normal;
  std::vector<float> initial(4 * kRow), draws(kCalls * 4 * kRow);
  for (float& value : initial) value = normal(random);
  for (float& value : draws) value = normal(random);
  Json config = Config();
  config["scheduler"] = {{"type", "dpm_solver_multistep"}, {"algorithm_type", "sde-dpmsolver++"}};
  config["noise"] = {
      {"source", "file"}, {"path", "initial.safetensors"}, {"step_noise", {{"path", "draws.safetensors"}}}};
  WriteTensor(dir_ / "initial.safetensors", "noise", {4, 4, 16, 16}, initial);
  WriteTensor(dir_ / "draws.safetensors", "step_noise", {kCalls, 4, 4, 16, 16}, draws);
  ASSERT_EQ(RunConfig(dir_, config, "base", {"--overwrite"}).exit_code, 0);
  Run(config);
  Expect(0, "no regression");
  std::rotate(draws.begin(), draws.begin() + 4 * kRow, draws.end());
  WriteTensor(dir_ / "draws.safetensors", "step_noise", {kCalls, 4, 4, 16, 16}, draws);
  Run(config);
  Expect(1, "full_step: the full run makes other pictures of the same noise");
}

// Pictures of another distribution under the name of the right one: metrics of whole sets tell, also on some of the
// samples.
TEST_F(CompareCommand, MetricsOfWholeSets) {
  SKIP_WITHOUT_H5PY();
  Json config = SmallConfig(16, 20);
  config["wave_size"] = 16;
  config["batch_size"] = 16;
  config["methods"] = {{{"type", "full_step"}}, {{"type", "adaptive_diffusion"}, {"delta", 0.05}, {"max_skips", 4}}};
  config["metrics"] = {"fd_fashion", "prc_fashion"};
  ASSERT_EQ(RunConfig(dir_, config, "base", {"--overwrite"}).exit_code, 0);
  Run(config);
  Expect(0, "fd_fashion (data) |");
  Json some = config;
  some["data"]["count"] = 10;
  Run(some);
  Expect(0, "10 in both, 6 in BASE only");
  some["data"]["count"] = 5;
  some["metric_reference"] = "others";
  std::filesystem::create_directory(dir_ / "others");
  for (const char* name : {"000003.png", "000004.png", "000005.png", "000006.png"})
    std::filesystem::copy_file(testing::SourceDir() / "datasets/fashion_scenes/images" / name, dir_ / "others" / name);
  Run(some);
  Expect(4, "not comparable: full_step: fd_fashion (data): other reference data: ");
  config["methods"][1]["max_skips"] = 0;
  config["methods"][1]["delta"] = 5;
  Run(config);
  testing::EditResults(R"py(
  s = f["settings/1"]
  s.attrs["label"] = "adaptive_diffusion(delta=0.05,max_skips=4)"
  s.attrs["parameters"] = s.attrs["parameters"].replace('"delta":5', '"delta":0.05').replace('"max_skips":0', '"max_skips":4')
)py",
                       dir_ / "new/results.h5");
  Expect(1, "regression: adaptive_diffusion(delta=0.05,max_skips=4): fd_fashion (reference) is worse");
  // Whatever the limit: savings that are paid for in quality are none.
  Expect(1, "fd_fashion (reference) is worse, with fewer evaluations", {"--max-worse", "fd_fashion=1e6"});
  Expect(
      3,
      "a limit is given for fid, which BASE has not measured; it has: fd_fashion, prc_fashion, prc_fashion precision",
      {"--max-worse", "fid=1"});
}

// A build that takes another Cmax than it says, and one whose network has become slower: results of other settings
// under the names of the right ones.
TEST_F(CompareCommand, WrongCmaxAndSlowerNetwork) {
  SKIP_WITHOUT_H5PY();
  Json config = SmallConfig(6, 50);  // enough samples for an interval that says which way
  config["wave_size"] = 6;
  config["methods"] = {{{"type", "full_step"}}, {{"type", "adaptive_diffusion"}, {"delta", 0.05}, {"max_skips", 4}}};
  config["latency"] = {{"samples", 1}, {"repeats", 3}};
  ASSERT_EQ(RunConfig(dir_, config, "base", {"--overwrite"}).exit_code, 0);
  for (const int wrong : {3, 5}) {
    config["methods"][1]["max_skips"] = wrong;
    Run(config);
    Expect(4, "NEW has no such setting");
    Relabel(wrong);
    Expect(1, "adaptive_diffusion(delta=0.05,max_skips=4)");
  }
  config["methods"][1]["max_skips"] = 4;
  Run(config);
  Expect(0, "no regression", {"--max-slowdown", "3"});
  testing::EditResults(R"(
  for record in f["latency"].values():
    record["stages/total"][...] *= 10
)",
                       dir_ / "new/results.h5");
  Expect(0, "no regression");
  Expect(1, "latency is worse", {"--max-slowdown", "3"});
}

}  // namespace
}  // namespace skipbench
