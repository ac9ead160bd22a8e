// Every file that decides is recorded, and one that changes is named with both hashes.
#include "harness/experiment/plan/inputs.h"
#include "harness/experiment/run/describe.h"

#include <gtest/gtest.h>

#include <cstring>

#include "harness/io/files/sha256.h"
#include "harness/store/result_writer.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;
using testing::ReadFile;
using testing::TempDir;
using testing::WriteFile;

// A safetensors file with one float32 tensor [4, 4, 16, 16] of `value`.
void WriteNoise(const fs::path& path, float value) {
  const std::string head = R"({"noise":{"dtype":"F32","shape":[4,4,16,16],"data_offsets":[0,16384]}} )";
  std::string bytes(8, '\0');
  const uint64_t length = head.size();
  std::memcpy(bytes.data(), &length, 8);
  bytes += head;
  for (int k = 0; k < 4096; ++k) bytes.append(reinterpret_cast<const char*>(&value), 4);
  WriteFile(path, bytes);
}

// A result of two settings, with a path for each of four samples.
void WritePaths(const fs::path& folder, uint8_t last) {
  fs::remove_all(folder);
  RunHeader header;
  header.sample_count = 4;
  header.config = header.expanded_config = Json::object();
  for (const char* label : {"full_step", "path"}) {
    SettingInfo setting;
    setting.label = setting.type = label;
    setting.steps = setting.calls = 4;
    setting.timesteps = {4, 3, 2, 1};
    setting.reference = header.settings.empty();
    header.settings.push_back(setting);
  }
  Wave wave;
  for (int64_t k = 0; k < 4; ++k) wave.samples.push_back({k, k, "", 0, -1});
  for (size_t k = 0; k < 2; ++k) {
    SettingWave setting;
    setting.action = {{4, 4}, {}};
    for (int sample = 0; sample < 4; ++sample)
      for (const uint8_t action : {uint8_t{1}, uint8_t{1}, uint8_t{1}, last})
        setting.action.values.push_back(k == 0 ? 1 : action);
    setting.nfe.assign(4, 4);
    setting.shallow_nfe.assign(4, 0);
    setting.macs_modules.assign(4, 1);
    setting.macs_matmuls.assign(4, 1);
    setting.status.assign(4, Status::kDone);
    setting.message.assign(4, "");
    wave.settings.push_back(std::move(setting));
  }
  ResultWriter writer(folder, header, false);
  writer.Commit(wave);
  writer.Finish();
}

class Inputs : public ::testing::Test {
 protected:
  Inputs() { Lay(dir_ / "here"); }

  // An experiment that reads a file of every kind, in a folder of its own.
  static void Lay(const fs::path& folder) {
    const fs::path data = testing::SourceDir() / "datasets/fashion_scenes";
    fs::create_directories(folder);
    for (const auto& entry : fs::recursive_directory_iterator(data / "model")) {
      const fs::path to = folder / "model" / entry.path().lexically_relative(data / "model");
      fs::create_directories(to.parent_path());
      if (entry.is_regular_file()) fs::copy_file(entry.path(), to);
    }
    WriteFile(folder / "prompts.txt", "a red shirt\na blue coat\na boot\na bag\n");
    WriteNoise(folder / "noise.safetensors", 0.5f);
    fs::create_directories(folder / "weights");
    fs::copy_file(data / "feature_net/feature_net.safetensors", folder / "weights/feature_net.safetensors");
    for (const char* name : {"000000.png", "000001.png"})
      WriteFile(folder / "pictures" / name, ReadFile(data / "images" / name));
    WritePaths(folder / "paths", 0);
    WriteFile(
        folder / "config.json",
        R"({"pipeline": "model", "scheduler": "ddim", "steps": 4, "data": {"type": "prompts", "file": "prompts.txt"},
        "noise": {"source": "file", "path": "noise.safetensors"}, "metrics": ["psnr", "fd_fashion"], "metric_weights": ["weights"],
        "metric_reference": "pictures", "methods": [{"type": "full_step"}, {"type": "fixed_path", "from": "paths", "name": "recorded"}]})");
  }

  static RunHeader Header(const fs::path& folder) {
    return MakeHeader(MakePlan(ReadExperimentConfig(folder / "config.json", {}), {.models = "", .shapes_only = true}));
  }

  static void Replace(const fs::path& file, const std::string& old, const std::string& now) {
    std::string text = ReadFile(file);
    ASSERT_NE(text.find(old), std::string::npos) << file;
    WriteFile(file, text.replace(text.find(old), old.size(), now));
  }

  // What FirstDifference() says after `change`, which is undone.
  template <typename Change>
  std::string After(Change change) {
    const RunHeader before = Header(dir_ / "here");
    change(dir_ / "here");
    const std::string text = FirstDifference(before, Header(dir_ / "here"), true);
    fs::remove_all(dir_ / "here");
    Lay(dir_ / "here");
    return text;
  }

  TempDir dir_;
};

TEST_F(Inputs, TheirHashesAreThoseOfTheFiles) {
  const RunHeader header = Header(dir_ / "here");
  const std::map<std::string, std::string> files = {
      {"model.model_index.json", "model/model_index.json"},
      {"model.unet/config.json", "model/unet/config.json"},
      {"model.vae/config.json", "model/vae/config.json"},
      {"model.text_encoder/config.json", "model/text_encoder/config.json"},
      {"model.tokenizer/vocab.json", "model/tokenizer/vocab.json"},
      {"model.tokenizer/merges.txt", "model/tokenizer/merges.txt"},
      {"model.scheduler/scheduler_config.json", "model/scheduler/scheduler_config.json"},
      {"data.file", "prompts.txt"},
      {"noise.path", "noise.safetensors"},
      {"paths of recorded", "paths/results.h5"},
      {"weights of fd_fashion", "weights/feature_net.safetensors"}};
  for (const auto& [part, file] : files) {
    ASSERT_TRUE(header.inputs.contains(part)) << part;
    EXPECT_EQ(header.inputs.at(part).sha256, Sha256OfFile(dir_ / ("here/" + file))) << part;
  }
  for (const char* part : {"data.samples", "metric_reference of fd_fashion"})
    EXPECT_TRUE(header.inputs.contains(part)) << part;
}

TEST_F(Inputs, WhateverChangesIsNamed) {
  const auto expect = [&](const std::string& part, auto change) {
    const RunHeader before = Header(dir_ / "here");
    const std::string text = After(change);
    EXPECT_NE(text.find(part), std::string::npos) << text;
    EXPECT_NE(text.find(before.inputs.at(part.substr(0, part.find(" ("))).sha256 + " there, "), std::string::npos)
        << part << ": " << text;
    EXPECT_NE(text.find(" here"), std::string::npos) << text;
  };
  expect("model.unet/config.json (unet/config.json)",
         [](const fs::path& f) { Replace(f / "model/unet/config.json", "1e-05", "1e-04"); });
  expect("model.vae/config.json (vae/config.json)",
         [](const fs::path& f) { Replace(f / "model/vae/config.json", "0.529", "0.629"); });
  expect("model.text_encoder/config.json (text_encoder/config.json)",
         [](const fs::path& f) { Replace(f / "model/text_encoder/config.json", "quick_gelu", "gelu"); });
  expect("model.tokenizer/vocab.json (tokenizer/vocab.json)", [](const fs::path& f) {
    WriteFile(f / "model/tokenizer/vocab.json", ReadFile(f / "model/tokenizer/vocab.json") + " ");
  });
  expect("model.scheduler/scheduler_config.json",
         [](const fs::path& f) { Replace(f / "model/scheduler/scheduler_config.json", "0.012", "0.013"); });
  expect("data.file (prompts.txt)", [](const fs::path& f) { Replace(f / "prompts.txt", "a bag", "a box"); });
  expect("noise.path (noise.safetensors)", [](const fs::path& f) { WriteNoise(f / "noise.safetensors", 0.25f); });
  expect("paths of recorded (paths)", [](const fs::path& f) { WritePaths(f / "paths", 1); });
  expect("weights of fd_fashion (feature_net.safetensors)", [](const fs::path& f) {
    std::string bytes = ReadFile(f / "weights/feature_net.safetensors");
    bytes[bytes.size() - 3] ^= 1;
    WriteFile(f / "weights/feature_net.safetensors", bytes);
  });
  expect("metric_reference of fd_fashion (pictures)",
         [](const fs::path& f) { fs::copy_file(f / "pictures/000000.png", f / "pictures/000002.png"); });
}

// As on another machine of a cluster: everything lies elsewhere, under other names, and is the same.
TEST_F(Inputs, OtherPathsAreTheSameRun) {
  const fs::path there = dir_ / "there";
  Lay(there);
  fs::rename(there / "model", there / "stable-diffusion");
  fs::rename(there / "prompts.txt", there / "list.txt");
  fs::rename(there / "noise.safetensors", there / "n.safetensors");
  fs::rename(there / "pictures", there / "images");
  fs::rename(there / "paths", there / "recorded");
  WriteFile(there / "images/.DS_Store", "x");
  for (const auto& [old, now] :
       std::map<std::string, std::string>{{"\"model\"", "\"" + (there / "stable-diffusion").string() + "\""},
                                          {"prompts.txt", "list.txt"},
                                          {"noise.safetensors", "n.safetensors"},
                                          {"pictures", "images"},
                                          {"\"paths\"", "\"recorded\""}})
    Replace(there / "config.json", old, now);
  EXPECT_EQ(FirstDifference(Header(dir_ / "here"), Header(there), true), "");
  Replace(there / "config.json", "\"steps\": 4", "\"steps\": 4, \"guidance\": 2");
  EXPECT_NE(FirstDifference(Header(dir_ / "here"), Header(there), true), "");
}

}  // namespace
}  // namespace skipbench
