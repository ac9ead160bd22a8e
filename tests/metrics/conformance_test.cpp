// One body that every metric of the catalog passes, with the example that its own file brings (metric_example.h).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "metrics/backbones/feature_network.h"
#include "metrics/pictures.h"
#include "tests/metrics/metric_example.h"
#include "tests/support/fixtures.h"

namespace skipbench {

FeatureSet testing::ExampleFeatures(float shift, int64_t n, int64_t dimension) {
  std::mt19937 random(5);
  std::normal_distribution<float> normal;
  FeatureSet set{.description = fmt::format("features shifted by {}", shift), .dimension = dimension};
  for (int64_t i = 0; i < n * dimension; ++i) set.values.push_back(normal(random) + shift);
  return set;
}

namespace {

using ::testing::HasSubstr;
using testing::MetricExample;
using testing::MetricExamples;

bool Covers(const MetricExample& example, const CatalogEntry& entry) {
  const auto found = FindMetric(example.metric);
  if (!found) return false;
  if (entry.sample) return found->name == entry.name;
  const SetMetric metric = entry.set("name", entry.network);
  return found->set && found->set->of_features == metric.of_features && found->set->of_errors == metric.of_errors;
}

void ExpectDescribed(const MetricInfo& info) {
  SCOPED_TRACE(info.name);
  EXPECT_FALSE(info.title.empty());
  EXPECT_NE(info.better, Direction::kUnknown) << "a comparison could not judge it";
  EXPECT_NO_THROW(RequireSound(info, info.name));
  EXPECT_EQ(MetricInfoFromJson(ToJson(info), "test").limit, info.limit);
}

// Every next value must be worse than the one before, in the direction that the metric declares.
void ExpectWorse(const MetricInfo& info, double before, double after) {
  EXPECT_TRUE(info.better == Direction::kHigher ? after < before : after > before)
      << info.name << ", where " << DirectionName(info.better) << " is better: " << before << ", then " << after;
}

TEST(MetricConformance, EveryEntryHasAnExample) {
  std::set<std::string> names, columns;
  for (const CatalogEntry& entry : MetricCatalog()) {
    EXPECT_TRUE(names.insert(entry.name).second) << entry.name << " twice";
    EXPECT_NE(entry.sample.has_value(), entry.set != nullptr) << entry.name;
    EXPECT_TRUE(std::any_of(MetricExamples().begin(), MetricExamples().end(),
                            [&](const auto& example) { return Covers(example, entry); }))
        << entry.name << ": no file of tests/metrics has an example of it (metric_example.h)";
    const auto infos = entry.sample ? entry.sample->columns : entry.set(entry.name, entry.network).columns;
    EXPECT_FALSE(infos.empty()) << entry.name;
    for (const MetricInfo& info : infos) {
      ExpectDescribed(info);
      EXPECT_TRUE(columns.insert(info.name).second) << info.name << " twice";
    }
  }
  for (const auto& example : MetricExamples())
    EXPECT_TRUE(FindMetric(example.metric)) << example.metric << " is not in the catalog";
}

std::vector<double> Values(const MetricType& type, const MetricNetwork* network, const MetricInput& sample,
                           const MetricInput& reference) {
  if (!network) {
    std::vector<double> values;
    for (const auto& column : MeasureFrames(type, sample, reference)) values.push_back(ClipValue(column));
    return values;
  }
  return network->Measure({&sample, 1},
                          type.needs_reference ? std::span(&reference, 1) : std::span<const MetricInput>())[0];
}

void CheckSampleMetric(const MetricType& type, const MetricExample& example) {
  ASSERT_EQ(type.measure == nullptr, type.open != nullptr);
  ASSERT_EQ(type.open == nullptr, type.weights == nullptr);
  ASSERT_GE(example.samples.size(), 2u);
  std::unique_ptr<MetricNetwork> network;
  try {
    if (type.open) network = type.open({});
  } catch (const MissingWeightsError& e) {
    EXPECT_THAT(e.what(), HasSubstr(".safetensors"));
    return;  // fixtures_metrics has the weights
  }
  std::vector<double> before;
  for (const MetricInput& sample : example.samples) {
    const std::vector<double> values = Values(type, network.get(), sample, example.reference);
    ASSERT_EQ(values.size(), type.columns.size());
    EXPECT_EQ(Values(type, network.get(), sample, example.reference), values) << "measured again";
    for (size_t c = 0; c < before.size(); ++c) ExpectWorse(type.columns[c], before[c], values[c]);
    before = values;
  }
  if (network) return;
  const auto& [best, worst] = std::pair(example.samples.front(), example.samples.back());
  EXPECT_ERROR(type.measure({}, {}), "missing");
  if (!type.needs_pictures) return;
  // What it does not need it does without; of a clip each frame is measured by itself.
  const MetricInput clip{at::stack({best.picture, worst.picture}), {}},
      reference{at::stack({example.reference.picture, example.reference.picture}), {}};
  const auto frames = MeasureFrames(type, clip, reference);
  for (size_t c = 0; c < type.columns.size(); ++c)
    EXPECT_EQ(frames[c],
              (std::vector{type.measure(best, example.reference)[c], type.measure(worst, example.reference)[c]}));
  EXPECT_ERROR(MeasureFrames(type, clip, example.reference), type.name);
}

// The rows in another order, the same for both where they are pairs.
FeatureSet Reversed(FeatureSet set) {
  std::vector<int64_t> order;
  for (int64_t i = set.count() - 1; i >= 0; --i) order.push_back(i);
  set.Reorder(order);
  return set;
}

void CheckMetricOfFeatures(const SetMetric& metric, const MetricExample& example) {
  const auto measure = [&](const FeatureSet& set, const FeatureSet& reference, const SetOptions& options = {}) {
    return MeasureSets(metric, {set, reference, metric.needs_pairs}, options);
  };
  ASSERT_GE(example.sets.size(), 2u);
  std::vector<MeasuredValue> before;
  for (const FeatureSet& set : example.sets) {
    const auto values = measure(set, example.reference_set),
               turned = measure(Reversed(set), Reversed(example.reference_set));
    ASSERT_EQ(values.size(), metric.columns.size());
    for (size_t c = 0; c < values.size(); ++c) {
      const MeasuredValue& value = values[c];
      EXPECT_EQ(value.metric.name, metric.columns[c].name);
      EXPECT_EQ(value.count, set.count());
      ASSERT_TRUE(value.value.has_value());
      EXPECT_NEAR(*turned[c].value, *value.value, 1e-9 * std::max(1.0, std::abs(*value.value)))
          << "the order of the samples";
      if (value.low) {
        EXPECT_LE(*value.low, *value.value);
        EXPECT_GE(*value.high, *value.value);
        EXPECT_FALSE(value.interval.empty());
      }
      if (!before.empty()) ExpectWorse(value.metric, *before[c].value, *value.value);
    }
    before = values;
  }
  const FeatureSet& set = example.sets.front();
  EXPECT_TRUE(measure(set, example.reference_set, {.blocks = 0})[0].without_block.empty());
  const FeatureSet narrow = testing::ExampleFeatures(0, set.count(), set.dimension - 1);
  EXPECT_ERROR(measure(set, narrow), metric.name);
  FeatureSet broken = set;
  broken.values[1] = NAN;
  if (!metric.needs_pairs) EXPECT_ERROR(measure(broken, example.reference_set), metric.name);
  FeatureSet statistics{
      .description = "s.npz", .dimension = set.dimension, .normal = StatisticsOf(set.view()).Normal()};
  if (metric.needs_features)
    EXPECT_ERROR(measure(set, statistics), metric.name);
  else
    EXPECT_NO_THROW(measure(set, statistics));
  statistics = set;
  FeatureSet other = example.reference_set;
  statistics.weights = "aa";
  other.weights = "bb";
  EXPECT_ERROR(measure(statistics, other), "different weights");
}

void CheckMetricOfErrors(const SetMetric& metric, const MetricExample& example) {
  ASSERT_GE(example.errors.size(), 2u);
  std::vector<MeasuredValue> before;
  for (const auto& errors : example.errors) {
    const auto values = metric.of_errors(metric, errors, 1);
    ASSERT_EQ(values.size(), metric.columns.size());
    EXPECT_EQ(values[0].count, static_cast<int64_t>(errors.size()));
    if (!before.empty()) ExpectWorse(values[0].metric, *before[0].value, *values[0].value);
    before = values;
  }
}

TEST(MetricConformance, EveryExampleIsMeasured) {
  for (const MetricExample& example : MetricExamples()) {
    SCOPED_TRACE(example.metric);
    const auto metric = FindMetric(example.metric);
    ASSERT_TRUE(metric);
    if (metric->sample)
      CheckSampleMetric(*metric->sample, example);
    else if (metric->set->of_features)
      CheckMetricOfFeatures(*metric->set, example);
    else
      CheckMetricOfErrors(*metric->set, example);
  }
}

}  // namespace
}  // namespace skipbench
