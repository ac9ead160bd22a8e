// Distances between sets of clips in a run: from the frames that it saves they are the same.
#include "tests/cli/video_metrics.h"

namespace skipbench {
namespace {

using testing::RunConfig;
using testing::TempDir;

TEST(VideoMetrics, DistancesOfARunAreThoseOfItsFrames) {
  const TempDir dir;
  const std::string network = "torchscript:" + (testing::SourceDir() / "tests/fixtures/metrics/torchscript/tiny_video.pt").string();
  const std::vector<std::string> metrics = {"psnr", "fd:" + network, "kd:" + network};
  const auto run = RunConfig(dir, testing::ClipConfig(dir, 8, metrics), "out");
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_NE(run.out.find("fd:" + network + " (reference)"), std::string::npos) << run.out;
  // psnr makes pairs of the two folders, as the two settings of the run are.
  const Json report = testing::MeasureSavedClips(dir / "out", "psnr," + metrics[1] + "," + metrics[2]);
  testing::ExpectTableSaysSo(dir / "out", report, {metrics[1], metrics[2]});
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
