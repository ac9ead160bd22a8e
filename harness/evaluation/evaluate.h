// Metrics of sets of pictures, whatever these come from: every picture is read once, by threads that work ahead of the
// networks.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "datasets/picture_set.h"
#include "harness/evaluation/metric_networks.h"
#include "harness/measures/feature_set.h"
#include "harness/measures/sample_table.h"

namespace skipbench {

struct Measurement {
  SampleTable samples;              // the metrics of single samples
  FeatureSets pictures, reference;  // of the metrics of sets, each in the order of its source
  std::set<std::string> paired;     // networks of which row i of both belongs to the same sample (comparison.h)
  std::map<std::string, std::string> unmet;  // metrics that could not be measured, and why
  std::vector<std::string> left_out;  // what is wrong with each picture (or pair) that could not be read (skip_broken)
};

struct MeasureOptions {
  int threads = 0;                                   // that read and decode; 0: as many as processors
  int64_t batch_size = 32;                           // samples handed to the networks at once
  bool reference_features = true;                    // false: features of `pictures` only
  bool quiet = false;                                // no progress line
  bool skip_broken = false;                          // pictures that cannot be read are left out, and counted
  std::map<std::string, std::string> captions = {};  // by name, for metrics that need them
  // Of sets that do not pair whole, what pairs is measured: samples of a run that one setting did and another did not.
  bool common_only = false;
};

// Everything that `requests` need of `pictures` and of `reference` (null: there is none). Where a metric needs pairs,
// the two are paired by name (PairByName) and the order of its values is that of `pictures`. Of clips, each frame is
// measured by itself and the clip's value is the mean over the frames that are not identical; networks of pictures see
// the frames as so many pictures. Metrics whose weights are missing are left out. Errors name the file: unreadable, of
// another size than its partner, without a caption, with features that are not finite; a metric of pairs without a
// reference; a network of clips given pictures; clips of unequal length where a network sees them. With skip_broken the
// unreadable are left out, a pair if either is; it is an Error when nothing is left.
Measurement Measure(const PictureSet& pictures, const PictureSet* reference, const std::vector<MetricRequest>& requests,
                    const MetricNetworks& networks, const MeasureOptions& options);

// The features of one network (`name`: as a metric names it) only. What was left out stands in the description.
FeatureSet MeasureFeatures(const PictureSet& pictures, const std::string& name, const FeatureNetwork& network,
                           const MeasureOptions& options);

// "2 could not be read and were left out (FILE: why; ...)"; empty if none.
std::string LeftOutText(const std::vector<std::string>& left_out);

// "64 x 64 pixels", "16 frames of 64 x 64 pixels".
std::string DescribePicture(const at::Tensor& picture);

}  // namespace skipbench
