#include "harness/experiment/run/wave_metrics.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "harness/analysis/set_metric_plan.h"
#include "metrics/pictures.h"
#include "metrics/psnr.h"

namespace skipbench {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

at::Tensor FeaturesOf(const FeatureNetwork& network, const std::vector<at::Tensor>& pictures, size_t limit) {
  std::vector<at::Tensor> all;
  for (size_t begin = 0; begin < pictures.size(); begin += limit)
    all.push_back(
        network.Features(at::stack(at::TensorList(pictures).slice(begin, std::min(limit, pictures.size() - begin)))));
  return at::cat(all);
}

void WriteFeatures(const std::string& name, int64_t d, const std::vector<SamplePictures>& samples,
                   const PictureFeatures& features, SettingWave* out) {
  const auto n = std::ssize(samples);
  Array<float>& array = out->features[FeatureColumn(name)];
  array = {{n, d}, std::vector<float>(static_cast<size_t>(n * d), std::numeric_limits<float>::quiet_NaN())};
  for (int64_t s = 0; s < n; ++s) {
    if (samples[s].row < 0) continue;
    const at::Tensor row = features.at(name)[samples[s].row];
    std::copy_n(row.const_data_ptr<float>(), d, array.values.begin() + s * d);
  }
}

// Of clips the mean over the frames, and every frame's value beside it ("lpips_alex_per_frame").
void WriteColumns(const Plan& plan, const MetricType& metric, const MetricNetwork& network,
                  const std::vector<SamplePictures>& samples, SettingWave* out) {
  std::vector<MetricInput> inputs, references;
  std::vector<size_t> owners;
  std::vector<int64_t> frames;
  for (size_t s = 0; s < samples.size(); ++s) {
    if (!samples[s].picture.defined() || (metric.needs_reference && !samples[s].reference.defined())) continue;
    for (int64_t t = 0; t < FrameCount(samples[s].picture); ++t) {
      inputs.push_back({FrameOf(samples[s].picture, t), {}, samples[s].caption});
      if (metric.needs_reference) references.push_back({FrameOf(samples[s].reference, t), {}, samples[s].caption});
      owners.push_back(s);
      frames.push_back(t);
    }
  }
  std::vector<Array<float>*> by_frame;  // by column; null: no frames
  for (const auto& column : metric.columns) {
    const auto found = out->features.find(FrameColumn(column));
    by_frame.push_back(found == out->features.end() ? nullptr : &found->second);
  }
  const size_t size = plan.Together(plan.config.batch_size);
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
                values[i][c] / static_cast<double>(FrameCount(samples[owners[begin + i]].picture));
        if (by_frame[c])
          by_frame[c]->values[owners[begin + i] * by_frame[c]->shape[1] + frames[begin + i]] =
              static_cast<float>(values[i][c]);
      }
  }
}

void WriteErrors(const std::vector<SamplePictures>& samples, SettingWave* out) {
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

bool IsWanted(const MetricType& metric, WantedColumns wanted) {
  return !wanted || std::ranges::any_of(metric.columns, [&](const MetricInfo& column) {
    return wanted->contains(column.name) || wanted->contains("features/" + FrameColumn(column));
  });
}

bool FeaturesAreWanted(const Plan& plan, WantedColumns wanted) {
  return std::ranges::any_of(plan.networks.dimensions, [&](const auto& network) {
    return !wanted || wanted->contains("features/" + FeatureColumn(network.first));
  });
}

void ReserveMetrics(const Plan& plan, int64_t n, SettingWave* out) {
  const int64_t frames = plan.pipeline->info().frames;  // 0: pictures
  for (const MetricType* metric : plan.config.metrics)
    for (const auto& column : metric->columns) {
      out->metrics[column.name].assign(static_cast<size_t>(n), kNaN);
      if (frames > 0 && column.per_frame && (metric->measure || plan.networks.samples.contains(metric->name)))
        out->features[FrameColumn(column)] = {
            {n, frames}, std::vector<float>(static_cast<size_t>(n * frames), std::numeric_limits<float>::quiet_NaN())};
    }
}

void MeasureSample(const MetricType& metric, const MetricInput& sample, const MetricInput& reference, int64_t s,
                   SettingWave* out) {
  const auto columns = MeasureFrames(metric, sample, reference);
  for (size_t c = 0; c < columns.size(); ++c) {
    out->metrics.at(metric.columns[c].name)[s] = ClipValue(columns[c]);
    const auto frames = out->features.find(FrameColumn(metric.columns[c]));
    if (frames == out->features.end()) continue;
    std::transform(columns[c].begin(), columns[c].end(), frames->second.values.begin() + s * frames->second.shape[1],
                   [](double value) { return static_cast<float>(value); });
  }
}

PictureFeatures FeaturesOfPictures(const Plan& plan, const std::vector<at::Tensor>& pictures) {
  PictureFeatures features;
  if (pictures.empty()) return features;
  for (const auto& [name, network] : plan.networks.features)
    features[name] = FeaturesOf(*network, pictures, plan.Together(network->info().batch));
  return features;
}

void MeasureSamples(const Plan& plan, const std::vector<SamplePictures>& samples, const PictureFeatures& features,
                    SettingWave* out, WantedColumns wanted) {
  const auto is_wanted = [&](const std::string& column) { return !wanted || wanted->contains(column); };
  for (const auto& [name, d] : plan.networks.dimensions)
    if (is_wanted("features/" + FeatureColumn(name))) WriteFeatures(name, d, samples, features, out);
  for (const MetricType* metric : plan.config.metrics)
    if (!IsWanted(*metric, wanted)) {
      continue;
    } else if (const auto network = plan.networks.samples.find(metric->name); network != plan.networks.samples.end())
      WriteColumns(plan, *metric, *network->second, samples, out);
  for (const auto& metric : plan.config.set_metrics)
    if (metric.of_errors && is_wanted(fmt::format("auxiliary/{}", kMseColumn))) WriteErrors(samples, out);
}

}  // namespace skipbench
