#include "metrics/catalog.h"

#include <ATen/ATen.h>

#include <limits>

#include "harness/base/did_you_mean.h"
#include "harness/base/error.h"
#include "metrics/latent_error.h"
#include "metrics/network_metrics.h"
#include "metrics/psnr.h"
#include "metrics/ssim.h"

namespace skipbench {
namespace {

std::vector<double> MeasurePsnr(const MetricInput& sample, const MetricInput& reference) {
  if (!sample.picture.defined() || sample.picture.dim() != 4) return {Psnr(sample.picture, reference.picture)};
  const PsnrMean mean = MeanPsnr(FramePsnr(sample.picture, reference.picture));
  return {mean.counted ? mean.mean : std::numeric_limits<double>::infinity()};
}

// Of a clip: the mean over its frames.
template <SsimBorder border>
std::vector<double> MeasureSsim(const MetricInput& sample, const MetricInput& reference) {
  const at::Tensor& a = sample.picture;
  const at::Tensor& b = reference.picture;
  if (!a.defined() || !b.defined() || a.dim() != 4 || a.sizes() != b.sizes() || a.size(0) == 0) return {Ssim(a, b, border)};
  double sum = 0;
  for (int64_t t = 0; t < a.size(0); ++t) sum += Ssim(a[t], b[t], border);
  return {sum / static_cast<double>(a.size(0))};
}

std::vector<double> MeasureLatentError(const MetricInput& sample, const MetricInput& reference) {
  const LatentError error = CompareLatents(sample.latent, reference.latent);
  return {error.l1, error.l2, error.l1_relative, error.l2_relative};
}

}  // namespace

const std::vector<MetricType>& MetricTypes() {
  static const std::vector<MetricType> types = {
      {.name = "psnr",
       .summary = "peak signal-to-noise ratio of 8-bit pictures, peak 255; of clips the mean over the frames that differ",
       .columns = {{"psnr", "dB", true}},
       .needs_pictures = true,
       .measure = MeasurePsnr},
      {.name = "ssim",
       .summary = "structural similarity where the 11x11 window fits (Wang et al. 2004; scikit-image)",
       .columns = {{"ssim", "", true}},
       .needs_pictures = true,
       .measure = MeasureSsim<SsimBorder::kValid>},
      {.name = "ssim:reflect",
       .summary = "structural similarity with reflected borders (torchmetrics)",
       .columns = {{"ssim_reflect", "", true}},
       .needs_pictures = true,
       .measure = MeasureSsim<SsimBorder::kReflect>},
      {.name = "lpips:alex",
       .summary = "LPIPS v0.1 with AlexNet (Zhang et al. 2018); \"lpips\" means this one",
       .columns = {{"lpips_alex", "", false}},
       .needs_pictures = true,
       .weights = LpipsAlexWeights,
       .open = OpenLpipsAlex},
      {.name = "lpips:vgg",
       .summary = "LPIPS v0.1 with VGG-16",
       .columns = {{"lpips_vgg", "", false}},
       .needs_pictures = true,
       .weights = LpipsVggWeights,
       .open = OpenLpipsVgg},
      {.name = "caption_accuracy",
       .summary = "share of the caption's items that the shipped network finds in the picture; for the shipped model (no CLIP score)",
       .columns = {{"caption_accuracy", "", true}},
       .needs_pictures = true,
       .needs_reference = false,
       .needs_caption = true,
       .weights = CaptionAccuracyWeights,
       .open = OpenCaptionAccuracy},
      {.name = "latent_error",
       .summary = "distance of the final latents: L1 and L2, absolute and relative to the reference's norm",
       .columns = {{"latent_l1", "", false}, {"latent_l2", "", false}, {"latent_l1_relative", "", false}, {"latent_l2_relative", "", false}},
       .measure = MeasureLatentError},
  };
  return types;
}

const MetricType& FindMetric(const std::string& name, const std::string& where) {
  std::vector<std::string> known;
  for (const MetricType& type : MetricTypes()) {
    if (type.name == name) return type;
    known.push_back(type.name);
  }
  Fail("{}: unknown metric \"{}\"; {}", where, name, KnownNames(name, known));
}

}  // namespace skipbench
