#include "harness/evaluation/statistics_file.h"

#include <cmath>

#include "datasets/array_pictures.h"
#include "harness/base/error.h"

namespace skipbench {
namespace {

constexpr int64_t kPool3 = 2048, kSpatial = 2023;  // features of Inception's layers

// The layer that a name without one means.
std::string WithoutDefault(std::string network) {
  constexpr std::string_view kDefault = ":pool3";
  if (network.ends_with(kDefault)) network.resize(network.size() - kDefault.size());
  return network;
}

template <class T>
void CheckFinite(const std::vector<T>& values, const NpyReader& array) {
  for (size_t i = 0; i < values.size(); ++i)
    if (!std::isfinite(values[i])) Fail("{}: value {} is not finite", array.origin(), i);
}

std::string ShapeText(const std::vector<int64_t>& shape) { return fmt::format("[{}]", fmt::join(shape, ", ")); }

}  // namespace

StatisticsFile::StatisticsFile(const std::filesystem::path& path) : path_(path), file_(path) {
  network_ = Text("network");
  ours_ = !network_.empty();
  has_pictures_ = file_.Has("arr_0") && ArrayPictures::Fits(*file_.Open("arr_0"));
  // guided-diffusion's evaluator is the only one that keeps mu_s; its Inception is TensorFlow's.
  if (!ours_ && Length("mu") == kPool3 && file_.Has("mu_s") && file_.Has("sigma_s")) network_ = "inception:legacy_tf";
}

std::string StatisticsFile::Text(const char* name) const {
  if (!file_.Has(name)) return "";
  const auto array = file_.Open(name);
  return array->is_text() && array->shape().empty() ? array->All().text() : "";
}

int64_t StatisticsFile::Length(const std::string& name) const {
  if (!file_.Has(name)) return 0;
  const auto array = file_.Open(name);
  return array->shape().empty() ? 0 : array->shape()[0];
}

StatisticsFile::NormalArrays StatisticsFile::FindNormal(const std::string& network, int64_t dimension) const {
  const bool spatial = network.starts_with("inception:") && network.ends_with(":spatial");
  NormalArrays found{"mu", "sigma"};
  if (!network_.empty()) {
    const bool adm_spatial = !ours_ && network == network_ + ":spatial";
    if (adm_spatial) found = {"mu_s", "sigma_s"};
    if (!adm_spatial && !SameFeatures(network_, network))
      return {.why_not = fmt::format("holds statistics of the features of {}{}, not of {}", network_,
                                     ours_ ? "" : " (it has mu_s: guided-diffusion's evaluator wrote it)", network)};
  } else if (spatial && file_.Has("mu_s") && file_.Has("sigma_s")) {
    found = {"mu_s", "sigma_s"};
  } else if (spatial && Length("mu") != kSpatial) {
    return {.why_not = "no arrays mu_s [d] and sigma_s [d, d], which hold statistics of spatial features"};
  }
  for (const auto& name : {found.mean, found.covariance})
    if (!file_.Has(name))
      return {.why_not = fmt::format("no array \"{}\"; expected mu [d] and sigma [d, d], as pytorch-fid and clean-fid "
                                     "write them",
                                     name)};
  if (dimension > 0 && Length(found.mean) != dimension)
    return {.why_not = fmt::format("{} has {} values, the features of {} have {}", found.mean, Length(found.mean),
                                   network, dimension)};
  return found;
}

std::string StatisticsFile::FindFeatures(const std::string& network, int64_t dimension) const {
  if (!network_.empty() && !SameFeatures(network_, network)) return "";
  for (const char* name : {"features", "feats"}) {
    if (!file_.Has(name)) continue;
    const auto array = file_.Open(name);
    if (array->shape().size() == 2 && (dimension == 0 || array->shape()[1] == dimension)) return name;
    if (ours_) Fail("{}: expected the shape [n, {}], found {}", array->origin(), dimension, ShapeText(array->shape()));
  }
  return "";
}

StatisticsFile::Basis StatisticsFile::BasisOf(const SetMetric& metric, const FeatureNetworkInfo& network,
                                              int64_t dimension) const {
  if (metric.network.empty()) return Basis::kNone;
  if (dimension == 0) dimension = network.dimension;
  if (!metric.needs_features && FindNormal(metric.network, dimension).why_not.empty()) return Basis::kNormal;
  const bool features = !FindFeatures(metric.network, dimension).empty();
  if (metric.needs_pairs) return features && file_.Has("names") ? Basis::kFeatures : Basis::kNone;
  if (features) return Basis::kFeatures;
  return has_pictures_ && !network.clips ? Basis::kPictures : Basis::kNone;
}

std::string StatisticsFile::WhyNot(const SetMetric& metric, const FeatureNetworkInfo& network,
                                   int64_t dimension) const {
  if (BasisOf(metric, network, dimension) != Basis::kNone) return "";
  if (dimension == 0) dimension = network.dimension;
  if (metric.network.empty()) return fmt::format("needs pictures; {} holds statistics of features", path_.string());
  if (metric.needs_pairs)
    return fmt::format("compares every clip with its partner; {} does not say which of its features is whose",
                       path_.string());
  const NormalArrays normal = FindNormal(metric.network, dimension);
  if (!normal.why_not.empty()) return path_.string() + ": " + normal.why_not;
  return fmt::format(
      "{} holds a mean and a covariance only; this metric compares the features themselves (--save-stats keeps them "
      "with --keep-features)",
      path_.string());
}

std::string StatisticsFile::NoteOn(const SetMetric& metric, const FeatureNetworkInfo& network,
                                   int64_t dimension) const {
  if (BasisOf(metric, network, dimension) != Basis::kPictures) return "";
  const std::string why =
      metric.needs_features ? "" : FindNormal(metric.network, dimension ? dimension : network.dimension).why_not;
  return fmt::format("{}: of the {} pictures in arr_0 of {}{}", metric.name, Length("arr_0"), path_.string(),
                     why.empty() ? "" : "; " + why);
}

Gaussian StatisticsFile::ReadNormal(const NormalArrays& arrays) const {
  const auto mean = file_.Open(arrays.mean), covariance = file_.Open(arrays.covariance);
  if (mean->shape().size() != 1 || mean->shape()[0] < 1)
    Fail("{}: expected the shape [d], found {}", mean->origin(), ShapeText(mean->shape()));
  const int64_t d = mean->shape()[0];
  if (covariance->shape() != std::vector<int64_t>{d, d})
    Fail("{}: expected the shape [{}, {}], as {} has {} values; found {}", covariance->origin(), d, d, arrays.mean, d,
         ShapeText(covariance->shape()));
  const std::vector<double> mu = mean->Values<double>(), sigma = covariance->Values<double>();
  CheckFinite(mu, *mean);
  CheckFinite(sigma, *covariance);
  Gaussian normal;
  normal.mean = Eigen::Map<const Eigen::VectorXd>(mu.data(), d);
  normal.covariance = Eigen::Map<const Eigen::MatrixXd>(sigma.data(), d, d);
  if (ours_ && file_.Has("count")) normal.count = Number("count", 2, 1e15);
  return normal;
}

void StatisticsFile::ReadFeatures(const std::string& name, FeatureSet* set) const {
  const auto array = file_.Open(name);
  const auto shape = array->shape();
  if (shape.size() != 2 || shape[0] < 1 || shape[1] < 1)
    Fail("{}: expected the shape [n, d], found {}", array->origin(), ShapeText(shape));
  if (set->dimension > 0 && set->dimension != shape[1])
    Fail("{}: expected the shape [n, {}], found {}", array->origin(), set->dimension, ShapeText(shape));
  set->dimension = shape[1];
  set->values = array->Values<float>();
  CheckFinite(set->values, *array);
  if (!ours_ || !file_.Has("names")) return;
  const auto names = file_.Open("names");
  set->names = names->Texts();
  if (std::ssize(set->names) != shape[0])
    Fail("{}: {} names of {} pictures", names->origin(), set->names.size(), shape[0]);
}

int64_t StatisticsFile::Number(const char* name, double least, double below) const {
  const auto array = file_.Open(name);
  const auto values = array->Values<double>();
  if (values.size() != 1 || !(values[0] >= least && values[0] < below))
    Fail("{}: expected a number of at least {}", array->origin(), least);
  return static_cast<int64_t>(values[0]);
}

FeatureSet StatisticsFile::Read(std::span<const SetMetric> metrics, const FeatureNetwork& network,
                                const MeasureOptions& options, int64_t dimension) const {
  if (dimension == 0) dimension = network.info().dimension;
  bool normal = false, features = false, pictures = false;
  for (const SetMetric& metric : metrics) {
    const Basis basis = BasisOf(metric, network.info(), dimension);
    if (basis == Basis::kNone) Fail("{}: {}", metric.name, WhyNot(metric, network.info(), dimension));
    normal |= basis == Basis::kNormal;
    features |= basis == Basis::kFeatures;
    pictures |= basis == Basis::kPictures;
  }
  const std::string name = metrics[0].network;
  FeatureSet set{.description = path_.string(), .weights = ours_ ? Text("weights") : ""};
  if (pictures) {
    const auto source = OpenPictureSet(path_);
    set = MeasureFeatures(*source, name, network, options);
    set.names.clear();  // places in an array are no names to pair by
  }
  if (normal) {
    set.normal = ReadNormal(FindNormal(name, dimension));
    set.dimension = set.normal->dimension();
  }
  if (ours_ && file_.Has("frames")) set.frames = Number("frames", 1, 1e9);
  // Features that skipbench kept beside a mean and a covariance are those that they are of, and tell more.
  const std::string array = FindFeatures(name, dimension);
  if (!pictures && !array.empty() && (features || ours_)) ReadFeatures(array, &set);
  set.normal_is_apart = set.normal && set.has_features() && !ours_;
  return set;
}

bool HoldsStatistics(const std::filesystem::path& path) {
  const NpzFile file(path);
  return !file.Has("arr_0") || file.Has("mu") || file.Has("feats") || file.Has("features");
}

bool SameFeatures(const std::string& a, const std::string& b) { return WithoutDefault(a) == WithoutDefault(b); }

void WriteStatisticsFile(const std::filesystem::path& path, const FeatureSet& set, const std::string& network,
                         bool keep_features) {
  if (set.count() < 2)
    Fail("{}: {} has {} sample; a covariance needs at least two", path.string(), set.description, set.count());
  const Gaussian normal = StatisticsOf(set.view()).Normal();
  const int64_t d = normal.dimension();
  const double count = static_cast<double>(normal.count);
  NpzWriter writer(path);
  writer.Add("mu", {d}, std::span(normal.mean.data(), static_cast<size_t>(d)));
  writer.Add("sigma", {d, d}, std::span(normal.covariance.data(), static_cast<size_t>(d * d)));
  writer.Add("count", {}, std::span(&count, 1));
  const double frames = static_cast<double>(set.frames);
  if (set.frames > 0) writer.Add("frames", {}, std::span(&frames, 1));
  writer.AddText("network", network);
  if (!set.weights.empty()) writer.AddText("weights", set.weights);
  if (keep_features) writer.Add("features", {set.count(), d}, std::span(set.values));
  if (keep_features && !set.names.empty()) writer.AddTexts("names", set.names);
  writer.Commit();
}

}  // namespace skipbench
