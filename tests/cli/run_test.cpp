#include "tests/cli/cli_support.h"

#include <filesystem>
#include <random>

namespace skipbench {
namespace {

using testing::Differences;
using testing::RunConfig;
using testing::Skipbench;
using testing::SmallConfig;
using testing::TempDir;

TEST(Run, WritesResultsAndPrintsATable) {
  const TempDir dir;
  const auto run = RunConfig(dir, SmallConfig(), "out");
  ASSERT_EQ(run.exit_code, 0) << run.err;
  for (const char* text : {"full_step", "adaptive_diffusion(delta=0.05,max_skips=4)", "fewer_steps(steps=5)"})
    EXPECT_NE(run.out.find(text), std::string::npos) << run.out;
  EXPECT_TRUE(std::filesystem::exists(dir / "out/results.h5"));
  const auto table = Skipbench({"table", (dir / "out").string(), "--format", "json"});
  ASSERT_EQ(table.exit_code, 0) << table.err;
  EXPECT_NO_THROW(ParseJson(table.out, "table"));
  for (const char* format : {"markdown", "latex", "csv"})
    EXPECT_EQ(Skipbench({"table", (dir / "out").string(), "--format", format}).exit_code, 0);
  // A second run must not touch what is there unless it is told to.
  const auto again = RunConfig(dir, SmallConfig(), "out");
  EXPECT_EQ(again.exit_code, 3);
  EXPECT_NE(again.err.find("--resume"), std::string::npos) << again.err;
  EXPECT_EQ(RunConfig(dir, SmallConfig(), "out", {"--overwrite"}).exit_code, 0);
}

TEST(Run, DoesNotDependOnTheBatch) {
  const TempDir dir;
  Json config = SmallConfig(5);
  config["save"] = {"latents"};
  ASSERT_EQ(RunConfig(dir, config, "one").exit_code, 0);
  config["wave_size"] = 5;
  config["batch_size"] = 3;
  ASSERT_EQ(RunConfig(dir, config, "three").exit_code, 0);
  // PSNR of nearly equal pictures reacts to a single rounded value; the latents themselves are compared tightly below.
  ResultReader a = ResultReader::Open(dir / "one"), b = ResultReader::Open(dir / "three");
  for (size_t k = 0; k < a.header().settings.size(); ++k) {
    EXPECT_EQ(a.Read<double>(k, "action").values, b.Read<double>(k, "action").values);
    const auto u = a.Read<double>(k, "latents").values, v = b.Read<double>(k, "latents").values;
    for (size_t i = 0; i < u.size(); ++i) ASSERT_NEAR(u[i], v[i], 2e-4);
  }
  config["batch_invariant"] = true;
  ASSERT_EQ(RunConfig(dir, config, "exact_three").exit_code, 0);
  config["batch_size"] = 1;
  config["wave_size"] = 2;
  ASSERT_EQ(RunConfig(dir, config, "exact_one").exit_code, 0);
  EXPECT_EQ(Differences(dir / "exact_one", dir / "exact_three"), "");
}

// The same samples in other company: a later offset must give the same trajectories.
TEST(Run, DoesNotDependOnTheOtherSamples) {
  const TempDir dir;
  Json config = SmallConfig(5);
  config["batch_invariant"] = true;
  config["save"] = {"latents"};
  ASSERT_EQ(RunConfig(dir, config, "all").exit_code, 0);
  config["data"]["offset"] = 3;
  config["data"]["count"] = 2;
  ASSERT_EQ(RunConfig(dir, config, "tail").exit_code, 0);
  ResultReader all = ResultReader::Open(dir / "all"), tail = ResultReader::Open(dir / "tail");
  ASSERT_EQ(tail.samples()[0].id, all.samples()[3].id);
  for (size_t k = 0; k < all.header().settings.size(); ++k) {
    const auto u = all.Read<float>(k, "latents").values, v = tail.Read<float>(k, "latents").values;
    EXPECT_TRUE(std::equal(v.begin(), v.end(), u.begin() + static_cast<std::ptrdiff_t>(u.size() / 5 * 3)));
  }
}

TEST(Run, KilledAtAnyMomentItLosesAtMostTheWaveInFlightAndResumes) {
  const TempDir dir;
  Json config = SmallConfig(6);
  config["batch_invariant"] = true;
  ASSERT_EQ(RunConfig(dir, config, "whole").exit_code, 0);
  std::mt19937 random(11);
  for (int round = 0; round < 4; ++round) {
    const std::string out = fmt::format("killed{}", round);
    size_t before = 0;
    for (int attempt = 0; attempt < 40; ++attempt) {
      const int after = 150 + static_cast<int>(random() % 700);
      const auto run = RunConfig(
          dir, config, out,
          std::filesystem::exists(dir / out) ? std::vector<std::string>{"--resume"} : std::vector<std::string>{},
          after);
      if (run.exit_code == 0) break;
      ASSERT_EQ(run.exit_code, -9) << run.err;
      if (!std::filesystem::exists(dir / out / "segments") && !std::filesystem::exists(dir / out / "results.h5"))
        continue;
      // What is there opens, is whole, and never shrinks.
      size_t now = 0;
      try {
        now = ResultReader::Open(dir / out).samples().size();
      } catch (const Error& e) {
        EXPECT_EQ(before, 0u) << e.what();  // nothing committed yet
      }
      EXPECT_GE(now, before);
      before = now;
    }
    const auto last = RunConfig(dir, config, out, {"--resume"});
    ASSERT_EQ(last.exit_code, 0) << last.err;
    EXPECT_EQ(Differences(dir / "whole", dir / out), "");
  }
}

TEST(Run, ResumeRefusesAnotherExperiment) {
  const TempDir dir;
  ASSERT_EQ(RunConfig(dir, SmallConfig(2), "out").exit_code, 0);
  Json other = SmallConfig(2);
  other["seed"] = 8;
  const auto run = RunConfig(dir, other, "out", {"--resume"});
  EXPECT_EQ(run.exit_code, 3);
  EXPECT_NE(run.err.find("seed"), std::string::npos) << run.err;
}

TEST(Run, SetSweepsAndDryRunPlans) {
  const TempDir dir;
  const auto plan =
      RunConfig(dir, SmallConfig(), "out",
                {"--dry-run", "--set", "methods.adaptive_diffusion.delta=0.001,0.002,0.003", "--set", "steps=20"});
  ASSERT_EQ(plan.exit_code, 0) << plan.err;
  for (const char* text : {"delta=0.001", "delta=0.002", "delta=0.003", "evaluations 340 at most"})
    EXPECT_NE(plan.out.find(text), std::string::npos) << plan.out;
  EXPECT_FALSE(std::filesystem::exists(dir / "out"));
}

// What the paper's scripts do: one noise for all captions, or for each place of a group, and pictures that are cut off.
TEST(Run, SharedNoiseAndCutPictures) {
  const TempDir dir;
  Json config = testing::SmallConfig(4, 3);
  config["methods"] = {{{"type", "full_step"}}};
  config["save"] = {"latents", "images"};
  config["noise"] = {{"shared", true}};
  config["group_size"] = 2;
  const auto run = RunConfig(dir, config, "shared");
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_NE(run.out.find("noise.shared: "), std::string::npos) << run.out;
  const auto first_latent = [](const ResultReader& result, int64_t sample) {
    const auto latents = result.Read<float>(0, "latents");
    const auto size = static_cast<int64_t>(latents.values.size()) / latents.shape[0];
    const auto begin = latents.values.begin() + sample * size;
    return std::vector<float>(begin, begin + size / latents.shape[1]);
  };
  const ResultReader shared = ResultReader::Open(dir / "shared");
  EXPECT_EQ(first_latent(shared, 0), first_latent(shared, 2));
  EXPECT_EQ(first_latent(shared, 1), first_latent(shared, 3));
  EXPECT_NE(first_latent(shared, 0), first_latent(shared, 1));
  config["group_size"] = 1;
  EXPECT_EQ(RunConfig(dir, config, "one").exit_code, 0);
  const ResultReader one = ResultReader::Open(dir / "one");
  EXPECT_EQ(first_latent(one, 0), first_latent(one, 1));
  // The size of the groups is part of the noise.
  const auto compared = Skipbench({"compare", (dir / "shared").string(), (dir / "one").string()});
  EXPECT_NE((compared.out + compared.err).find("group_size"), std::string::npos) << compared.out << compared.err;
  const auto extended = RunConfig(dir, config, "extended", {"--extend", (dir / "shared").string()});
  EXPECT_EQ(extended.exit_code, 3) << extended.out;
  EXPECT_NE(extended.err.find("group_size"), std::string::npos) << extended.err;

  config["pixels"] = "truncate";
  EXPECT_EQ(RunConfig(dir, config, "cut").exit_code, 0);
  const auto rounded = one.Read<uint8_t>(0, "images"), cut = ResultReader::Open(dir / "cut").Read<uint8_t>(0, "images");
  int64_t lower = 0;
  for (size_t i = 0; i < cut.values.size(); ++i) {
    ASSERT_TRUE(rounded.values[i] == cut.values[i] || rounded.values[i] == cut.values[i] + 1);
    lower += cut.values[i] < rounded.values[i];
  }
  EXPECT_GT(lower, 0);
  config["noise"] = {{"source", "file"}, {"path", "none.safetensors"}, {"shared", true}};
  EXPECT_NE(RunConfig(dir, config, "file").err.find("noise.shared"), std::string::npos);
}

// The initial noise can be given: what one run saved, another replays.
TEST(Run, ReplaysNoiseFromAFile) {
  const TempDir dir;
  Json config = SmallConfig(3);
  config["batch_invariant"] = true;
  config["save"] = {"latents"};
  config["noise"] = {{"source", "torch_cpu"}};
  ASSERT_EQ(RunConfig(dir, config, "torch").exit_code, 0);
  ResultReader torch = ResultReader::Open(dir / "torch");
  const auto latents = torch.Read<float>(0, "latents");  // [n, calls + 1, C, H, W]; DDIM's first one is the unit noise
  const int64_t row = latents.shape[2] * latents.shape[3] * latents.shape[4];
  Json header = {{"noise",
                  {{"dtype", "F32"},
                   {"shape", {3, latents.shape[2], latents.shape[3], latents.shape[4]}},
                   {"data_offsets", {0, 3 * row * 4}}}}};
  const std::string text = header.dump();
  const uint64_t size = text.size();
  std::string file(reinterpret_cast<const char*>(&size), 8);
  file += text;
  for (int64_t s = 0; s < 3; ++s)
    file.append(reinterpret_cast<const char*>(latents.values.data() + s * latents.shape[1] * row),
                static_cast<size_t>(row) * 4);
  testing::WriteFile(dir / "noise.safetensors", file);
  config["noise"] = {{"source", "file"}, {"path", "noise.safetensors"}, {"tensor", "noise"}};
  const auto run = RunConfig(dir, config, "file");
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(Differences(dir / "torch", dir / "file"), "");
  config["noise"]["tensor"] = "other";
  EXPECT_NE(RunConfig(dir, config, "file2").err.find("noise.safetensors: no tensor \"other\""), std::string::npos);
  config["noise"]["tensor"] = "noise";
  config["data"]["count"] = 4;
  const auto short_file = RunConfig(dir, config, "file3");
  EXPECT_EQ(short_file.exit_code, 3);
}

// As diffusers' from_config, a scheduler takes its own defaults; that one of them ruins latents is said.
TEST(Run, ClippedLatentsAreNoted) {
  const TempDir dir;
  Json config = SmallConfig(1, 2);
  config["methods"] = {{{"type", "full_step"}}};
  config["scheduler"] = {"ddim", "euler"};
  EXPECT_EQ(RunConfig(dir, config, "out").err, "");
  config["scheduler"] = {{"type", "ddpm"}, {"clip_sample", true}};
  for (const auto& run : {RunConfig(dir, config, "clipped"), RunConfig(dir, config, "clipped", {"--dry-run"})}) {
    EXPECT_EQ(run.exit_code, 0);
    EXPECT_NE((run.err + run.out).find("scheduler ddpm: clip_sample is true, so it clips predicted latents"),
              std::string::npos)
        << run.err << run.out;
  }
}

TEST(Run, UnsupportedSettingsAreRecordedAndEndInAnError) {
  const TempDir dir;
  Json config = SmallConfig(1);
  config["methods"].push_back({{"type", "deepcache"}, {"branch", 99}});
  const auto run = RunConfig(dir, config, "out");
  EXPECT_EQ(run.exit_code, 3);
  EXPECT_NE(run.err.find("branches 0 to"), std::string::npos) << run.err;
}

// Trajectories that stand beside others are rows of a batch, whose axes lie in another order in memory.
TEST(BatchInvariant, HalfPrecisionIsTheSameBesideOthers) {
  const TempDir dir;
  Json config = SmallConfig(1, 6);
  config["scheduler"] = "pndm";
  config["dtype"] = "bfloat16";
  config["batch_invariant"] = true;
  config["metrics"] = Json::array();
  config["save"] = {"latents", "noise_predictions"};
  config["methods"] = {{{"type", "full_step"}}};
  const auto alone = RunConfig(dir, config, "alone");
  ASSERT_EQ(alone.exit_code, 0) << alone.err;
  config["methods"].push_back({{"type", "adaptive_diffusion"}, {"delta", 0.05}});
  config["methods"].push_back({{"type", "deepcache"}});
  const auto beside = RunConfig(dir, config, "beside");
  ASSERT_EQ(beside.exit_code, 0) << beside.err;
  ResultReader a = ResultReader::Open(dir / "alone"), b = ResultReader::Open(dir / "beside");
  for (const char* name : {"latents", "noise_predictions"})
    EXPECT_EQ(a.Read<float>(0, name).values, b.Read<float>(0, name).values) << name;
}

}  // namespace
}  // namespace skipbench
