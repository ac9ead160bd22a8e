// Feature statistics, Frechet distance, kernel distance, precision and recall against numpy, scipy, pytorch-fid and
// torch-fidelity.
#include "harness/stats/frechet.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "harness/io/files/npz.h"
#include "harness/stats/kernel_distance.h"
#include "harness/stats/precision_recall.h"
#include "tests/support/fixtures.h"
#include "tests/support/set_distances.h"

namespace skipbench {
namespace {

using testing::UnbiasedMmd2;

using Tensors = std::map<std::string, at::Tensor>;

FeatureView View(const at::Tensor& t) {
  return {{t.const_data_ptr<float>(), static_cast<size_t>(t.numel())}, t.size(1)};
}

Eigen::MatrixXd Matrix(const at::Tensor& t) {
  return Eigen::Map<const Eigen::MatrixXd>(t.const_data_ptr<double>(), t.size(0), t.size(1)).transpose();
}
Eigen::VectorXd Vector(const at::Tensor& t) {
  return Eigen::Map<const Eigen::VectorXd>(t.const_data_ptr<double>(), t.size(0));
}

template <typename A, typename B>
void ExpectClose(const A& value, const B& expected, double tolerance, const char* what) {
  ASSERT_EQ(value.rows(), expected.rows()) << what;
  ASSERT_EQ(value.cols(), expected.cols()) << what;
  EXPECT_LE((value - expected).cwiseAbs().maxCoeff(), tolerance) << what;
}

// Everything that a case's files hold, by their last names: "expected.json", "features.safetensors".
struct Files {
  std::map<std::string, Json> json;
  std::map<std::string, Tensors> tensors;
  std::vector<std::filesystem::path> npz;
};

Files Load(const testing::Manifest& manifest, const Json& entry) {
  Files files;
  for (const auto& name : entry.at("files").get<std::vector<std::string>>()) {
    const auto path = manifest.folder / name;
    if (name.ends_with(".json")) files.json[path.filename().string()] = ReadJsonFile(path);
    if (name.ends_with(".safetensors")) files.tensors[path.filename().string()] = testing::LoadTensors(path);
    if (name.ends_with(".npz")) files.npz.push_back(path);
  }
  return files;
}

void CheckDistance(const Json& row, const FeatureView& a, const FeatureView& b, const Json& tolerance) {
  const double expected = row.at("frechet").get<double>();
  const double traces = row.at("trace_a").get<double>() + row.at("trace_b").get<double>();
  const double rel = tolerance.at("frechet_rel").get<double>(),
               times_trace = tolerance.at("frechet_abs_times_trace").get<double>();
  const FrechetResult exact = FrechetDistance(a, b), covariances = FrechetDistance(StatisticsOf(a), StatisticsOf(b));
  // From features it is exact for singular sets too.
  EXPECT_NEAR(exact.distance, expected, rel * expected + 1e-12 * traces);
  EXPECT_NEAR(covariances.distance, expected, rel * expected + times_trace * traces);
  for (const FrechetResult& result : {exact, covariances}) {
    EXPECT_NEAR(result.mean_term, row.at("mean_term").get<double>(), 1e-9 * (1e-3 + row.at("mean_term").get<double>()));
    EXPECT_NEAR(result.trace_a, row.at("trace_a").get<double>(), 1e-9 * traces);
    EXPECT_NEAR(result.trace_b, row.at("trace_b").get<double>(), 1e-9 * traces);
  }
}

void CheckDistances(const Files& files, const Json& tolerance) {
  const Tensors& features = files.tensors.at("features.safetensors");
  const Tensors& stats = files.tensors.at("stats.safetensors");
  const double rel = tolerance.at("mean_cov_rel").get<double>();
  for (const Json& row : files.json.at("expected.json").at("cases")) {
    const auto id = row.at("id").get<std::string>();
    SCOPED_TRACE(id);
    const FeatureView a = View(features.at(id + ".a")), b = View(features.at(id + ".b"));
    ASSERT_EQ(a.rows(), row.at("n_a").get<int64_t>());
    ASSERT_EQ(b.rows(), row.at("n_b").get<int64_t>());
    CheckDistance(row, a, b, tolerance);
    for (const auto& [name, view] : {std::pair<std::string, FeatureView>(".a", a), {".b", b}}) {
      const Gaussian normal = StatisticsOf(view).Normal();
      const Eigen::VectorXd mean = Vector(stats.at(id + name + ".mean"));
      ExpectClose(normal.mean, mean, rel * mean.cwiseAbs().maxCoeff(), "mean");
      if (!stats.contains(id + name + ".cov")) continue;
      const Eigen::MatrixXd covariance = Matrix(stats.at(id + name + ".cov"));
      ExpectClose(normal.covariance, covariance, rel * covariance.cwiseAbs().maxCoeff(), "covariance");
    }
    EXPECT_NEAR(StatisticsOf(a).Normal().covariance.norm(), row.at("cov_a_fro").get<double>(),
                rel * row.at("cov_a_fro").get<double>());
  }
  // Reference statistics as pytorch-fid writes them: of d8.b.
  const FeatureView b = View(features.at("d8.b"));
  EXPECT_FALSE(files.npz.empty());
  for (const auto& path : files.npz) {
    SCOPED_TRACE(path.filename());
    const NpzFile file(path);
    const NpyArray mu = file.Read("mu"), sigma = file.Read("sigma");
    const Gaussian computed = StatisticsOf(b).Normal();
    ASSERT_EQ(mu.shape, (std::vector<int64_t>{b.dimension}));
    ASSERT_EQ(sigma.shape, (std::vector<int64_t>{b.dimension, b.dimension}));
    ExpectClose(Eigen::Map<const Eigen::VectorXd>(mu.values.data(), b.dimension), computed.mean,
                rel * computed.mean.cwiseAbs().maxCoeff(), "mean");
    ExpectClose(Eigen::Map<const Eigen::MatrixXd>(sigma.values.data(), b.dimension, b.dimension), computed.covariance,
                rel * computed.covariance.cwiseAbs().maxCoeff(), "covariance");
  }
}

void CheckShards(const Files& files, const Json& tolerance) {
  const Json& expected = files.json.at("shards.json");
  const Tensors& tensors = files.tensors.at("shards.safetensors");
  const double abs = tolerance.at("abs").get<double>();
  std::vector<FeatureStatistics> shards;
  const auto counts = expected.at("counts").get<std::vector<int64_t>>();
  for (size_t i = 0; i < counts.size(); ++i)
    shards.emplace_back(counts[i], Vector(tensors.at(fmt::format("shard{}.mean", i))),
                        Matrix(tensors.at(fmt::format("shard{}.scatter", i))));
  for (const auto& [name, order] : expected.at("orders").items()) {
    SCOPED_TRACE(name);
    FeatureStatistics merged;
    for (size_t i : order.get<std::vector<size_t>>()) merged.Merge(shards.at(i));
    ExpectClose(merged.Normal().mean, Vector(tensors.at("merged.mean")), abs, "mean");
    ExpectClose(merged.Normal().covariance, Matrix(tensors.at("merged.cov")), abs, "covariance");
  }
}

void CheckKid(const Files& files, const Json& tolerance) {
  const Json& expected = files.json.at("kid.json");
  const Tensors& tensors = files.tensors.at("kid.safetensors");
  const FeatureView a = View(tensors.at("a")), b = View(tensors.at("b"));
  const auto rows_of = [&](const char* name) {
    const at::Tensor index = tensors.at(name).to(at::kLong);
    std::vector<std::vector<int64_t>> rows;
    for (int64_t i = 0; i < index.size(0); ++i)
      rows.emplace_back(index[i].const_data_ptr<int64_t>(), index[i].const_data_ptr<int64_t>() + index.size(1));
    return rows;
  };
  const auto rows_a = rows_of("idx_a"), rows_b = rows_of("idx_b");
  const double rel = tolerance.at("rel").get<double>();
  const auto near = [&](double value, double e, double relative) {
    EXPECT_NEAR(value, e, relative * std::abs(e) + 1e-13);
  };
  for (size_t i = 0; i < rows_a.size(); ++i) {
    const double value =
        KernelInceptionDistance(a, b, std::span(rows_a).subspan(i, 1), std::span(rows_b).subspan(i, 1)).mean;
    near(value, expected.at("mmd2_f64").at(i).get<double>(), rel);
    near(value, expected.at("mmd2_f32").at(i).get<double>(), tolerance.at("rel_f32").get<double>());
  }
  const KernelDistance kid = KernelInceptionDistance(a, b, rows_a, rows_b);
  near(kid.mean, expected.at("kid_mean").get<double>(), rel);
  near(kid.stddev, expected.at("kid_std").get<double>(), rel);
  EXPECT_EQ(kid.subsets, expected.at("subsets").get<int64_t>());
  EXPECT_EQ(kid.subset_size, expected.at("subset_size").get<int64_t>());
  const auto first = expected.at("full_first_rows").get<int64_t>();
  near(UnbiasedMmd2(a.Rows(0, first), b.Rows(0, first)), expected.at("full_mmd2").get<double>(), rel);
}

void CheckPrecisionRecall(const Files& files, const Json& tolerance) {
  const Json& expected = files.json.at("prc.json");
  const Tensors& tensors = files.tensors.at("prc.safetensors");
  const auto k = expected.at("k").get<int64_t>();
  const FeatureView generated = View(tensors.at("gen")), real = View(tensors.at("real"));
  const PrecisionRecall result = ComputePrecisionRecall(generated, real, k);
  EXPECT_DOUBLE_EQ(result.precision, expected.at("precision").get<double>());
  EXPECT_DOUBLE_EQ(result.recall, expected.at("recall").get<double>());
}

TEST(FrechetFixtures, EveryCase) {
  const testing::Manifest manifest = testing::LoadManifest("metrics", "manifest.json");
  if (!manifest.exists) GTEST_SKIP() << "no fixtures in " << manifest.folder;
  std::map<std::string, int> checked;
  for (const auto& [id, entry] : manifest.json.at("cases").items()) {
    const auto kind = entry.at("kind").get<std::string>();
    if (kind != "frechet" && kind != "kid" && kind != "prc") continue;
    SCOPED_TRACE(id);
    const Files files = Load(manifest, entry);
    const Json& tolerance = entry.at("tolerance");
    if (files.json.contains("expected.json")) {
      CheckDistances(files, tolerance);
    } else if (files.json.contains("shards.json")) {
      CheckShards(files, tolerance);
    } else if (files.json.contains("kid.json")) {
      CheckKid(files, tolerance);
    } else {
      ASSERT_TRUE(files.json.contains("prc.json")) << "what is this?";
      CheckPrecisionRecall(files, tolerance);
    }
    ++checked[kind];
  }
  for (const char* kind : {"frechet", "kid", "prc"})
    EXPECT_GT(checked[kind], 0) << "the manifest lists no case of kind " << kind;
}

}  // namespace
}  // namespace skipbench
