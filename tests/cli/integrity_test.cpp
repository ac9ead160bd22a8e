// Runs that something goes wrong with: what is lost is named, and the exit code says so.
#include <cstring>
#include <filesystem>

#include "harness/store/folder_lock.h"
#include "tests/cli/cli_support.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::RunConfig;
using testing::Skipbench;
using testing::SmallConfig;
using testing::TempDir;
using testing::WriteFile;

// Noise of `samples` samples, that of sample `huge` a thousand times as large.
void WriteNoise(const fs::path& path, int samples, int huge) {
  const std::string head = fmt::format(R"({{"noise":{{"dtype":"F32","shape":[{},4,16,16],"data_offsets":[0,{}]}}}})",
                                       samples, samples * 4096);
  std::string bytes(8, '\0');
  const uint64_t length = head.size();
  std::memcpy(bytes.data(), &length, 8);
  bytes += head;
  for (int k = 0; k < samples * 1024; ++k) {
    const float value = std::sin(static_cast<float>(k)) * (k / 1024 == huge ? 1000.0f : 1.0f);
    bytes.append(reinterpret_cast<const char*>(&value), 4);
  }
  WriteFile(path, bytes);
}

TEST(Integrity, APictureThatIsNotFiniteCostsItsSampleAndNoOther) {
  const TempDir dir;
  Json config = SmallConfig(3, 4);
  config["methods"] = Json::array({{{"type", "full_step"}}});
  config["noise"] = {{"source", "file"}, {"path", "noise.safetensors"}};
  config["save"] = {"png", "images"};
  config["wave_size"] = 3;
  WriteNoise(dir / "noise.safetensors", 3, 1);
  // Its latents stay below float16's 65,504, and exceed it a hundred times as large.
  config["dtype"] = "float16";
  config["vae"] = "vae";
  fs::copy(testing::SourceDir() / "datasets/fashion_scenes/model/vae", dir / "vae");
  Json vae = ReadJsonFile(dir / "vae/config.json");
  vae["scaling_factor"] = 0.01;
  WriteFile(dir / "vae/config.json", vae.dump());
  for (const auto& more : {std::vector<std::string>{}, {"--resume"}}) {  // and --resume does not stop there again
    const auto run = RunConfig(dir, config, "out", more);
    EXPECT_EQ(run.exit_code, 3) << run.err;
    EXPECT_TRUE(Contains(run.out, "failed 1 of 3")) << run.out;
    const ResultReader result = ResultReader::Open(dir / "out");
    EXPECT_TRUE(result.complete());
    EXPECT_EQ(result.Read<double>(0, "status").values, (std::vector<double>{0, 1, 0}));
    const auto message = result.Read<std::string>(0, "message").values[1];
    EXPECT_TRUE(Contains(message, fmt::format("sample {}: the decoder's output is not finite", result.samples()[1].id)))
        << message;
  }
  EXPECT_EQ(std::distance(fs::directory_iterator(dir / "out/png/full_step"), fs::directory_iterator()), 2);
}

TEST(Integrity, AFolderInUseIsNeitherOverwrittenNorMergedInto) {
  const TempDir dir;
  const Json config = SmallConfig(1, 2);
  ASSERT_EQ(RunConfig(dir, config, "out").exit_code, 0);
  WriteFile(dir / "out/png/holiday.png", "x");
  {
    const FolderLock lock(dir / "out"), merged(dir / "merged");
    const auto run = RunConfig(dir, config, "out", {"--overwrite"});
    EXPECT_EQ(run.exit_code, 3);
    EXPECT_TRUE(Contains(run.err, "another run or merge is writing into this folder")) << run.err;
    const auto merge = Skipbench({"merge", (dir / "out").string(), "--out", (dir / "merged").string()});
    EXPECT_EQ(merge.exit_code, 3);
    EXPECT_TRUE(Contains(merge.err, "another run or merge is writing into this folder")) << merge.err;
  }
  EXPECT_TRUE(ResultReader::Open(dir / "out").complete());
  EXPECT_EQ(RunConfig(dir, config, "out", {"--overwrite"}).exit_code, 0);
  EXPECT_TRUE(fs::exists(dir / "out/png/holiday.png"));
}

// Another list under the same path: neither resumed nor merged, and the message says which file.
TEST(Integrity, AnotherListOfCaptionsIsAnotherRun) {
  const TempDir dir;
  Json config = SmallConfig(1, 2);
  config["data"] = {{"type", "prompts"}, {"file", "prompts.txt"}};
  WriteFile(dir / "prompts.txt", "a red shirt\na blue coat\n");
  ASSERT_EQ(RunConfig(dir, config, "a", {"--shard", "0/2"}).exit_code, 0);
  WriteFile(dir / "prompts.txt", "a red shirt\na blue boot\n");
  ASSERT_EQ(RunConfig(dir, config, "b", {"--shard", "1/2"}).exit_code, 0);
  const auto merge =
      Skipbench({"merge", (dir / "a").string(), (dir / "b").string(), "--out", (dir / "merged").string()});
  const auto resumed = RunConfig(dir, config, "a", {"--shard", "0/2", "--resume"});
  for (const auto* run : {&merge, &resumed}) {
    EXPECT_EQ(run->exit_code, 3) << run->out;
    EXPECT_TRUE(Contains(run->err, "data.file (prompts.txt): SHA-256 ")) << run->err;
  }
}

}  // namespace
}  // namespace skipbench
