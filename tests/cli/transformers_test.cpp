// Pipelines of transformers through the program: pictures and clips from prompts in a file, every kind of method, and
// what is said of bad input.
#include <gmock/gmock.h>

#include <filesystem>

#include "harness/nn/layers/patches.h"
#include "harness/runtime/noise.h"
#include "tests/cli/shard_support.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;
using testing::Differences;
using ::testing::HasSubstr;
using testing::RunConfig;
using testing::Skipbench;
using testing::TempDir;
using testing::WriteFile;

fs::path Models() { return testing::SourceDir() / "tests/fixtures/dit/models"; }

constexpr int64_t kSteps = 6;
const char* const kPrompts = "a brown dog runs across wet grass\ntwo people ride bicycles\na red bus\n";

class Transformers : public ::testing::Test {
 protected:
  Transformers() { WriteFile(dir_ / "prompts.txt", kPrompts); }

  Json Config(const fs::path& model) const {
    Json config = {{"pipeline", model.string()},
                   {"steps", kSteps},
                   {"threads", 1},
                   {"data", {{"type", "prompts"}, {"file", "prompts.txt"}}},
                   {"methods", {{{"type", "full_step"}}, {{"type", "fewer_steps"}, {"steps", 3}}}},
                   {"metrics", {"psnr", "latent_error"}}};
    const std::string name = model.filename().string();
    if (name.starts_with("sd3")) config["max_sequence_length"] = 14;
    if (name.starts_with("flux")) config.update({{"height", 32}, {"width", 48}});
    if (name.starts_with("wan")) config.update({{"height", 32}, {"width", 48}, {"frames", 5}});
    return config;
  }
  Json Config(const char* model) const { return Config(Models() / model); }
  // A copy by links, to be changed.
  fs::path Copy(const fs::path& model, const char* name) const {
    fs::create_directories(dir_ / name);
    for (const auto& part : fs::directory_iterator(model))
      fs::create_symlink(part.path(), dir_ / name / part.path().filename().string());
    return dir_ / name;
  }
  void Replace(const fs::path& file, const Json& changes) const {
    Json json = ReadJsonFile(file);
    json.update(changes);
    fs::remove(file);
    WriteFile(file, json.dump());
  }
  // The component's own files in the place of the link.
  void Own(const fs::path& model, const std::string& component) const {
    const fs::path from = fs::read_symlink(model / component);
    fs::remove(model / component);
    fs::copy(from, model / component, fs::copy_options::recursive);
  }
  std::string Refused(const Json& config) const {
    const auto run = RunConfig(dir_, config, "refused");
    EXPECT_EQ(run.exit_code, 3) << run.out;
    return run.err;
  }

  TempDir dir_;
};

TEST_F(Transformers, EveryFamilyMakesPicturesOfPrompts) {
  // sd35-tiny has a transformer and a scheduler; the rest is sd3-tiny's.
  const fs::path sd35 = Copy(Models() / "sd3-tiny", "sd35-tiny");
  for (const char* part : {"transformer", "scheduler"}) {
    fs::remove(sd35 / part);
    fs::create_symlink(Models() / "sd35-tiny" / part, sd35 / part);
  }
  const std::pair<fs::path, std::vector<int64_t>> families[] = {{Models() / "pixart-tiny", {4, 8, 8}},
                                                                {Models() / "sd3-tiny", {4, 8, 8}},
                                                                {sd35, {4, 8, 8}},
                                                                {Models() / "flux-tiny", {24, 16}},
                                                                {Models() / "wan-tiny", {4, 2, 4, 6}}};
  for (const auto& [model, latent] : families) {
    SCOPED_TRACE(model.filename().string());
    Json config = Config(model);
    config["save"] = {"png", "latents"};
    const std::string out = model.filename().string() + "_out";
    const auto run = RunConfig(dir_, config, out);
    ASSERT_EQ(run.exit_code, 0) << run.err;
    std::vector<int64_t> shape = latent;
    shape.insert(shape.begin(), {3, kSteps + 1});
    EXPECT_EQ(ResultReader::Open(dir_ / out).Read<float>(0, "latents").shape, shape);
    const fs::path pictures = dir_ / out / "png/full_step";
    EXPECT_TRUE(fs::exists(pictures / (latent.size() == 4 ? "000002/0004.png" : "000002.png")));
    const std::string file = (dir_ / "config.json").string();
    const auto doctor = Skipbench({"doctor", file});
    EXPECT_EQ(doctor.exit_code, 0) << doctor.out;
    EXPECT_THAT(doctor.out, HasSubstr("of T5, from tokenizer"));
    const auto macs = Skipbench({"macs", file});
    EXPECT_EQ(macs.exit_code, 0) << macs.err;
    EXPECT_THAT(macs.out, HasSubstr("Shallow forward"));
  }
}

TEST_F(Transformers, EveryKindOfMethodRunsInShardsAndIsResumed) {
  Json config = Config("sd3-tiny");
  config["batch_invariant"] = true;
  config["wave_size"] = 1;
  config["traces"] = true;
  config["methods"] = {{{"type", "full_step"}},
                       {{"type", "fewer_steps"}, {"steps", 3}},
                       {{"type", "adaptive_diffusion"}, {"delta", {0.05, 0.5}}},
                       {{"type", "adaptive_diffusion"}, {"id", "tensor"}, {"criterion", "tensor"}, {"delta", 0.5}},
                       {{"type", "deepcache"}, {"interval", 2}, {"branch", 1}},
                       {{"type", "greedy_search"}, {"skips", 2}}};
  Json timed = config;
  timed["latency"] = {{"samples", 1}, {"repeats", 1}, {"warmup", 0}};
  const auto run = RunConfig(dir_, timed, "whole");
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const ResultReader result = ResultReader::Open(dir_ / "whole");
  ASSERT_EQ(result.header().settings.size(), 7u);
  const auto macs = result.Read<double>(0, "macs_matmuls").values,
             shallow = result.Read<double>(5, "macs_matmuls").values;
  EXPECT_LT(shallow[0], macs[0]);
  EXPECT_GT(shallow[0], macs[0] / 2);
  for (const double nfe : result.Read<double>(6, "nfe").values) EXPECT_EQ(nfe, kSteps - 2);
  EXPECT_FALSE(result.latency().empty());
  // Killed and resumed, and in shards.
  RunConfig(dir_, config, "resumed", {}, 300);
  ASSERT_EQ(RunConfig(dir_, config, "resumed", {"--resume"}).exit_code, 0);
  EXPECT_EQ(Differences(dir_ / "whole", dir_ / "resumed"), "");
  std::mt19937 random(3);
  std::vector<std::string> merge = {"merge", "--out", (dir_ / "merged").string()};
  for (const auto& shard : testing::RunShards(dir_, config, "part", 3, 0, random)) merge.push_back(shard);
  ASSERT_EQ(Skipbench(merge).exit_code, 0);
  EXPECT_EQ(Differences(dir_ / "whole", dir_ / "merged"), "");
}

TEST_F(Transformers, NoiseIsDrawnBeforeItIsPacked) {
  Json config = Config("flux-tiny");
  config["noise"] = {{"source", "torch_cpu"}};
  config["seed"] = 5;
  config["save"] = {"latents"};
  ASSERT_EQ(RunConfig(dir_, config, "out").exit_code, 0);
  const auto latents = ResultReader::Open(dir_ / "out").Read<float>(0, "latents");
  const auto noise = TorchCpuNoise(5)->Open(1, 1, {1, 4, 8, 12});
  const at::Tensor expected = ToPatches(noise->Draw(0), {2, 2});
  const auto row = at::tensor(latents.values).view(latents.shape)[1][0];
  EXPECT_TRUE(at::equal(row, expected[0]));
}

TEST_F(Transformers, GuidanceOfFluxIsOnePass) {
  Json config = Config("flux-tiny");
  config["guidance"] = 1.5;
  EXPECT_EQ(RunConfig(dir_, config, "other").exit_code, 0);
  EXPECT_THAT(Skipbench({"table", (dir_ / "other").string()}).out, HasSubstr("guidance 1.5"));
  EXPECT_THAT(Skipbench({"table", (dir_ / "other").string()}).out, HasSubstr("took 27 network evaluations; "));
  config["negative_prompt"] = "blurry";
  EXPECT_THAT(Refused(config), HasSubstr("negative_prompt: there is no unconditional pass that would see it; "));
  // schnell: none at all.
  const fs::path schnell = Copy(Models() / "flux-tiny", "schnell");
  fs::remove(schnell / "transformer");
  fs::create_symlink(Models() / "flux-schnell-tiny/transformer", schnell / "transformer");
  config = Config("flux-tiny");
  config["pipeline"] = schnell.string();
  EXPECT_EQ(RunConfig(dir_, config, "schnell").exit_code, 0);
  EXPECT_THAT(Skipbench({"table", (dir_ / "schnell").string()}).out, HasSubstr("no guidance"));
  config["guidance"] = 3.5;
  EXPECT_THAT(Refused(config), HasSubstr("guidance: 3.5 is given, but the pipeline"));
}

TEST_F(Transformers, LengthOfTheText) {
  const auto macs_of = [&](const Json& length) {
    Json config = Config("sd3-tiny");
    config["max_sequence_length"] = length;
    EXPECT_EQ(RunConfig(dir_, config, "out", {"--overwrite"}).exit_code, 0);
    const ResultReader result = ResultReader::Open(dir_ / "out");
    EXPECT_EQ(result.header().expanded_config["max_sequence_length"], length.is_null() ? Json(256) : length);
    return result.Read<double>(0, "macs_matmuls").values[0];
  };
  const double own = macs_of(Json());
  EXPECT_LT(macs_of(14), own);
  EXPECT_EQ(macs_of(256), own);
  Json config = Config("sd3-tiny");
  config["max_sequence_length"] = 4;
  EXPECT_THAT(RunConfig(dir_, config, "short").err,
              HasSubstr("longer than the text encoder's 4 tokens (the end mark included) and cut there"));
  for (const int length : {0, 513}) {
    config["max_sequence_length"] = length;
    EXPECT_THAT(Refused(config), HasSubstr("max_sequence_length: expected an integer in [1, 512], found "));
  }
  Json other = testing::SmallConfig(1, 4);
  other["max_sequence_length"] = 77;
  EXPECT_THAT(Refused(other), HasSubstr("max_sequence_length: there is no T5 whose texts it would cut; "));
  EXPECT_THAT(Skipbench({"list", "config"}).out, HasSubstr("max_sequence_length"));
}

TEST_F(Transformers, StableDiffusion3RunsWithoutT5) {
  const fs::path model = Copy(Models() / "sd3-tiny", "without");
  for (const char* part : {"text_encoder_3", "tokenizer_3"}) fs::remove(model / part);
  WriteFile(dir_ / "config.json", Config(model).dump());
  const auto missing = Skipbench({"doctor", (dir_ / "config.json").string()});
  EXPECT_EQ(missing.exit_code, 3);
  EXPECT_THAT(missing.out, HasSubstr("the folders text_encoder_3, tokenizer_3 are missing, which model_index.json "
                                     "names (there, [null, null] is what is left out on purpose)"));
  Replace(model / "model_index.json", {{"text_encoder_3", {nullptr, nullptr}}, {"tokenizer_3", {nullptr, nullptr}}});
  const auto run = RunConfig(dir_, Config(model), "out");
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("there is no text_encoder_3: in place of T5's tokens are "));
}

TEST_F(Transformers, ATokenizerIsForPrompts) {
  const auto run = Skipbench({"run", (testing::SourceDir() / "configs/small/table_imagenet_dit.json").string(),
                              "--dry-run", "--set", "tokenizer=slow"});
  EXPECT_EQ(run.exit_code, 3);
  EXPECT_THAT(run.err, HasSubstr("tokenizer: there are no prompts"));
}

TEST_F(Transformers, WhatIsMissingOrBrokenIsNamed) {
  const fs::path model = Copy(Models() / "pixart-tiny", "broken");
  // A tokenizer with broken scores.
  Own(model, "tokenizer");
  Json tokenizer = ReadJsonFile(model / "tokenizer/tokenizer.json");
  const Json sound = tokenizer;
  tokenizer["model"]["vocab"][5][1] = "high";
  WriteFile(model / "tokenizer/tokenizer.json", tokenizer.dump());
  EXPECT_THAT(Refused(Config(model)), HasSubstr("tokenizer/tokenizer.json: model.vocab[5]"));
  WriteFile(dir_ / "config.json", Config(model).dump());
  EXPECT_THAT(Skipbench({"doctor", (dir_ / "config.json").string()}).out, HasSubstr("MISSING  model: "));
  WriteFile(model / "tokenizer/tokenizer.json", sound.dump());
  // A size that is not made of patches.
  Json config = Config(model);
  config["height"] = 36;
  EXPECT_THAT(Refused(config), HasSubstr("height and width must be multiples of 8 and 8 (the autoencoder's factor 4 "
                                         "times the patches of the network, 2x2), found 36 x 32"));
  // A size with more positions than the network knows.
  config = Config("wan-tiny");
  config["width"] = 832;
  EXPECT_THAT(Refused(config), HasSubstr("at most 512 (the network knows 32 positions along an axis), found 32 x 832"));
  // A missing encoder, in diffusers' order of components.
  fs::remove(model / "text_encoder");
  EXPECT_THAT(Refused(Config(model)), HasSubstr("the folder text_encoder is missing, which model_index.json names"));
  Replace(model / "model_index.json", {{"text_encoder", {nullptr, nullptr}}});
  EXPECT_THAT(Refused(Config(model)), HasSubstr("the component text_encoder is missing"));
}

TEST_F(Transformers, ClipsOfWan) {
  Json config = Config("wan-tiny");
  config["frames"] = 7;
  EXPECT_THAT(Refused(config), HasSubstr("frames: this model makes clips of 1 + 4 k frames, found 7; the nearest are 5 "
                                         "and 9"));
  config = Config("wan-tiny");
  config["decode_chunk"] = 4;
  EXPECT_THAT(Refused(config), HasSubstr("decode_chunk: WanPipeline decodes one frame after the other"));
  config = Config("wan-tiny");
  config["frames"] = 1;
  config["save"] = {"apng", "images"};
  ASSERT_EQ(RunConfig(dir_, config, "one").exit_code, 0);
  EXPECT_EQ(ResultReader::Open(dir_ / "one").Read<uint8_t>(0, "images").shape, (std::vector<int64_t>{3, 1, 32, 48, 3}));
  const fs::path model = Copy(Models() / "wan-tiny", "wan22");
  Replace(model / "model_index.json", {{"boundary_ratio", 0.875}});
  EXPECT_THAT(Refused(Config(model)), HasSubstr("a model of Wan 2.2"));
  WriteFile(dir_ / "config.json", Config("wan-tiny").dump());
  const auto macs = Skipbench({"macs", (Models() / "wan-tiny").string(), "--frames", "6"});
  EXPECT_THAT(macs.err, HasSubstr("1 + 4 k frames, found 6"));
}

}  // namespace
}  // namespace skipbench
