#include "harness/evaluation/statistics_file.h"

#include <cmath>

#include "harness/base/error.h"
#include "harness/io/npz.h"

namespace skipbench {
namespace {

// The layer that a name without one means.
std::string WithoutDefault(std::string network) {
  constexpr std::string_view kDefault = ":pool3";
  if (network.ends_with(kDefault)) network.resize(network.size() - kDefault.size());
  return network;
}

const NpyArray& Array(const Npz& file, const char* name, const std::filesystem::path& path) {
  const auto found = file.find(name);
  if (found == file.end() || found->second.is_text)
    Fail("{}: no array \"{}\"; expected mu [d] and sigma [d, d], as pytorch-fid and clean-fid write them",
         path.string(), name);
  return found->second;
}

void CheckFinite(const NpyArray& array, const char* name, const std::filesystem::path& path) {
  for (size_t i = 0; i < array.values.size(); ++i)
    if (!std::isfinite(array.values[i])) Fail("{}: {}: value {} is not finite", path.string(), name, i);
}

Gaussian ReadNormal(const Npz& file, const std::filesystem::path& path) {
  const NpyArray& mu = Array(file, "mu", path);
  const NpyArray& sigma = Array(file, "sigma", path);
  if (mu.shape.size() != 1 || mu.shape[0] < 1)
    Fail("{}: mu: expected the shape [d], found {} axes", path.string(), mu.shape.size());
  const int64_t d = mu.shape[0];
  if (sigma.shape != std::vector<int64_t>{d, d})
    Fail("{}: sigma: expected the shape [{}, {}], as mu has {} values; found {} values in {} axes", path.string(), d, d,
         d, sigma.values.size(), sigma.shape.size());
  CheckFinite(mu, "mu", path);
  CheckFinite(sigma, "sigma", path);
  Gaussian normal;
  normal.mean = Eigen::Map<const Eigen::VectorXd>(mu.values.data(), d);
  normal.covariance = Eigen::Map<const Eigen::MatrixXd>(sigma.values.data(), d, d);
  if (file.contains("count")) {
    const NpyArray& count = Array(file, "count", path);
    if (count.values.size() != 1 || !(count.values[0] >= 2))
      Fail("{}: count: expected a number of at least 2", path.string());
    normal.count = static_cast<int64_t>(count.values[0]);
  }
  return normal;
}

std::string Text(const Npz& file, const char* name) {
  const auto found = file.find(name);
  return found != file.end() && found->second.is_text ? found->second.text : "";
}

NpyArray TextArray(const std::string& text) { return {.shape = {}, .values = {}, .text = text, .is_text = true}; }

}  // namespace

std::string NetworkOfStatistics(const std::filesystem::path& path) {
  const auto network = ReadNpzMember(path, "network");
  return network && network->is_text ? network->text : "";
}

bool SameFeatures(const std::string& a, const std::string& b) { return WithoutDefault(a) == WithoutDefault(b); }

FeatureSet ReadStatisticsFile(const std::filesystem::path& path, const std::string& network) {
  const Npz file = ReadNpz(path);
  FeatureSet set{.description = path.string(), .weights = Text(file, "weights")};
  const std::string made_by = Text(file, "network");
  if (!made_by.empty() && !SameFeatures(made_by, network))
    Fail("{}: holds statistics of the features of {}, not of {}", path.string(), made_by, network);
  set.normal = ReadNormal(file, path);
  set.dimension = set.normal->dimension();
  if (!file.contains("features")) return set;
  const NpyArray& features = Array(file, "features", path);
  if (features.shape.size() != 2 || features.shape[1] != set.dimension || features.shape[0] < 1)
    Fail("{}: features: expected the shape [n, {}]", path.string(), set.dimension);
  CheckFinite(features, "features", path);
  set.values.assign(features.values.begin(), features.values.end());
  return set;
}

void WriteStatisticsFile(const std::filesystem::path& path, const FeatureSet& set, const std::string& network,
                         bool keep_features) {
  if (set.count() < 2)
    Fail("{}: {} has {} sample; a covariance needs at least two", path.string(), set.description, set.count());
  const Gaussian normal = StatisticsOf(set.view()).Normal();
  const int64_t d = normal.dimension();
  Npz file;
  file["mu"] = {.shape = {d}, .values = {normal.mean.data(), normal.mean.data() + d}, .text = {}};
  file["sigma"] = {.shape = {d, d}, .values = {normal.covariance.data(), normal.covariance.data() + d * d}, .text = {}};
  file["count"] = {.shape = {}, .values = {static_cast<double>(normal.count)}, .text = {}};
  file["network"] = TextArray(network);
  if (!set.weights.empty()) file["weights"] = TextArray(set.weights);
  if (keep_features)
    file["features"] = {.shape = {set.count(), d}, .values = {set.values.begin(), set.values.end()}, .text = {}};
  WriteNpz(path, file);
}

}  // namespace skipbench
