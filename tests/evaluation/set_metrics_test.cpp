#include <gmock/gmock.h>

#include <algorithm>
#include <random>

#include "harness/analysis/set_distances.h"
#include "harness/stats/frechet.h"
#include "harness/stats/jackknife.h"
#include "harness/stats/kernel_distance.h"
#include "harness/store/result_writer.h"
#include "metrics/catalog.h"
#include "metrics/paper_metrics.h"
#include "tests/store/example_run.h"
#include "tests/support/fixtures.h"
#include "tests/support/set_distances.h"

namespace skipbench {
namespace {

using testing::EstimateFrechet;
using testing::UnbiasedMmd2;

using testing::ExampleHeader;
using testing::ExampleWave;
using ::testing::HasSubstr;
using testing::TempDir;

SetMetric Metric(const std::string& name) { return FindSetMetric(name).value(); }

FeatureSet Features(int64_t n, int64_t d, unsigned seed, float shift = 0) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  FeatureSet set{.description = fmt::format("set {}", seed), .dimension = d};
  for (int64_t i = 0; i < n * d; ++i) set.values.push_back(normal(random) + shift);
  return set;
}

TEST(MetricNames, DefaultsPrefixesAndCompanions) {
  EXPECT_EQ(Metric("fid").name, "fid:clean");
  EXPECT_EQ(Metric("fid").network, "inception:clean");
  EXPECT_EQ(Metric("fd:torchscript:/x/y.pt").network, "torchscript:/x/y.pt");
  EXPECT_EQ(Metric("prc:legacy_tf").columns.size(), 2u);
  EXPECT_EQ(Metric("prc:i3d").network, "i3d");
  EXPECT_FALSE(FindSetMetric("fidd").has_value());
  const auto requests = RequestMetrics({"psnr:paper", "ssim", "psnr", "fvd:paper"}, "here");
  std::vector<std::string> names;
  for (const auto& request : requests) names.push_back(request.name);
  EXPECT_EQ(names, (std::vector<std::string>{"psnr", "psnr:paper", "ssim", "fvd", "fvd:paper"}));
  EXPECT_ERROR(RequestMetrics({"fidd"}, "here"), "here: unknown metric \"fidd\"; known: psnr");
}

TEST(MeasureSets, FrechetDistanceWithItsInterval) {
  const FeatureSet a = Features(300, 5, 1), b = Features(400, 5, 2, 1.0f);
  const auto rows = MeasureSets(Metric("fid"), {a, b, false}, {});
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_NEAR(*rows[0].value, FrechetDistance(a.view(), b.view()).distance, 1e-9);
  EXPECT_LT(*rows[0].low, *rows[0].value);
  EXPECT_NEAR(*rows[0].high - *rows[0].value, 1.96 * *rows[0].standard_error, 1e-3 * *rows[0].standard_error);
  // Against a file that holds mean and covariance only.
  FeatureSet statistics{.description = "ref.npz", .dimension = 5, .normal = StatisticsOf(b.view()).Normal()};
  const auto other = MeasureSets(Metric("fid"), {a, statistics, false}, {});
  EXPECT_NEAR(*other[0].value, *rows[0].value, 1e-9);
  EXPECT_NEAR(*other[0].standard_error, *rows[0].standard_error, 1e-6);
  EXPECT_ERROR(MeasureSets(Metric("kid"), {a, statistics, false}, {}), "ref.npz holds a mean and a covariance only");
  EXPECT_FALSE(MeasureSets(Metric("fid"), {a, b, false}, {.blocks = 0})[0].low.has_value());
}

// Left out of one set, or of both where their rows belong together.
TEST(MeasureSets, KernelDistancesPrecisionAndRecallHaveIntervals) {
  const FeatureSet a = Features(60, 5, 1), b = Features(60, 5, 2, 0.7f);
  const std::vector<int64_t> bounds = BlockBounds(60, 20);
  for (const bool paired : {false, true}) {
    for (const auto& metric : {"kid", "prc"})
      for (const auto& row : MeasureSets(Metric(metric), {a, b, paired}, {})) {
        SCOPED_TRACE(row.metric.name);
        ASSERT_EQ(row.without_block.size(), 20u);
        EXPECT_NEAR(*row.standard_error, Jackknife(*row.value, row.without_block).standard_error, 1e-15);
        EXPECT_LT(*row.low, *row.value);
        EXPECT_EQ(row.interval, paired ? "jackknife over 20 blocks of samples, left out of both sets"
                                       : "jackknife over 20 blocks of samples");
        if (row.metric.name != "kid:clean") {
          EXPECT_GE(*row.low, 0);
          EXPECT_LE(*row.high, 1);
        }
      }
    const auto kid = MeasureSets(Metric("kid"), {a, b, paired}, {});
    EXPECT_NEAR(*kid[0].value, UnbiasedMmd2(a.view(), b.view(), paired), 1e-12);
    if (!paired) continue;
    FeatureSet rest = a, rest_b = b;
    for (FeatureSet* set : {&rest, &rest_b}) set->values.resize(static_cast<size_t>(bounds[19] * 5));
    EXPECT_NEAR(kid[0].without_block[19], *MeasureSets(Metric("kid"), {rest, rest_b, true}, {})[0].value, 1e-12);
  }
  for (const char* metric : {"kid", "prc"})
    EXPECT_FALSE(MeasureSets(Metric(metric), {a, b, false}, {.blocks = 0})[0].low.has_value());
  // Two samples can lose none.
  EXPECT_FALSE(MeasureSets(Metric("kid"), {Features(2, 5, 3), Features(2, 5, 4), true}, {})[0].low.has_value());
}

// Statistics that are not those of the features beside them: each metric takes what it is of, whatever else is asked
// for.
TEST(MeasureSets, StatisticsApartFromFeatures) {
  const FeatureSet a = Features(60, 5, 1), b = Features(50, 5, 2, 0.7f), all = Features(900, 5, 3, 0.7f);
  FeatureSet mixed = b;
  mixed.normal = StatisticsOf(all.view()).Normal();
  const auto value = [&](const char* metric, const FeatureSet& reference) {
    return *MeasureSets(Metric(metric), {a, reference, false}, {})[0].value;
  };
  EXPECT_NEAR(value("fid", mixed), value("fid", b), 1e-9);
  mixed.normal_is_apart = true;
  EXPECT_NEAR(value("fid", mixed), value("fid", all), 1e-9);
  EXPECT_NEAR(value("kid", mixed), value("kid", b), 1e-12);
  EXPECT_EQ(MeasureSets(Metric("fid"), {mixed, a, true}, {})[0].count, 900);
}

TEST(FeatureSets, PairByTheSameNames) {
  FeatureSet a = Features(3, 2, 1), b = Features(3, 2, 2);
  const FeatureSet before = b;
  EXPECT_FALSE(OrderLike(a, &b)) << "without names";
  a.names = {"x", "y", "z"};
  b.names = {"z", "x", "y"};
  ASSERT_TRUE(OrderLike(a, &b));
  EXPECT_EQ(b.names, a.names);
  EXPECT_THAT(b.view().row(0), ::testing::ElementsAre(before.values[2], before.values[3]));
  b.names = {"z", "x", "w"};
  EXPECT_FALSE(OrderLike(a, &b));
  EXPECT_EQ(CountPartners(a, b), 2);
  b.names = {"z", "x", "x"};
  EXPECT_FALSE(OrderLike(a, &b)) << "a name twice";
}

TEST(MeasureSets, BadFeaturesAreNamed) {
  const FeatureSet good = Features(10, 4, 1);
  EXPECT_ERROR(MeasureSets(Metric("fid"), {Features(1, 4, 7), good, false}, {}), "fid:clean: set 7 has 1 sample;");
  FeatureSet broken = Features(10, 4, 8);
  broken.values[7] = NAN;
  for (const char* metric : {"fid", "kid", "prc"})
    EXPECT_ERROR(MeasureSets(Metric(metric), {broken, good, false}, {}), "set 8");
  EXPECT_ERROR(MeasureSets(Metric("fid"), {Features(10, 3, 9), good, false}, {}), "dimensions");
  EXPECT_ERROR(MeasureSets(Metric("prc"), {Features(3, 4, 9), good, false}, {}), "more than 3 are needed");
  EXPECT_THAT(MeasureSets(Metric("fid"), {Features(10, 20, 1), Features(30, 20, 2), false}, {})[0].note,
              HasSubstr("singular"));
}

// ---- runs -----------------------------------------------------------------------------------------------------------

constexpr int64_t kSamples = 60;
constexpr int64_t kDimension = 12;

// Samples [first, last) of a run whose features and errors follow from the sample alone.
Wave FeatureWave(const RunHeader& header, int64_t first, int64_t last) {
  Wave wave = ExampleWave(header, first, last - first);
  for (size_t k = 0; k < wave.settings.size(); ++k) {
    auto& setting = wave.settings[k];
    setting.features.clear();
    for (const char* network : {"inception_clean", "i3d"}) {
      auto& features = setting.features[network] = {{last - first, kDimension}, {}};
      for (int64_t i = first; i < last; ++i)
        for (int64_t d = 0; d < kDimension; ++d)
          features.values.push_back(static_cast<float>(testing::ExampleValue(i, k, 300 + static_cast<double>(d * d)) +
                                                       static_cast<double>(k)));
    }
    for (int64_t i = first; i < last; ++i) {
      setting.auxiliary[kMseColumn].push_back(k == 0 ? 0 : 1e-4 * static_cast<double>(1 + i * i));
      setting.auxiliary[kPeakColumn].push_back(static_cast<double>(100 + i));
    }
    if (k == 2 && first <= 11 && 11 < last)
      setting.status[static_cast<size_t>(11 - first)] = Status::kFailed;  // in nothing
  }
  return wave;
}

SetMetricPlan Plan() {
  SetMetricPlan plan;
  for (const char* name : {"fid", "fvd", "fvd:paper", "psnr:paper", "kid", "prc"}) plan.metrics.push_back(Metric(name));
  plan.reference["inception:clean"] = Features(100, kDimension, 5);
  const FeatureSet clips = Features(90, kDimension, 6);
  plan.reference["i3d"] = {
      .description = "clips.npz", .dimension = kDimension, .normal = StatisticsOf(clips.view()).Normal()};
  return plan;
}

void WriteShard(const std::filesystem::path& path, RunHeader header, int index, int count) {
  header.shard = {index, count};
  ResultWriter writer(path, header, false);
  writer.CommitExtra(kSetMetricsPart, [](hdf5::Group& group) { WriteSetMetricPlan(group, Plan()); });
  const int64_t first = kSamples * index / count, last = kSamples * (index + 1) / count;
  for (int64_t i = first; i < last; i += 7) writer.Commit(FeatureWave(header, i, std::min(i + 7, last)));
  if (index % 2 == 0) writer.Finish();
}

// Features computed in 1, 2 and 7 shards and merged in any order give the same distances.
TEST(SetDistances, DoNotDependOnShards) {
  const TempDir dir;
  RunHeader header = ExampleHeader(kSamples);
  std::vector<MeasuredValue> whole;
  std::mt19937 random(3);
  for (const int count : {1, 2, 7}) {
    std::vector<std::filesystem::path> shards;
    for (int k = 0; k < count; ++k) {
      shards.push_back(dir / fmt::format("{}of{}", k, count));
      WriteShard(shards.back(), header, k, count);
    }
    std::shuffle(shards.begin(), shards.end(), random);
    const auto distances = SetDistances(ResultReader::Open(shards, {.known = CatalogMetrics()}));
    if (count == 1) whole = distances;
    ASSERT_EQ(distances.size(), whole.size());
    for (size_t i = 0; i < distances.size(); ++i) {
      SCOPED_TRACE(fmt::format("{} of {}, {} shards: {}", distances[i].metric.name, distances[i].subject, count,
                               distances[i].note));
      ASSERT_TRUE(distances[i].value.has_value());
      EXPECT_EQ(distances[i].metric.name, whole[i].metric.name);
      EXPECT_NEAR(*distances[i].value, *whole[i].value, 1e-9 * std::max(1.0, std::abs(*whole[i].value)));
    }
  }
  // Every metric of features against the data for 3 settings, and everything against the reference for the other 2: 4
  // and 6 metrics, prc two rows.
  EXPECT_EQ(whole.size(), 3u * 5 + 2u * 7);
}

TEST(SetDistances, AreWhatTheFeaturesSay) {
  const TempDir dir;
  const RunHeader header = ExampleHeader(kSamples);
  WriteShard(dir / "run", header, 0, 1);
  const ResultReader result = ResultReader::Open(dir / "run", {.known = CatalogMetrics()});
  std::vector<SquaredError> errors;
  for (int64_t i = 0; i < kSamples; ++i)
    errors.push_back({static_cast<uint64_t>(1 + i * i), 10000, static_cast<uint8_t>(100 + i)});
  for (const auto& distance : SetDistances(result)) {
    if (distance.setting != 1) continue;
    const auto a = result.Read<float>(1, "features/i3d"), b = result.Read<float>(0, "features/i3d");
    const FeatureView va{a.values, kDimension}, vb{b.values, kDimension};
    if (distance.metric.name == "fvd" && distance.against == kAgainstReference) {
      EXPECT_NEAR(*distance.value, FrechetDistance(va, vb).distance, 1e-9);
    }
    if (distance.metric.name == "fvd:paper") {
      double mean = 0;
      for (int64_t i = 0; i < kSamples; ++i) mean += SquaredDistance(va.row(i), vb.row(i)) / kSamples;
      EXPECT_NEAR(*distance.value, mean, 1e-9);
    }
    if (distance.metric.name == "psnr:paper") {
      EXPECT_NEAR(*distance.value, PaperCompatPsnr(errors).mean, 1e-9);
    }
  }
}

// Over some of the samples they are what the features of those say, each row with its blocks; the latter are stored
// too.
TEST(SetDistances, OverSomeOfTheSamples) {
  const TempDir dir;
  const RunHeader header = ExampleHeader(kSamples);
  WriteShard(dir / "run", header, 0, 1);
  const ResultReader result = ResultReader::Open(dir / "run", {.known = CatalogMetrics()});
  std::vector<std::vector<bool>> rows(3, std::vector<bool>(kSamples));
  for (size_t i = 0; i < 40; ++i) rows[1][i] = true;
  std::vector<std::vector<bool>> both = rows;
  for (size_t i = 10; i < kSamples; ++i) both[0][i] = true;
  bool found = false;
  for (const auto& distance : SetDistances(result, both)) {
    if (distance.setting != 1 || distance.metric.name != "fvd" || distance.against != kAgainstReference) continue;
    found = true;
    const auto a = result.Read<float>(1, "features/i3d"), b = result.Read<float>(0, "features/i3d");
    const auto estimate = EstimateFrechet(FeatureView{a.values, kDimension}.Rows(10, 40),
                                          FeatureView{b.values, kDimension}.Rows(10, 40), true);
    EXPECT_EQ(distance.count, 30);
    EXPECT_NEAR(*distance.value, estimate.whole.distance, 1e-9);
    EXPECT_NEAR(*distance.standard_error, estimate.jackknife.standard_error, 1e-9);
    EXPECT_EQ(distance.without_block.size(), 20u);
  }
  EXPECT_TRUE(found);
  EXPECT_ERROR(SetDistances(result, std::vector<std::vector<bool>>()), "0 settings");
}

TEST(SetDistances, AreStoredWithTheirBlocks) {
  const TempDir dir;
  const RunHeader header = ExampleHeader(kSamples);
  WriteShard(dir / "run", header, 0, 1);
  const auto computed = SetDistances(ResultReader::Open(dir / "run", {.known = CatalogMetrics()}));
  {
    ResultWriter writer(dir / "again", header, false);
    writer.CommitExtra(kSetMetricsPart, [](hdf5::Group& group) { WriteSetMetricPlan(group, Plan()); });
    writer.Commit(FeatureWave(header, 0, kSamples));
    const ResultReader result = ResultReader::Open(dir / "run", {.known = CatalogMetrics()});
    writer.CommitExtra(kDistancesPart, [&](hdf5::Group& group) { WriteDistances(group, computed, result); });
    writer.Finish();
  }
  const auto stored = SetDistances(ResultReader::Open(dir / "again", {.known = CatalogMetrics()}));
  ASSERT_EQ(stored.size(), computed.size());
  for (size_t i = 0; i < stored.size(); ++i) {
    EXPECT_EQ(ToJson(stored[i]), ToJson(computed[i]));
    EXPECT_EQ(stored[i].without_block, computed[i].without_block);
    EXPECT_EQ(stored[i].subject, computed[i].subject);
  }
}

// What the results say of a metric counts, not what this program knows of its name.
TEST(SetDistances, AreDescribedByTheResults) {
  const TempDir dir;
  const RunHeader header = ExampleHeader(kSamples);
  SetMetricPlan plan = Plan();
  plan.metrics[0].columns[0].limit = 7;
  ResultWriter writer(dir / "run", header, false);
  writer.CommitExtra(kSetMetricsPart, [&](hdf5::Group& group) { WriteSetMetricPlan(group, plan); });
  writer.Commit(FeatureWave(header, 0, kSamples));
  const ResultReader result = ResultReader::Open(dir / "run", {.known = CatalogMetrics()});
  const auto distances = SetDistances(result);
  EXPECT_EQ(distances[0].metric.limit, 7);
  writer.CommitExtra(kDistancesPart, [&](hdf5::Group& group) { WriteDistances(group, distances, result); });
  const auto stored = SetDistances(ResultReader::Open(dir / "run", {.known = CatalogMetrics()}));
  EXPECT_EQ(stored[0].metric.limit, 7);
  EXPECT_EQ(stored[0].metric.better, Direction::kLower);
  EXPECT_ERROR(SetDistances(ResultReader::Open(dir / "run")), "unknown metric \"fid:clean\"");
}

TEST(SetDistances, AreTakenFromTheResultsIfTheyAreOfTheSameSamples) {
  const TempDir dir;
  const RunHeader header = ExampleHeader(kSamples);
  ResultWriter writer(dir / "run", header, false);
  writer.CommitExtra(kSetMetricsPart, [](hdf5::Group& group) { WriteSetMetricPlan(group, Plan()); });
  writer.Commit(FeatureWave(header, 0, 30));
  {
    const ResultReader half = ResultReader::Open(dir / "run", {.known = CatalogMetrics()});
    auto distances = SetDistances(half);
    distances.resize(1);
    distances[0].value = 123;
    writer.CommitExtra(kDistancesPart, [&](hdf5::Group& group) { WriteDistances(group, distances, half); });
  }
  EXPECT_EQ(*SetDistances(ResultReader::Open(dir / "run", {.known = CatalogMetrics()})).at(0).value, 123);
  writer.Commit(FeatureWave(header, 30, kSamples));
  const auto all = SetDistances(ResultReader::Open(dir / "run", {.known = CatalogMetrics()}));
  EXPECT_GT(all.size(), 1u);
  EXPECT_EQ(all[0].count, kSamples);
}

}  // namespace
}  // namespace skipbench
