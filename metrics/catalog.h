// All metrics, of single samples and of whole sets, by name.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness/measures/metric_info.h"
#include "harness/measures/set_metric.h"
#include "metrics/metric.h"

namespace skipbench {

using MakeSetMetric = SetMetric (*)(const std::string& name, const std::string& network);

struct CatalogEntry {
  CatalogEntry(MetricType metric) : name(metric.name), summary(metric.summary), sample(std::move(metric)) {}
  CatalogEntry(std::string name, std::string summary, MakeSetMetric set, std::string network = "")
      : name(std::move(name)), summary(std::move(summary)), set(set), network(std::move(network)) {}

  std::string name;                  // "psnr", "fid:clean"; "fd:NETWORK" stands for the metric of any feature network
  std::string summary;               // one line; empty: another entry's names this one too
  std::optional<MetricType> sample;  // of single samples, or else
  MakeSetMetric set = nullptr;       // of whole sets
  std::string network;               // whose features `set` compares
};
const std::vector<CatalogEntry>& MetricCatalog();

// A metric that was asked for: one of the two.
struct MetricRequest {
  std::string name = {};  // in full: "fid" asks for "fid:clean"
  const MetricType* sample = nullptr;
  std::optional<SetMetric> set = {};
  bool needs_pairs() const { return sample ? sample->needs_reference : set->needs_pairs; }
};

// By name; a name without its variant means the catalog's first one ("fid": "fid:clean"). Nothing if there is none.
// Does not look for weights.
std::optional<MetricRequest> FindMetric(const std::string& name);
std::optional<SetMetric> FindSetMetric(const std::string& name);

// The metrics named, in order, each once, with what is to be shown beside them. Throws Error that names `where` and
// lists the known names.
std::vector<MetricRequest> RequestMetrics(const std::vector<std::string>& names, const std::string& where);

// What the catalog knows of metrics in results (harness/store/source.h: OpenOptions).
KnownMetrics CatalogMetrics();

}  // namespace skipbench
