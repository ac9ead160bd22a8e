#include "metrics/set_metric.h"

#include <algorithm>

#include "harness/base/did_you_mean.h"
#include "harness/base/error.h"
#include "metrics/catalog.h"

namespace skipbench {
namespace {

// The names that leave no choice to make open.
struct Named {
  const char* name;
  const char* summary;
  SetMetricKind kind;
  const char* network;
};
const Named kNamed[] = {
    {"fid:clean",
     "Frechet distance of Inception features, PIL's bicubic resize in float32 (clean-fid); \"fid\" means this one",
     SetMetricKind::kFrechet, "inception:clean"},
    {"fid:legacy_tf", "FID with TensorFlow 1's bilinear resize (the original one, torch-fidelity)",
     SetMetricKind::kFrechet, "inception:legacy_tf"},
    {"fid:pytorch_fid", "FID with PyTorch's bilinear resize (pytorch-fid)", SetMetricKind::kFrechet,
     "inception:pytorch_fid"},
    {"sfid:clean", "FID of spatial features (7 channels of Mixed_6e); also :legacy_tf, :pytorch_fid",
     SetMetricKind::kFrechet, "inception:clean:spatial"},
    {"sfid:legacy_tf", "", SetMetricKind::kFrechet, "inception:legacy_tf:spatial"},
    {"sfid:pytorch_fid", "", SetMetricKind::kFrechet, "inception:pytorch_fid:spatial"},
    {"kid:clean", "kernel distance of Inception features; also :legacy_tf, :pytorch_fid; \"kid\" means kid:clean",
     SetMetricKind::kKernel, "inception:clean"},
    {"kid:legacy_tf", "", SetMetricKind::kKernel, "inception:legacy_tf"},
    {"kid:pytorch_fid", "", SetMetricKind::kKernel, "inception:pytorch_fid"},
    {"prc:clean",
     "precision and recall of Inception features (k = 3); also :legacy_tf, :pytorch_fid; \"prc\" means prc:clean",
     SetMetricKind::kPrecisionRecall, "inception:clean"},
    {"prc:legacy_tf", "", SetMetricKind::kPrecisionRecall, "inception:legacy_tf"},
    {"prc:pytorch_fid", "", SetMetricKind::kPrecisionRecall, "inception:pytorch_fid"},
    {"fvd", "Frechet distance of the I3D features of clips (StyleGAN-V's protocol)", SetMetricKind::kFrechet, "i3d"},
    {"fvd:paper",
     "the published evaluation's FVD: each pair of clips by itself, which leaves the squared distance of their "
     "features; fvd beside it",
     SetMetricKind::kPaperFrechet, "i3d"},
    {"fd_fashion", "Frechet distance of the shipped network's features, for the shipped model's pictures (no FID)",
     SetMetricKind::kFrechet, "fashion"},
    {"kd_fashion", "kernel distance of the shipped network's features (no KID)", SetMetricKind::kKernel, "fashion"},
    {"prc_fashion", "precision and recall of the shipped network's features", SetMetricKind::kPrecisionRecall,
     "fashion"},
    {"fd_motion",
     "Frechet distance of nine numbers read off a clip's pixels (where something bright begins and ends, its size, colour, "
     "change), for the shipped model's clips: no network, no FVD",
     SetMetricKind::kFrechet, "motion"},
};

// In front of the name of any feature network.
struct Prefix {
  const char* prefix;
  const char* summary;
  SetMetricKind kind;
};
const Prefix kPrefixes[] = {
    {"fd:", "Frechet distance of the features of NETWORK: inception:clean:LAYER, i3d, fashion or torchscript:PATH",
     SetMetricKind::kFrechet},
    {"kd:", "kernel distance of the features of NETWORK", SetMetricKind::kKernel},
    {"prc:", "precision and recall of the features of NETWORK", SetMetricKind::kPrecisionRecall},
};

// What a name means that leaves the choice open.
std::string FullName(const std::string& name) {
  if (name == "fid" || name == "sfid" || name == "kid" || name == "prc") return name + ":clean";
  return name == "lpips" ? "lpips:alex" : name;
}

// "fid:clean" -> "fid_clean": a name inside the results.
std::string ColumnName(std::string name) {
  for (char& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  return name;
}

SetMetric Make(const std::string& name, SetMetricKind kind, const std::string& network) {
  SetMetric metric{.name = name, .kind = kind, .network = network};
  metric.needs_pairs = kind == SetMetricKind::kPaperPsnr || kind == SetMetricKind::kPaperFrechet;
  const std::string column = ColumnName(name);
  if (kind == SetMetricKind::kPrecisionRecall) {
    metric.columns = {{column + "_precision", "", true}, {column + "_recall", "", true}};
  } else {
    metric.columns = {{column, kind == SetMetricKind::kPaperPsnr ? "dB" : "", kind == SetMetricKind::kPaperPsnr}};
  }
  if (kind == SetMetricKind::kPaperPsnr) metric.beside = "psnr";
  if (kind == SetMetricKind::kPaperFrechet) metric.beside = "fvd";
  return metric;
}

MetricRequest Request(const std::string& given, const std::string& where) {
  MetricRequest request{.name = FullName(given)};
  for (const auto& type : MetricTypes())
    if (type.name == request.name) request.sample = &type;
  if (!request.sample) request.set = ParseSetMetric(request.name);
  if (request.sample || request.set) return request;
  std::vector<std::string> known;
  for (const auto& type : MetricTypes()) known.push_back(type.name);
  for (const auto& [name, summary] : SetMetricNames()) known.push_back(name);
  Fail("{}: unknown metric \"{}\"; {}", where, given, KnownNames(given, known));
}

}  // namespace

std::optional<SetMetric> ParseSetMetric(const std::string& given) {
  const std::string name = FullName(given);
  if (name == "psnr:paper") return Make(name, SetMetricKind::kPaperPsnr, "");
  for (const auto& named : kNamed)
    if (name == named.name) return Make(name, named.kind, named.network);
  for (const auto& prefix : kPrefixes)
    if (name.starts_with(prefix.prefix) && name.size() > std::string(prefix.prefix).size())
      return Make(name, prefix.kind, name.substr(std::string(prefix.prefix).size()));
  return std::nullopt;
}

std::vector<std::pair<std::string, std::string>> SetMetricNames() {
  std::vector<std::pair<std::string, std::string>> names = {
      {"psnr:paper",
       "PSNR as the published evaluation of AdaptiveDiffusion computes it: batches of 16 with their own peak; psnr "
       "beside it"}};
  for (const auto& named : kNamed)
    if (*named.summary) names.emplace_back(named.name, named.summary);
  for (const auto& prefix : kPrefixes) names.emplace_back(std::string(prefix.prefix) + "NETWORK", prefix.summary);
  return names;
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

}  // namespace skipbench
