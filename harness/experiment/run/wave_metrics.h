// What metrics give of a wave's pictures and latents.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "harness/experiment/plan/plan.h"
#include "harness/store/records.h"

namespace skipbench {

// Columns that are wanted of a setting; null: all of them.
using WantedColumns = const std::set<std::string>*;
// Whether any column of a metric, or of its frames, is among them.
bool IsWanted(const MetricType& metric, WantedColumns wanted);
// Whether the features of any network are.
bool FeaturesAreWanted(const Plan& plan, WantedColumns wanted);

// The columns of all metrics for n samples, without values, so that every wave has them; of clips also those of their
// frames.
void ReserveMetrics(const Plan& plan, int64_t n, SettingWave* out);

// Fills the columns of a metric without a network for sample `s`.
void MeasureSample(const MetricType& metric, const MetricInput& sample, const MetricInput& reference, int64_t s,
                   SettingWave* out);

// Of the wave's distinct pictures, by network: float32 [pictures, dimension].
using PictureFeatures = std::map<std::string, at::Tensor>;

// Settings that decided alike share a picture, and so its features.
PictureFeatures FeaturesOfPictures(const Plan& plan, const std::vector<at::Tensor>& pictures);

// One sample as a setting made it; undefined tensors and row -1 where it was not done.
struct SamplePictures {
  at::Tensor picture, reference;  // uint8 [3, H, W], clips [T, 3, H, W]
  int64_t row = -1;               // of PictureFeatures
  std::string caption;
};

// Fills a setting's features, the values of metrics with networks, and what psnr:paper needs. Samples that were not
// done get NaN; so do all, in the columns of metrics whose weights are missing.
void MeasureSamples(const Plan& plan, const std::vector<SamplePictures>& samples, const PictureFeatures& features,
                    SettingWave* out, WantedColumns wanted = nullptr);

}  // namespace skipbench
