// Statistics files as people have them, and what a metric takes of them.
#include "harness/evaluation/statistics_file.h"

#include <gmock/gmock.h>

#include "harness/evaluation/comparison.h"
#include "harness/evaluation/subjects.h"
#include "tests/evaluation/pictures.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

using Basis = StatisticsFile::Basis;
using ::testing::HasSubstr;
using testing::TempDir;

SetMetric Metric(const std::string& name) { return FindSetMetric(name).value(); }

// A mean and a covariance of d features under two names.
struct Normal {
  std::vector<double> mean, covariance;
  explicit Normal(int64_t d, double shift = 0) : mean(static_cast<size_t>(d)), covariance(static_cast<size_t>(d * d)) {
    for (int64_t i = 0; i < d; ++i) {
      mean[static_cast<size_t>(i)] = shift + 0.01 * static_cast<double>(i);
      covariance[static_cast<size_t>(i * d + i)] = 1 + shift;
    }
  }
  void AddTo(NpzWriter* writer, const std::string& suffix = "") const {
    const auto d = static_cast<int64_t>(mean.size());
    writer->Add("mu" + suffix, {d}, mean);
    writer->Add("sigma" + suffix, {d, d}, covariance);
  }
};

// An archive of guided-diffusion's layout; arr_0 is put in by numpy's own name of bytes.
void WriteAdm(const std::filesystem::path& path, bool pictures) {
  const Normal pool(2048), spatial(2023, 1);
  NpzWriter writer(path);
  pool.AddTo(&writer);
  spatial.AddTo(&writer, "_s");
  std::vector<uint8_t> bytes(5 * 8 * 8 * 3);
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(i * 7 + i / 192);
  if (pictures) writer.Add("arr_0", {5, 8, 8, 3}, bytes);
  writer.Commit();
}

FeatureNetworkInfo Info(int64_t dimension, bool clips = false) {
  FeatureNetworkInfo info;
  info.dimension = dimension;
  info.clips = clips;
  return info;
}

TEST(StatisticsFile, EveryMetricTakesWhatIsItsOwn) {
  const TempDir dir;
  WriteAdm(dir / "adm.npz", true);
  const StatisticsFile adm(dir / "adm.npz");
  EXPECT_EQ(adm.network(), "inception:legacy_tf");
  EXPECT_EQ(adm.BasisOf(Metric("fid:legacy_tf"), Info(2048)), Basis::kNormal);
  EXPECT_EQ(adm.BasisOf(Metric("sfid:legacy_tf"), Info(2023)), Basis::kNormal);
  for (const char* metric : {"prc:legacy_tf", "kid:legacy_tf", "fid:clean", "kid", "fid:pytorch_fid"})
    EXPECT_EQ(adm.BasisOf(Metric(metric), Info(2048)), Basis::kPictures) << metric;
  for (const char* metric : {"fd_fashion", "kd_fashion"})
    EXPECT_EQ(adm.BasisOf(Metric(metric), Info(128)), Basis::kPictures);
  EXPECT_EQ(adm.BasisOf(Metric("sfid:clean"), Info(2023)), Basis::kPictures);
  EXPECT_EQ(adm.BasisOf(Metric("fvd"), Info(400, true)), Basis::kNone) << "pictures are no clips";
  EXPECT_THAT(adm.NoteOn(Metric("fid:clean"), Info(2048)), HasSubstr("of the 5 pictures in arr_0 of"));
  EXPECT_THAT(adm.NoteOn(Metric("fid:clean"), Info(2048)), HasSubstr("inception:legacy_tf (it has mu_s"));
  EXPECT_EQ(adm.NoteOn(Metric("fid:legacy_tf"), Info(2048)), "");
  // Without the pictures nothing stands in for what is not there.
  WriteAdm(dir / "bare.npz", false);
  const StatisticsFile bare(dir / "bare.npz");
  EXPECT_EQ(bare.WhyNot(Metric("sfid:legacy_tf"), Info(2023)), "");
  EXPECT_THAT(bare.WhyNot(Metric("fid:clean"), Info(2048)), HasSubstr("not of inception:clean"));
  EXPECT_THAT(bare.WhyNot(Metric("kid:legacy_tf"), Info(2048)), HasSubstr("a mean and a covariance only"));
  EXPECT_THAT(bare.WhyNot(Metric("psnr:paper"), {}), HasSubstr("needs pictures; "));
}

TEST(StatisticsFile, FilesThatDoNotSayAreTakenAtTheirWord) {
  const TempDir dir;
  {
    NpzWriter writer(dir / "plain.npz");
    const Normal normal(128);
    normal.AddTo(&writer);
    writer.Commit();
  }
  const StatisticsFile plain(dir / "plain.npz");
  EXPECT_EQ(plain.BasisOf(Metric("fd_fashion"), Info(128)), Basis::kNormal);
  EXPECT_THAT(plain.WhyNot(Metric("fid"), Info(2048)),
              HasSubstr("mu has 128 values, the features of inception:clean have 2048"));
  EXPECT_THAT(plain.WhyNot(Metric("sfid"), Info(2023)), HasSubstr("no arrays mu_s [d] and sigma_s [d, d]"));
  // clean-fid's file for KID: features alone.
  const std::vector<float> feats = {1, 2, 3, 4, 5, 6, 7, 9};
  NpzWriter writer(dir / "kid.npz");
  writer.Add("feats", {4, 2}, feats);
  writer.Commit();
  const StatisticsFile kid(dir / "kid.npz");
  for (const char* metric : {"kid", "prc", "fid"}) EXPECT_EQ(kid.BasisOf(Metric(metric), Info(2)), Basis::kFeatures);
  EXPECT_THAT(kid.WhyNot(Metric("kid"), Info(3)), HasSubstr("no array \"mu\""));
  EXPECT_TRUE(HoldsStatistics(dir / "kid.npz"));
}

// Features of arr_0's pictures are those of the same pictures in a folder; the statistics beside them stay apart.
TEST(StatisticsFile, PicturesOfABatchAreMeasured) {
  const TempDir dir;
  const auto network = OpenFeatureNetwork("fashion");
  std::vector<uint8_t> bytes;
  for (int i = 0; i < 6; ++i) {
    const at::Tensor picture = testing::MakePicture(i, 64, 64);
    testing::WritePicture(dir / fmt::format("folder/{:06}.png", i), picture);
    const at::Tensor pixels = picture.permute({1, 2, 0}).contiguous();
    bytes.insert(bytes.end(), pixels.const_data_ptr<uint8_t>(), pixels.const_data_ptr<uint8_t>() + pixels.numel());
  }
  for (const bool deflate : {false, true}) {
    NpzWriter writer(dir / "batch.npz", deflate);
    const Normal normal(128, 0.5);
    writer.Add("arr_0", {6, 64, 64, 3}, bytes);
    normal.AddTo(&writer);
    writer.Commit();
    const std::vector<SetMetric> both = {Metric("fd_fashion"), Metric("kd_fashion")};
    const FeatureSet set = StatisticsFile(dir / "batch.npz").Read(both, *network, {.quiet = true});
    const auto folder = OpenPictureSet(dir / "folder");
    const FeatureSet expected = MeasureFeatures(*folder, "fashion", *network, {.quiet = true});
    EXPECT_EQ(set.values, expected.values);
    EXPECT_TRUE(set.names.empty());
    EXPECT_TRUE(set.compares_normals());
    EXPECT_EQ(set.normal->mean[0], 0.5);
    EXPECT_FALSE(
        StatisticsFile(dir / "batch.npz").Read(std::span(both).first(1), *network, {.quiet = true}).has_features());
  }
  NpzWriter writer(dir / "pictures.npz");
  writer.Add("arr_0", {6, 64, 64, 3}, bytes);
  writer.Commit();
  EXPECT_FALSE(HoldsStatistics(dir / "pictures.npz"));
  const ComparedSet pictures = OpenComparedSet(dir / "pictures.npz", {});
  EXPECT_EQ(pictures.pictures->size(), 6);
  EXPECT_EQ(pictures.pictures->name(5), "000005");
}

TEST(StatisticsFile, FeaturesAndNamesAreKept) {
  const TempDir dir;
  const auto network = OpenFeatureNetwork("fashion");
  FeatureSet set{.description = "set", .dimension = 128};
  for (int i = 0; i < 3 * 128; ++i) set.values.push_back(static_cast<float>(i % 37) / 7);
  set.names = {"b", "a/\xc3\xa4", "c"};
  const std::vector<SetMetric> metrics = {Metric("fd_fashion")};
  WriteStatisticsFile(dir / "s.npz", set, "fashion", true);
  const FeatureSet read = StatisticsFile(dir / "s.npz").Read(metrics, *network, {});
  EXPECT_EQ(read.values, set.values);
  EXPECT_EQ(read.names, set.names);
  EXPECT_FALSE(read.compares_normals());
  EXPECT_EQ(read.normal->count, 3);
  WriteStatisticsFile(dir / "s.npz", set, "fashion", false);
  EXPECT_FALSE(StatisticsFile(dir / "s.npz").Read(metrics, *network, {}).has_features());
  EXPECT_THAT(StatisticsFile(dir / "s.npz").WhyNot(Metric("fid"), Info(2048)),
              HasSubstr("holds statistics of the features of fashion, not of inception:clean"));
  NpzWriter writer(dir / "bad.npz");
  const Normal normal(128);
  writer.Add("mu", {128}, normal.mean);
  writer.Add("sigma", {64, 256}, normal.covariance);
  writer.Commit();
  EXPECT_ERROR(StatisticsFile(dir / "bad.npz").Read(metrics, *network, {}),
               "expected the shape [128, 128], as mu has 128 values; found [64, 256]");
}

// ---- comparisons ----------------------------------------------------------------------------------------------------

struct Folders {
  TempDir dir;
  ComparedSet a, b;
  std::vector<MetricRequest> requests;
  MetricNetworks networks;

  explicit Folders(const std::vector<std::string>& metrics, const std::string& second = "{}.png") {
    for (int i = 0; i < 8; ++i) {
      testing::WritePicture(dir / fmt::format("a/{}.png", i), testing::MakePicture(i, 64, 64));
      testing::WritePicture(dir / "b" / fmt::format(fmt::runtime(second), i), testing::MakePicture(i + 20, 64, 64));
    }
    a = OpenComparedSet(dir / "a", {});
    b = OpenComparedSet(dir / "b", {});
    requests = RequestMetrics(metrics, "test");
    networks = OpenMetricNetworks(requests, {}, {});
  }
  std::vector<MeasuredValue> Rows(bool pair = true) const {
    ComparisonOptions options{.measure = {.quiet = true}, .pair = pair};
    return ReportValues(CompareSets(a, &b, requests, networks, options), requests, networks, {}, "");
  }
};

const MeasuredValue& Row(const std::vector<MeasuredValue>& rows, const std::string& metric) {
  for (const auto& row : rows)
    if (row.metric.name == metric) return row;
  throw Error("no row " + metric);
}

// Metrics of sets say the same whatever else is asked for.
TEST(CompareSets, PairsDoNotDependOnOtherMetrics) {
  const Folders alone({"fd_fashion", "kd_fashion", "prc_fashion"}),
      more({"psnr", "prc_fashion", "kd_fashion", "fd_fashion"});
  for (const bool pair : {true, false}) {
    const auto first = alone.Rows(pair), second = more.Rows(pair);
    for (const auto& row : first) {
      SCOPED_TRACE(row.metric.name);
      const MeasuredValue& other = Row(second, row.metric.name);
      EXPECT_EQ(*row.value, *other.value);
      EXPECT_EQ(row.without_block, other.without_block);
      EXPECT_EQ(row.interval, other.interval);
      EXPECT_EQ(row.interval.find("left out of both") != std::string::npos, pair);
    }
  }
  // Names that do not pair: metrics of pairs cannot be measured, the others can.
  const Folders others({"psnr", "kd_fashion"}, "{}x.png");
  const auto rows = others.Rows();
  EXPECT_FALSE(Row(rows, "psnr").available);
  EXPECT_THAT(Row(rows, "psnr").note, HasSubstr("do not pair by name"));
  EXPECT_EQ(*Row(rows, "kd_fashion").value, *Row(more.Rows(false), "kd_fashion").value);
}

TEST(CompareSets, ASetIsAtNoDistanceFromItself) {
  const Folders folders({"fd_fashion", "kd_fashion"});
  const ComparisonOptions options{.measure = {.quiet = true}};
  const Measurement same = CompareSets(folders.a, &folders.a, folders.requests, folders.networks, options);
  const auto rows = ReportValues(same, folders.requests, folders.networks, {}, "");
  const double scale = std::abs(*Row(folders.Rows(), "kd_fashion").value);
  EXPECT_NEAR(*Row(rows, "kd_fashion").value, 0, 1e-9 * scale);
  EXPECT_NEAR(*Row(rows, "kd_fashion").high, 0, 1e-9 * scale);
}

// Features kept with their names pair as the pictures do.
TEST(CompareSets, KeptFeaturesPairAsThePicturesDo) {
  const Folders folders({"fd_fashion", "kd_fashion", "prc_fashion"});
  const auto pictures = folders.Rows();
  const ComparisonOptions options{.measure = {.quiet = true}};
  const Measurement b = CompareSets(folders.b, nullptr, folders.requests, folders.networks,
                                    {.measure = {.quiet = true}, .features_only = true});
  WriteStatisticsFile(folders.dir / "b.npz", b.pictures.at("fashion"), "fashion", true);
  const ComparedSet kept = OpenComparedSet(folders.dir / "b.npz", {});
  const Measurement measured = CompareSets(folders.a, &kept, folders.requests, folders.networks, options);
  EXPECT_TRUE(measured.paired.contains("fashion"));
  for (const auto& row : ReportValues(measured, folders.requests, folders.networks, {}, "")) {
    EXPECT_NEAR(*row.value, *Row(pictures, row.metric.name).value, 1e-9 * std::max(1.0, std::abs(*row.value)))
        << row.metric.name;
    EXPECT_EQ(row.interval, Row(pictures, row.metric.name).interval);
  }
  const auto notes = ComparisonNotes(folders.a, &kept, measured, folders.requests, folders.networks, options);
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_THAT(notes[0], HasSubstr("compare 8 pairs"));
  // Pairs cannot be made of statistics; that is found without reading.
  const auto psnr = RequestMetrics({"psnr"}, "test");
  EXPECT_THAT(FindUnmet(folders.a, &kept, psnr, folders.networks, options).at("psnr"),
              HasSubstr("psnr needs pictures; "));
}

}  // namespace
}  // namespace skipbench
