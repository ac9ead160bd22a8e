#include "harness/experiment/wave_metrics.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "harness/evaluation/result_distances.h"
#include "metrics/psnr.h"

namespace skipbench {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

at::Tensor FeaturesOf(const FeatureNetwork& network, const std::vector<at::Tensor>& pictures) {
  std::vector<at::Tensor> all;
  const auto limit =
      static_cast<size_t>(std::max<int64_t>(1, network.BatchSize(pictures[0].size(-2), pictures[0].size(-1))));
  for (size_t begin = 0; begin < pictures.size(); begin += limit)
    all.push_back(
        network.Features(at::stack(at::TensorList(pictures).slice(begin, std::min(limit, pictures.size() - begin)))));
  return at::cat(all);
}

void WriteFeatures(const std::string& name, int64_t d, const std::vector<SamplePictures>& samples,
                   const PictureFeatures& features, SettingWave* out) {
  const auto n = static_cast<int64_t>(samples.size());
  Array<float>& array = out->features[FeatureColumn(name)];
  array = {{n, d}, std::vector<float>(static_cast<size_t>(n * d), std::numeric_limits<float>::quiet_NaN())};
  for (int64_t s = 0; s < n; ++s) {
    if (samples[s].row < 0) continue;
    const at::Tensor row = features.at(name)[samples[s].row];
    std::copy_n(row.const_data_ptr<float>(), d, array.values.begin() + s * d);
  }
}

int64_t Frames(const at::Tensor& picture) { return picture.dim() == 4 ? picture.size(0) : 1; }
at::Tensor Frame(const at::Tensor& picture, int64_t t) { return picture.dim() == 4 ? picture[t] : picture; }

// [samples, frames] without values.
Array<float> NoFrames(size_t samples, int64_t frames) {
  const auto n = static_cast<int64_t>(samples);
  return {{n, frames}, std::vector<float>(static_cast<size_t>(n * frames), std::numeric_limits<float>::quiet_NaN())};
}

// Of clips the mean over the frames, and every frame's value beside it ("lpips_alex_per_frame", as frame_metrics.h has them).
void WriteColumns(const Plan& plan, const MetricType& metric, const MetricNetwork& network,
                  const std::vector<SamplePictures>& samples, SettingWave* out) {
  std::vector<MetricInput> inputs, references;
  std::vector<size_t> owners;
  std::vector<int64_t> frames;
  for (size_t s = 0; s < samples.size(); ++s) {
    if (!samples[s].picture.defined() || (metric.needs_reference && !samples[s].reference.defined())) continue;
    for (int64_t t = 0; t < Frames(samples[s].picture); ++t) {
      inputs.push_back({Frame(samples[s].picture, t), {}, samples[s].caption});
      if (metric.needs_reference) references.push_back({Frame(samples[s].reference, t), {}, samples[s].caption});
      owners.push_back(s);
      frames.push_back(t);
    }
  }
  const int64_t clip = plan.pipeline->info().frames;   // 0: pictures
  std::vector<Array<float>*> by_frame;                 // by column
  for (const auto& column : metric.columns)
    if (clip > 0) by_frame.push_back(&(out->features[column.name + "_per_frame"] = NoFrames(samples.size(), clip)));
  const auto size = static_cast<size_t>(plan.config.batch_size);
  for (size_t begin = 0; begin < inputs.size(); begin += size) {
    const size_t count = std::min(size, inputs.size() - begin);
    const auto values =
        network.Measure(std::span(inputs).subspan(begin, count),
                        metric.needs_reference ? std::span<const MetricInput>(references).subspan(begin, count)
                                               : std::span<const MetricInput>());
    for (size_t i = 0; i < count; ++i)
      for (size_t c = 0; c < metric.columns.size(); ++c) {
        double& value = out->metrics.at(metric.columns[c].name)[owners[begin + i]];
        value = (std::isnan(value) ? 0 : value) +
                values[i][c] / static_cast<double>(Frames(samples[owners[begin + i]].picture));
        if (clip > 0) by_frame[c]->values[owners[begin + i] * clip + frames[begin + i]] = static_cast<float>(values[i][c]);
      }
  }
}

void WritePaperPsnr(const std::vector<SamplePictures>& samples, SettingWave* out) {
  std::vector<double>& mse = out->auxiliary[kMseColumn];
  std::vector<double>& peak = out->auxiliary[kPeakColumn];
  mse.assign(samples.size(), kNaN);
  peak.assign(samples.size(), kNaN);
  for (size_t s = 0; s < samples.size(); ++s) {
    if (!samples[s].picture.defined() || !samples[s].reference.defined()) continue;
    const SquaredError error = CompareBytes(samples[s].picture, samples[s].reference);
    mse[s] = error.mse();
    peak[s] = error.max_value;
  }
}

}  // namespace

PictureFeatures FeaturesOfPictures(const Plan& plan, const std::vector<at::Tensor>& pictures) {
  PictureFeatures features;
  if (pictures.empty()) return features;
  for (const auto& [name, network] : plan.networks.features) features[name] = FeaturesOf(*network, pictures);
  return features;
}

void MeasureSamples(const Plan& plan, const std::vector<SamplePictures>& samples, const PictureFeatures& features,
                    SettingWave* out) {
  for (const auto& [name, d] : plan.networks.dimensions) WriteFeatures(name, d, samples, features, out);
  for (const MetricType* metric : plan.config.metrics)
    if (const auto network = plan.networks.samples.find(metric->name); network != plan.networks.samples.end())
      WriteColumns(plan, *metric, *network->second, samples, out);
  for (const auto& metric : plan.config.set_metrics)
    if (metric.kind == SetMetricKind::kPaperPsnr) WritePaperPsnr(samples, out);
}

}  // namespace skipbench
