// PSNR and SSIM against numpy, scikit-image and torchmetrics: pairs, batches, clips.
#include "metrics/psnr.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "metrics/paper_metrics.h"
#include "metrics/pictures.h"
#include "metrics/ssim.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

using Tensors = std::map<std::string, at::Tensor>;

// A number, or "inf".
double Number(const Json& value) {
  if (value.is_number()) return value.get<double>();
  const auto text = value.get<std::string>();
  if (text == "inf") return INFINITY;
  if (text == "-inf") return -INFINITY;
  return std::nan("");
}

void ExpectNear(double value, const Json& expected, double tolerance, const char* what) {
  const double e = Number(expected);
  if (std::isfinite(e)) {
    EXPECT_NEAR(value, e, tolerance) << what;
  } else {
    EXPECT_EQ(value, e) << what;
  }
}

void ExpectSsim(const at::Tensor& picture, const at::Tensor& reference, SsimBorder border, const Json& expected,
                double tolerance) {
  const double ssim = Ssim(picture, reference, border);
  if (expected.is_null()) {
    EXPECT_TRUE(std::isnan(ssim));
  } else {
    EXPECT_NEAR(ssim, expected.get<double>(), tolerance);
  }
}

void CheckPairs(const Json& file, const Tensors& tensors, const Json& tolerance) {
  const double ssim_tolerance = tolerance.at("ssim_abs").get<double>();
  std::map<std::string, double> psnr;
  for (const Json& pair : file.at("pairs")) {
    const auto id = pair.at("id").get<std::string>();
    SCOPED_TRACE(id);
    const at::Tensor& reference = tensors.at(id + ".ref");
    const at::Tensor& picture = tensors.at(id + ".img");
    const SquaredError error = CompareBytes(picture, reference);
    ExpectNear(error.mse(), pair.at("mse"), 1e-12 * (1 + error.mse()), "mse");
    psnr[id] = Psnr(error);
    ExpectNear(psnr[id], pair.at("psnr"), tolerance.at("psnr_abs").get<double>(), "psnr");
    EXPECT_EQ(std::isinf(psnr[id]), pair.at("identical").get<bool>());
    ExpectSsim(picture, reference, SsimBorder::kValid, pair.at("ssim_valid"), ssim_tolerance);
    ExpectSsim(picture, reference, SsimBorder::kReflect, pair.at("ssim_full_reflect"), ssim_tolerance);
  }
  std::vector<double> set;
  for (const auto& id : file.at("set").at("ids").get<std::vector<std::string>>()) set.push_back(psnr.at(id));
  const double mean = ClipValue(set);
  const auto identical = std::count_if(set.begin(), set.end(), [](double value) { return std::isinf(value); });
  ExpectNear(mean, file.at("set").at("mean_psnr"), tolerance.at("psnr_abs").get<double>(), "mean");
  EXPECT_EQ(identical, file.at("set").at("identical").get<int64_t>());
}

void CheckBatches(const Json& file, const Tensors& tensors, const Json& tolerance) {
  const at::Tensor& references = tensors.at("ref");
  const at::Tensor& pictures = tensors.at("img");
  const auto batch_size = file.at("batch_size").get<int64_t>();
  ASSERT_EQ(pictures.size(0), file.at("count").get<int64_t>());
  std::vector<SquaredError> errors;
  std::vector<double> psnr;
  for (int64_t i = 0; i < pictures.size(0); ++i) {
    errors.push_back(CompareBytes(pictures[i], references[i]));
    psnr.push_back(Psnr(errors.back()));
    ExpectNear(psnr.back(), file.at("corrected").at("psnr").at(i), tolerance.at("psnr_abs").get<double>(), "psnr");
  }
  int64_t dropped = 0;
  for (const Json& batch : file.at("batches")) {
    SCOPED_TRACE(batch.at("start").dump());
    const auto slice = std::span(errors).subspan(batch.at("start").get<size_t>(), batch.at("count").get<size_t>());
    const PaperPsnr paper = PaperCompatPsnr(slice, batch_size);
    EXPECT_EQ(paper.batches, 1);
    EXPECT_EQ(paper.dropped, batch.at("used").get<bool>() ? 0 : 1);
    if (paper.dropped == 0)
      ExpectNear(paper.mean, batch.at("psnr_f32"), tolerance.at("paper_abs").get<double>(), "batch");
    dropped += paper.dropped;
  }
  const PaperPsnr paper = PaperCompatPsnr(errors, batch_size);
  ExpectNear(paper.mean, file.at("paper_compat_mean"), tolerance.at("paper_abs").get<double>(), "paper_compat_mean");
  EXPECT_EQ(paper.batches, static_cast<int64_t>(file.at("batches").size()));
  EXPECT_EQ(paper.dropped, dropped);
  const double mean = ClipValue(psnr);
  const auto identical = std::count_if(psnr.begin(), psnr.end(), [](double value) { return std::isinf(value); });
  ExpectNear(mean, file.at("corrected").at("mean_psnr"), tolerance.at("psnr_abs").get<double>(), "mean");
  EXPECT_EQ(identical, file.at("corrected").at("identical").get<int64_t>());
}

void CheckClips(const Json& file, const Tensors& tensors, const Json& tolerance) {
  const double psnr_tolerance = tolerance.at("psnr_abs").get<double>();
  const double paper_tolerance = tolerance.at("paper_abs").get<double>();
  double mean_sum = 0, paper_sum = 0;
  for (const Json& clip : file.at("clips")) {
    const auto id = clip.at("id").get<std::string>();
    SCOPED_TRACE(id);
    const at::Tensor& reference = tensors.at(id + ".ref");
    const at::Tensor& picture = tensors.at(id + ".img");
    const std::vector<double> frames = MeasureFrames(PsnrMetric(), {picture, {}}, {reference, {}})[0];
    ASSERT_EQ(frames.size(), clip.at("psnr_frames").size());
    std::vector<SquaredError> errors;
    for (size_t t = 0; t < frames.size(); ++t) {
      const auto index = static_cast<int64_t>(t);
      ExpectNear(frames[t], clip.at("psnr_frames")[t], psnr_tolerance, "frame");
      ExpectSsim(picture[index], reference[index], SsimBorder::kValid, clip.at("ssim_valid_frames")[t], 1e-7);
      errors.push_back(CompareBytes(picture[index], reference[index]));
    }
    const double mean = ClipValue(frames);
    const auto identical = std::count_if(frames.begin(), frames.end(), [](double value) { return std::isinf(value); });
    ExpectNear(mean, clip.at("clip_mean"), psnr_tolerance, "clip_mean");
    EXPECT_EQ(identical, clip.at("frames_identical").get<int64_t>());
    ExpectNear(Psnr(picture, reference), clip.at("clip_pooled"), psnr_tolerance, "clip_pooled");
    EXPECT_EQ(CompareBytes(picture, reference).max_value, clip.at("paper_peak").get<double>());
    const PaperPsnr paper = PaperCompatPsnr(errors, static_cast<int64_t>(errors.size()));
    ExpectNear(paper.mean, clip.at("paper_compat"), paper_tolerance, "paper_compat");
    mean_sum += mean;
    paper_sum += paper.mean;
  }
  const auto clips = static_cast<double>(file.at("clips").size());
  ExpectNear(mean_sum / clips, file.at("mean_over_clips"), psnr_tolerance, "mean_over_clips");
  ExpectNear(paper_sum / clips, file.at("paper_compat_mean"), paper_tolerance, "paper_compat_mean");
}

TEST(PsnrFixtures, EveryCase) {
  const testing::Manifest manifest = testing::LoadManifest("metrics", "manifest.json");
  if (!manifest.exists) GTEST_SKIP() << "no fixtures in " << manifest.folder;
  int checked = 0;
  for (const auto& [id, entry] : manifest.json.at("cases").items()) {
    if (entry.at("kind") != "psnr") continue;
    SCOPED_TRACE(id);
    Json file;
    Tensors tensors;
    for (const auto& name : entry.at("files").get<std::vector<std::string>>()) {
      if (name.ends_with(".json")) file = ReadJsonFile(manifest.folder / name);
      if (name.ends_with(".safetensors")) tensors = testing::LoadTensors(manifest.folder / name);
    }
    const Json& tolerance = entry.at("tolerance");
    ASSERT_TRUE(file.contains("pairs") || file.contains("batches") || file.contains("clips")) << "what is this?";
    if (file.contains("pairs")) CheckPairs(file, tensors, tolerance);
    if (file.contains("batches")) CheckBatches(file, tensors, tolerance);
    if (file.contains("clips")) CheckClips(file, tensors, tolerance);
    ++checked;
  }
  EXPECT_GT(checked, 0) << "the manifest lists no PSNR case";
}

}  // namespace
}  // namespace skipbench
