// Metrics of whole sets of pictures, by name. (metric.h has those of single samples.)
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "metrics/metric.h"

namespace skipbench {

enum class SetMetricKind {
  kFrechet,          // Frechet distance of the features of both sets
  kKernel,           // kernel distance of them: KID
  kPrecisionRecall,  // of them: two values
  kPaperPsnr,        // of pairs: the published evaluation's PSNR
  kPaperFrechet,     // of pairs: the published evaluation's FVD
};

struct SetMetric {
  std::string name;  // in full: "fid:clean"
  SetMetricKind kind = SetMetricKind::kFrechet;
  std::string network = {};  // whose features are compared (metrics/backbones/feature_network.h); empty: none are
  std::vector<MetricColumn> columns = {};
  bool needs_pairs = false;
  std::string beside = {};  // a metric shown beside it: the right value of what the paper's protocol distorts
};

// "fid:clean", "kid", "fvd:paper", "fd:torchscript:PATH", ...: nothing if it is none of these. Does not look for
// weights.
std::optional<SetMetric> ParseSetMetric(const std::string& name);

// The names that ParseSetMetric knows, each with a line of explanation.
std::vector<std::pair<std::string, std::string>> SetMetricNames();

// A metric that was asked for: one of the two.
struct MetricRequest {
  std::string name = {};  // in full: "fid" asks for "fid:clean"
  const MetricType* sample = nullptr;
  std::optional<SetMetric> set = {};
  bool needs_pairs() const { return sample ? sample->needs_reference : set->needs_pairs; }
};

// The metrics named, in order, each once, with what is to be shown beside them. Throws Error that names `where` and
// lists the known names.
std::vector<MetricRequest> RequestMetrics(const std::vector<std::string>& names, const std::string& where);

}  // namespace skipbench
