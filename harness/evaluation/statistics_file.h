// Reference statistics on disk: .npz files as people have them.
//
//   who wrote it              arrays
//   pytorch-fid, clean-fid    mu [d], sigma [d, d]
//   clean-fid, for KID        feats [n, d]
//   guided-diffusion (ADM)    arr_0 [n, H, W, 3] (pictures), mu, sigma (of inception:legacy_tf), mu_s, sigma_s (of its
//                             spatial features); mu and sigma need not be those of arr_0's pictures
//   skipbench                 mu, sigma, count, frames (of clips), network (whose features, as a metric names it),
//                             weights (their SHA-256), features [n, d], names [n] (of the pictures: what they pair by)
//
// Only arrays that a metric needs are read. A file that does not say whose features its statistics are of is taken at
// its word, as far as their number goes.
#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "harness/evaluation/evaluate.h"
#include "harness/io/files/npz.h"
#include "harness/measures/feature_set.h"
#include "harness/measures/set_metric.h"

namespace skipbench {

class StatisticsFile {
 public:
  // Looks at the archive's directory and at headers of arrays. Throws Error naming the file.
  explicit StatisticsFile(const std::filesystem::path& path);

  // What a metric can be computed from.
  enum class Basis {
    kNone,      // nothing that is there
    kNormal,    // a mean and a covariance
    kFeatures,  // features
    kPictures,  // features of the pictures in arr_0, which a network has to compute
  };
  // `network`: the metric's, opened; `dimension`: of its features, 0: unknown.
  Basis BasisOf(const SetMetric& metric, const FeatureNetworkInfo& network, int64_t dimension = 0) const;
  // What is missing where that is kNone.
  std::string WhyNot(const SetMetric& metric, const FeatureNetworkInfo& network, int64_t dimension = 0) const;
  // What a reader of the value should know of it: that it is of arr_0's pictures. Empty: nothing.
  std::string NoteOn(const SetMetric& metric, const FeatureNetworkInfo& network, int64_t dimension = 0) const;

  const std::filesystem::path& path() const { return path_; }
  // The network that the statistics are of; empty where the file does not tell.
  const std::string& network() const { return network_; }

  // All that these metrics, of one network, compare; arr_0's pictures are measured where one needs them. Throws Error
  // naming the file and the array: missing, of another shape, not finite; where a metric's basis is kNone.
  FeatureSet Read(std::span<const SetMetric> metrics, const FeatureNetwork& network, const MeasureOptions& options,
                  int64_t dimension = 0) const;

 private:
  // The arrays that hold mean and covariance of a network's features; else why there are none.
  struct NormalArrays {
    std::string mean = {}, covariance = {}, why_not = {};
  };
  NormalArrays FindNormal(const std::string& network, int64_t dimension) const;
  // The array of features; empty: none.
  std::string FindFeatures(const std::string& network, int64_t dimension) const;
  std::string Text(const char* name) const;
  int64_t Length(const std::string& name) const;  // of the first axis; 0: not there
  Gaussian ReadNormal(const NormalArrays& arrays) const;
  int64_t Number(const char* name, double least, double below) const;  // the array's only value
  void ReadFeatures(const std::string& name, FeatureSet* set) const;

  std::filesystem::path path_;
  NpzFile file_;
  std::string network_;
  bool ours_ = false, has_pictures_ = false;
};

// Whether an .npz file is one of the above rather than mere pictures (arr_0 alone). Throws Error naming the file.
bool HoldsStatistics(const std::filesystem::path& path);

// Whether two names are of the same features: a layer that is the default may be left out.
bool SameFeatures(const std::string& a, const std::string& b);

// Writes mu, sigma (unbiased), count, frames (of clips), network and weights; with `keep_features` also features
// (float32) and the pictures' names. At least two samples.
void WriteStatisticsFile(const std::filesystem::path& path, const FeatureSet& set, const std::string& network,
                         bool keep_features);

}  // namespace skipbench
