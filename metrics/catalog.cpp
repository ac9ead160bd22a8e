#include "metrics/catalog.h"

#include <algorithm>

#include "harness/base/did_you_mean.h"
#include "harness/base/error.h"
#include "metrics/caption_accuracy.h"
#include "metrics/frechet_metric.h"
#include "metrics/kernel_metric.h"
#include "metrics/latent_error.h"
#include "metrics/lpips.h"
#include "metrics/paper_metrics.h"
#include "metrics/precision_recall_metric.h"
#include "metrics/psnr.h"
#include "metrics/ssim.h"

namespace skipbench {

const std::vector<CatalogEntry>& MetricCatalog() {
  static const std::vector<CatalogEntry> catalog = {
      PsnrMetric(),
      SsimMetric(),
      SsimReflectMetric(),
      LpipsAlexMetric(),
      LpipsVggMetric(),
      CaptionAccuracyMetric(),
      LatentErrorMetric(),
      {"psnr:paper",
       "PSNR as the published evaluation of AdaptiveDiffusion computes it: batches of 16 with their own peak; psnr "
       "beside it",
       PaperPsnrMetric},
      {"fid:clean",
       "Frechet distance of Inception features, PIL's bicubic resize in float32 (clean-fid); \"fid\" means this one",
       FrechetMetric, "inception:clean"},
      {"fid:legacy_tf", "FID with TensorFlow 1's bilinear resize (the original one, torch-fidelity)", FrechetMetric,
       "inception:legacy_tf"},
      {"fid:pytorch_fid", "FID with PyTorch's bilinear resize (pytorch-fid)", FrechetMetric, "inception:pytorch_fid"},
      {"sfid:clean", "FID of spatial features (7 channels of Mixed_6e); also :legacy_tf, :pytorch_fid", FrechetMetric,
       "inception:clean:spatial"},
      {"sfid:legacy_tf", "", FrechetMetric, "inception:legacy_tf:spatial"},
      {"sfid:pytorch_fid", "", FrechetMetric, "inception:pytorch_fid:spatial"},
      {"kid:clean", "kernel distance of Inception features; also :legacy_tf, :pytorch_fid; \"kid\" means kid:clean",
       KernelMetric, "inception:clean"},
      {"kid:legacy_tf", "", KernelMetric, "inception:legacy_tf"},
      {"kid:pytorch_fid", "", KernelMetric, "inception:pytorch_fid"},
      {"prc:clean",
       "precision and recall of Inception features (k = 3); also :legacy_tf, :pytorch_fid; \"prc\" means prc:clean",
       PrecisionRecallMetric, "inception:clean"},
      {"prc:legacy_tf", "", PrecisionRecallMetric, "inception:legacy_tf"},
      {"prc:pytorch_fid", "", PrecisionRecallMetric, "inception:pytorch_fid"},
      {"fvd", "Frechet distance of the I3D features of clips (StyleGAN-V's protocol)", FrechetMetric, "i3d"},
      {"fvd:paper",
       "the published evaluation's FVD: each pair of clips by itself, which leaves the squared distance of their "
       "features; fvd beside it",
       PaperFrechetMetric, "i3d"},
      {"fd_fashion", "Frechet distance of the shipped network's features, for the shipped model's pictures (no FID)",
       FrechetMetric, "fashion"},
      {"kd_fashion", "kernel distance of the shipped network's features (no KID)", KernelMetric, "fashion"},
      {"prc_fashion", "precision and recall of the shipped network's features", PrecisionRecallMetric, "fashion"},
      {"fd_motion",
       "Frechet distance of nine numbers read off a clip's pixels (where something bright begins and ends, its size, "
       "colour, change), for the shipped model's clips: no network, no FVD",
       FrechetMetric, "motion"},
      {"fd:NETWORK",
       "Frechet distance of the features of NETWORK: inception:clean:LAYER, i3d, fashion or torchscript:PATH",
       FrechetMetric},
      {"kd:NETWORK", "kernel distance of the features of NETWORK", KernelMetric},
      {"prc:NETWORK", "precision and recall of the features of NETWORK", PrecisionRecallMetric},
  };
  return catalog;
}

namespace {

constexpr std::string_view kAnyNetwork = "NETWORK";

// "fd:" of "fd:NETWORK"; empty where the entry is one metric.
std::string FamilyPrefix(const CatalogEntry& entry) {
  return entry.name.ends_with(kAnyNetwork) ? entry.name.substr(0, entry.name.size() - kAnyNetwork.size()) : "";
}

MetricRequest RequestOf(const CatalogEntry& entry) {
  if (entry.sample) return {.name = entry.name, .sample = &*entry.sample};
  return {.name = entry.name, .set = entry.set(entry.name, entry.network)};
}

MetricRequest Request(const std::string& name, const std::string& where) {
  if (auto request = FindMetric(name)) return *request;
  std::vector<std::string> known;
  for (const auto& entry : MetricCatalog())
    if (!entry.summary.empty()) known.push_back(entry.name);
  Fail("{}: unknown metric \"{}\"; {}", where, name, KnownNames(name, known));
}

std::optional<MetricInfo> ColumnInfoOf(const std::string& name) {
  for (const auto& entry : MetricCatalog())
    if (entry.sample)
      for (const auto& column : entry.sample->columns)
        if (column.name == name) return column;
  return std::nullopt;
}

}  // namespace

std::optional<MetricRequest> FindMetric(const std::string& name) {
  const CatalogEntry *variant = nullptr, *family = nullptr;
  for (const auto& entry : MetricCatalog()) {
    const std::string prefix = FamilyPrefix(entry);
    if (prefix.empty() && entry.name == name) return RequestOf(entry);
    if (prefix.empty() && !variant && entry.name.starts_with(name + ":")) variant = &entry;
    if (!prefix.empty() && name.starts_with(prefix) && name.size() > prefix.size()) family = &entry;
  }
  if (variant) return RequestOf(*variant);
  if (!family) return std::nullopt;
  return MetricRequest{.name = name, .set = family->set(name, name.substr(FamilyPrefix(*family).size()))};
}

std::optional<SetMetric> FindSetMetric(const std::string& name) {
  const auto request = FindMetric(name);
  return request ? request->set : std::nullopt;
}

std::vector<MetricRequest> RequestMetrics(const std::vector<std::string>& names, const std::string& where) {
  std::vector<MetricRequest> requests;
  const auto add = [&](const MetricRequest& request) {
    if (std::none_of(requests.begin(), requests.end(), [&](const auto& r) { return r.name == request.name; }))
      requests.push_back(request);
  };
  for (const auto& name : names) {
    const MetricRequest request = Request(name, where);
    if (request.set && !request.set->beside.empty()) add(Request(request.set->beside, where));
    add(request);
  }
  return requests;
}

KnownMetrics CatalogMetrics() { return {.column = ColumnInfoOf, .set = FindSetMetric}; }

}  // namespace skipbench
