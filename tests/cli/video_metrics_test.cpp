// Distances between sets of clips in a run: from the frames that it saves they are the same.
#include "tests/cli/video_metrics.h"

namespace skipbench {
namespace {

using testing::RunConfig;
using testing::TempDir;

TEST(VideoMetrics, DistancesOfARunAreThoseOfItsFrames) {
  const TempDir dir;
  const std::string network =
      "torchscript:" + (testing::SourceDir() / "tests/fixtures/metrics/torchscript/tiny_video.pt").string();
  const std::vector<std::string> metrics = {"psnr", "fd:" + network, "kd:" + network};
  const auto run = RunConfig(dir, testing::ClipConfig(dir, 8, metrics), "out");
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_NE(run.out.find("fd:" + network + " (reference)"), std::string::npos) << run.out;
  // psnr makes pairs of the two folders, as the two settings of the run are.
  const Json report = testing::MeasureSavedClips(dir / "out", "psnr," + metrics[1] + "," + metrics[2]);
  testing::ExpectTableSaysSo(dir / "out", report, {metrics[1], metrics[2]});
}

TEST(VideoMetrics, AReferenceOfLongerClipsIsCutOnRequest) {
  const TempDir dir;
  const std::string metric =
      "fd:torchscript:" + (testing::SourceDir() / "tests/fixtures/metrics/torchscript/tiny_video.pt").string();
  Json config = testing::ClipConfig(dir, 10, {"psnr"});
  config["methods"] = {{{"type", "full_step"}}};
  ASSERT_EQ(RunConfig(dir, config, "long").exit_code, 0);
  config["frames"] = 8;
  config["metrics"] = {metric};
  config["metric_reference"] = (dir / "long/png/full_step").string();
  const auto refused = RunConfig(dir, config, "out");
  EXPECT_EQ(refused.exit_code, 3);
  EXPECT_NE(refused.err.find("the run makes 8; clips of one length can be compared (\"metric_reference_options\": "
                             "{\"frames\": 8} takes the first of each)"),
            std::string::npos)
      << refused.err;
  config["metric_reference_options"] = {{"frames", 8}};
  const auto run = RunConfig(dir, config, "out", {"--overwrite"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_NE(run.out.find(metric + " (data)"), std::string::npos) << run.out;
}

TEST(VideoMetrics, WhatDoesNotFitEndsTheRunBeforeItStarts) {
  const TempDir dir;
  const auto refused = [&](const std::vector<std::string>& metrics, const std::string& text) {
    const auto run = RunConfig(dir, testing::ClipConfig(dir, 8, metrics), "refused");
    EXPECT_EQ(run.exit_code, 3) << run.out;
    EXPECT_NE(run.err.find(text), std::string::npos) << "wanted: " << text << "\nfound: " << run.err;
    EXPECT_FALSE(std::filesystem::exists(dir / "refused"));
  };
  refused({"fvd"}, "i3d: the weights i3d_k400.safetensors are not there");
  refused({"fd_fashion"}, "fashion has features of pictures; ");
}

}  // namespace
}  // namespace skipbench
