// The configs that ship: each of configs/paper says what it lacks, and its twin in configs/small runs to a table.
#include <filesystem>
#include <set>

#include "tests/cli/cli_support.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;
using testing::Skipbench;
using testing::TempDir;

// Names of the configs of a folder.
std::set<std::string> Configs(const std::string& folder) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(testing::SourceDir() / "configs" / folder))
    if (entry.path().extension() == ".json") names.insert(entry.path().filename().string());
  return names;
}

TEST(Configs, EveryPaperConfigHasATwin) {
  const auto paper = Configs("paper"), small = Configs("small");
  EXPECT_GE(paper.size(), 13u);
  for (const auto& name : paper) EXPECT_TRUE(small.count(name)) << "configs/small lacks " << name;
}

// Without models and data at hand: the config itself is fine, and what is missing is named, with what to do about it.
TEST(Configs, DoctorNamesWhatPaperConfigsLack) {
  for (const auto& name : Configs("paper")) {
    const fs::path file = testing::SourceDir() / "configs/paper" / name;
    const auto doctor =
        testing::RunProcess({"env", "-u", "SKIPBENCH_MODELS", "-u", "SKIPBENCH_DATA", "-u", "SKIPBENCH_METRIC_WEIGHTS",
                             testing::SkipbenchPath(), "doctor", file.string()});
    EXPECT_EQ(doctor.exit_code, 3) << doctor.out;
    EXPECT_NE(doctor.out.find("ok       config: " + file.string()), std::string::npos) << doctor.out;
    EXPECT_NE(doctor.out.find("MISSING  model: pipeline \""), std::string::npos) << doctor.out;
    const size_t list = doctor.out.find("\nmissing: ");
    ASSERT_NE(list, std::string::npos) << doctor.out;
    for (const char* fact : {"\n    file    ", "\n    size    ", "\n    hash    ", "\n    source  ", "\n    target  "})
      EXPECT_NE(doctor.out.find(fact, list), std::string::npos) << name << ": no " << fact << "\n" << doctor.out;
    const bool video = name.starts_with("video_");
    const bool data_needed = video || name.find("coco") != std::string::npos || name.find("cifar") != std::string::npos;
    if (data_needed) {
      EXPECT_NE(doctor.out.find("MISSING  data: "), std::string::npos) << doctor.out;
    }
    // All that is missing at one look, metrics included.
    if (name != "figure_paths.json") {
      EXPECT_NE(
          doctor.out.find("MISSING  metric lpips:alex: the weights lpips_alex_features.safetensors are not there"),
          std::string::npos)
          << doctor.out;
    }
    if (video) {
      EXPECT_NE(doctor.out.find("MISSING  metric fvd, fvd:paper: the weights i3d_k400.safetensors are not there"),
                std::string::npos)
          << doctor.out;
    }
  }
}

// Of all configs together: one list, each thing once.
TEST(Configs, DoctorEndsWithOneList) {
  std::vector<std::string> command = {"env",
                                      "-u",
                                      "SKIPBENCH_MODELS",
                                      "-u",
                                      "SKIPBENCH_DATA",
                                      "-u",
                                      "SKIPBENCH_METRIC_WEIGHTS",
                                      testing::SkipbenchPath(),
                                      "doctor"};
  for (const auto& name : Configs("paper")) command.push_back((testing::SourceDir() / "configs/paper" / name).string());
  const auto doctor = testing::RunProcess(command);
  const std::string list = doctor.out.substr(std::min(doctor.out.find("\nmissing: "), doctor.out.size()));
  for (const std::string text :
       {"\n  stable-diffusion-v1-5\n", "\n  coco\n",
        "\n  inception_v3_fid.safetensors\n    file    pt_inception-2015-12-05-6726825d.pth\n",
        "\n    size    95,628,359 bytes\n",
        "\n    hash    SHA-256 6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2\n",
        "scripts/convert/all_metric_weights.py DOWNLOADS FOLDER"}) {
    const size_t found = list.find(text);
    ASSERT_NE(found, std::string::npos) << text << list;
    EXPECT_EQ(list.find(text, found + 1), std::string::npos) << text << list;
  }
}

TEST(Configs, TwinsRunToATable) {
  for (const auto& name : Configs("small")) {
    const TempDir dir;
    const auto run =
        Skipbench({"run", (testing::SourceDir() / "configs/small" / name).string(), "--out", (dir / "out").string(),
                   "--quiet", "--set", "data.count=1", "--set", "latency.samples=0"});
    EXPECT_EQ(run.exit_code, 0) << name << ": " << run.err;
    EXPECT_NE(run.out.find("| full_step"), std::string::npos) << name << ": " << run.out;
    EXPECT_EQ(run.out.find("failed"), std::string::npos) << name << ": " << run.out;
  }
}

TEST(Configs, DoctorOnATwin) {
  const auto doctor = Skipbench({"doctor", (testing::SourceDir() / "configs/small/table_coco_sd15.json").string()});
  EXPECT_EQ(doctor.exit_code, 0) << doctor.out << doctor.err;
  for (const char* text : {"ok       model: ", "ok       data: fashion_scenes: ", "  0  ",
                           "reference: ", "disk        about", "memory      model files", "time        one prediction"})
    EXPECT_NE(doctor.out.find(text), std::string::npos) << "wanted: " << text << "\n" << doctor.out;
}

}  // namespace
}  // namespace skipbench
