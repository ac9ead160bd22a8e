// Every kind of broken input ends in a message that names the file and the place, and exit code 3.
#include <cstring>
#include <filesystem>
#include <functional>

#include "tests/cli/cli_support.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;
using testing::ReadFile;
using testing::RunConfig;
using testing::Skipbench;
using testing::SmallConfig;
using testing::TempDir;
using testing::WriteFile;

void ExpectRefused(const Json& config, const std::vector<std::string>& texts) {
  const TempDir dir;
  const auto run = RunConfig(dir, config, "out");
  EXPECT_EQ(run.exit_code, 3) << run.out;
  for (const auto& text : texts)
    EXPECT_NE(run.err.find(text), std::string::npos) << "wanted: " << text << "\nfound: " << run.err;
  EXPECT_FALSE(fs::exists(dir / "out/results.h5"));
}

Json Changed(const std::string& pointer, const Json& value) {
  Json config = SmallConfig(1, 4);
  config[Json::json_pointer(pointer)] = value;
  return config;
}

TEST(BadInput, Configs) {
  ExpectRefused(Changed("/stpes", 50), {"config.json: stpes: unknown key; known here:", "steps"});
  ExpectRefused(Changed("/steps", "fifty"),
                {"config.json: steps: expected an integer in [1, 1000], found \"fifty\" (a string)"});
  ExpectRefused(Changed("/steps", 0), {"steps: expected an integer in [1, 1000], found 0"});
  ExpectRefused(Changed("/methods/1/delta", "small"), {"methods[1].delta: expected a number"});
  ExpectRefused(Changed("/methods/0/type", "magic"), {"unknown method \"magic\"; known: full_step"});
  ExpectRefused(Changed("/methods/0/speed", 3), {"methods[0].speed: unknown key"});
  ExpectRefused(Changed("/metrics", {"psnrr"}), {"psnrr"});
  ExpectRefused(Changed("/scheduler", "ddimm"), {"ddimm", "ddim"});
  ExpectRefused(Changed("/scheduler", {{"type", "ddim"}, {"clip", true}}), {"clip"});
  ExpectRefused(Changed("/save", {"pictures"}),
                {"save: expected one of latents, noise_predictions, images, png, apng, mp4, found \"pictures\""});
  ExpectRefused(Changed("/dtype", "float8"), {"dtype: expected one of float32, bfloat16, float16"});
  ExpectRefused(Changed("/device", "tpu"), {"tpu"});
  ExpectRefused(Changed("/data/type", "cocoo"), {"cocoo", "coco"});
  ExpectRefused(Changed("/data/captions", "nowhere.json"), {"nowhere.json"});
  ExpectRefused(Changed("/pipeline", "nowhere"), {"pipeline \"nowhere\"", "looked at"});
  ExpectRefused(Changed("/noise", {{"source", "dice"}}), {"noise.source: expected one of counter, torch_cpu, file"});
  ExpectRefused(Changed("/height", 66), {"multiples of 4"});
  ExpectRefused(Changed("/contact_sheet", 2), {"contact_sheet", "images"});
}

TEST(BadInput, ConfigsThatAreNotJson) {
  const TempDir dir;
  WriteFile(dir / "broken.json", "{\"name\": \"x\",, }");
  auto run = Skipbench({"run", (dir / "broken.json").string()});
  EXPECT_EQ(run.exit_code, 3);
  EXPECT_NE(run.err.find("broken.json: not valid JSON"), std::string::npos) << run.err;
  WriteFile(dir / "twice.json", "{\"steps\": 1, \"steps\": 2}");
  run = Skipbench({"run", (dir / "twice.json").string()});
  EXPECT_NE(run.err.find("given twice"), std::string::npos) << run.err;
  WriteFile(dir / "deep.json", std::string(100000, '['));
  run = Skipbench({"run", (dir / "deep.json").string()});
  EXPECT_EQ(run.exit_code, 3);
  EXPECT_NE(run.err.find("nested deeper"), std::string::npos) << run.err;
  run = Skipbench({"run", (dir / "absent.json").string()});
  EXPECT_NE(run.err.find("no such file"), std::string::npos) << run.err;
  EXPECT_EQ(Skipbench({"fly"}).exit_code, 3);
  EXPECT_EQ(Skipbench({}).exit_code, 3);
  EXPECT_EQ(Skipbench({"run"}).exit_code, 3);
  EXPECT_EQ(Skipbench({"run", "a.json", "--speed", "9"}).exit_code, 3);
}

// A copy of the shipped model with one file damaged.
class BadModel : public ::testing::Test {
 protected:
  BadModel() {
    fs::copy(testing::SourceDir() / "datasets/fashion_scenes/model", dir_ / "model", fs::copy_options::recursive);
  }
  void Expect(const std::vector<std::string>& texts) {
    Json config = SmallConfig(1, 4);
    config["pipeline"] = (dir_ / "model").string();
    const auto run = RunConfig(dir_, config, "out");
    EXPECT_EQ(run.exit_code, 3) << run.out;
    for (const auto& text : texts)
      EXPECT_NE(run.err.find(text), std::string::npos) << "wanted: " << text << "\nfound: " << run.err;
  }
  fs::path Unet() const { return dir_ / "model/unet/diffusion_pytorch_model.safetensors"; }
  // Rewrites the header of the U-Net's weights.
  void EditHeader(const std::function<void(Json&)>& edit) {
    const std::string file = ReadFile(Unet());
    uint64_t size;
    std::memcpy(&size, file.data(), 8);
    const std::string data = file.substr(8 + size);
    Json header = Json::parse(file.substr(8, size));
    edit(header);
    const std::string text = header.dump();
    size = text.size();
    WriteFile(Unet(), std::string(reinterpret_cast<const char*>(&size), 8) + text + data);
  }
  TempDir dir_;
};

TEST_F(BadModel, TruncatedWeights) {
  const std::string file = ReadFile(Unet());
  WriteFile(Unet(), file.substr(0, file.size() / 2));
  Expect({"unet/diffusion_pytorch_model.safetensors"});
  WriteFile(Unet(), file.substr(0, 5));
  Expect({"unet/diffusion_pytorch_model.safetensors"});
  WriteFile(Unet(), std::string(8, '\xff') + file.substr(8));
  Expect({"unet/diffusion_pytorch_model.safetensors"});
}

TEST_F(BadModel, OverlappingTensors) {
  EditHeader([](Json& header) { header["conv_in.bias"]["data_offsets"] = header["conv_out.bias"]["data_offsets"]; });
  Expect({"unet/diffusion_pytorch_model.safetensors", "conv"});
}

TEST_F(BadModel, WrongDtype) {
  EditHeader([](Json& header) { header["conv_in.bias"]["dtype"] = "F8_E4M3"; });
  Expect({"unet/diffusion_pytorch_model.safetensors", "conv_in.bias"});
}

TEST_F(BadModel, MissingAndMisnamedTensorsAreListedTogether) {
  EditHeader([](Json& header) {
    header["conv_in.weights"] = header["conv_in.weight"];
    header.erase("conv_in.weight");
    header["conv_out.biass"] = header["conv_out.bias"];
    header.erase("conv_out.bias");
  });
  Expect({"conv_in.weight", "conv_in.weights", "conv_out.bias", "conv_out.biass"});
}

TEST_F(BadModel, MissingFiles) {
  fs::remove(dir_ / "model/vae/config.json");
  Expect({"vae/config.json: no such file"});
  fs::remove_all(dir_ / "model/unet");
  Expect({"unet"});
  fs::remove(dir_ / "model/model_index.json");
  Expect({"model_index.json"});
}

TEST_F(BadModel, PicklesAreRefused) {
  fs::rename(Unet(), dir_ / "model/unet/diffusion_pytorch_model.bin");
  Expect({"diffusion_pytorch_model.bin", "scripts/convert"});
}

TEST_F(BadModel, ImpossibleSizes) {
  const fs::path config = dir_ / "model/unet/config.json";
  Json json = Json::parse(ReadFile(config));
  json["norm_num_groups"] = 7;
  WriteFile(config, json.dump());
  Expect({"unet/config.json"});
  json["norm_num_groups"] = 16;
  json["block_out_channels"] = {32, -64, 96};
  WriteFile(config, json.dump());
  Expect({"unet/config.json: block_out_channels"});
}

TEST(BadInput, CaptionFilesThatAreNotCocos) {
  const TempDir dir;
  Json config = SmallConfig(1, 4);
  config["data"]["captions"] = (dir / "captions.json").string();
  WriteFile(dir / "captions.json", "[1, 2, 3]");
  auto run = RunConfig(dir, config, "out");
  EXPECT_EQ(run.exit_code, 3);
  EXPECT_NE(run.err.find("captions.json"), std::string::npos) << run.err;
  WriteFile(dir / "captions.json", R"({"images": [{"id": 1}], "annotations": [{"image_id": 2, "caption": "x"}]})");
  run = RunConfig(dir, config, "out");
  EXPECT_EQ(run.exit_code, 3);
  EXPECT_NE(run.err.find("captions.json"), std::string::npos) << run.err;
}

// A disk that fills up while the run writes: RLIMIT_FSIZE makes every write beyond some kilobytes fail.
TEST(BadInput, FullDisk) {
  const TempDir dir;
  Json config = SmallConfig(3, 8);
  config["batch_invariant"] = true;
  config["save"] = {"latents", "images"};
  ASSERT_EQ(RunConfig(dir, config, "whole").exit_code, 0);
  WriteFile(dir / "config.json", config.dump());
  const std::string command =
      fmt::format("trap '' XFSZ; ulimit -f 200; exec '{}' run '{}' --out '{}' --quiet", testing::SkipbenchPath(),
                  (dir / "config.json").string(), (dir / "full").string());
  const auto run = testing::RunProcess({"bash", "-c", command});
  EXPECT_EQ(run.exit_code, 3) << run.out;
  EXPECT_NE(run.err.find("full/"), std::string::npos) << run.err;
  const auto resumed = RunConfig(dir, config, "full", {"--resume"});
  ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
  EXPECT_EQ(testing::Differences(dir / "whole", dir / "full"), "");
}

}  // namespace
}  // namespace skipbench
