// Chi-square tests, exact tests and path summaries against scipy.
#include <gtest/gtest.h>

#include <cmath>

#include "harness/stats/chi_square.h"
#include "harness/stats/path_agreement.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

struct Tolerance {
  double chi2, p;   // relative
};

void ExpectRelative(double value, const Json& expected, double tolerance, const char* what) {
  const double e = expected.get<double>();
  EXPECT_NEAR(value, e, tolerance * std::fabs(e) + 1e-300) << what;
}

// What a row says of a table; keys it lacks are not checked, but `defined` it must have.
void CheckRow(const Json& row, const Tolerance& tolerance) {
  const auto table = row.at("table").get<ContingencyTable>();
  const ChiSquare test = TestIndependence(table);
  EXPECT_EQ(test.n, row.at("n").get<int64_t>());
  EXPECT_EQ(test.dof, row.at("dof").get<int>());
  ASSERT_EQ(test.defined, row.at("defined").get<bool>());
  if (!test.defined) return;
  const auto expected = row.at("expected").get<std::vector<std::vector<double>>>();
  for (size_t i = 0; i < expected.size(); ++i)
    for (size_t j = 0; j < expected[i].size(); ++j) EXPECT_NEAR(test.expected[i][j] / expected[i][j], 1, 1e-14);
  ExpectRelative(test.min_expected, row.at("min_expected"), 1e-14, "min_expected");
  ExpectRelative(test.chi2, row.at("chi2"), tolerance.chi2, "chi2");
  ExpectRelative(test.p, row.at("p"), tolerance.p, "p");
  ExpectRelative(test.log10_p, row.at("log10_p"), tolerance.p, "log10_p");
  ExpectRelative(test.cramers_v, row.at("cramers_v"), tolerance.chi2, "cramers_v");
  if (table.size() == 2 && table[0].size() == 2) {
    ExpectRelative(test.chi2_yates, row.at("chi2_yates"), tolerance.chi2, "chi2_yates");
    ExpectRelative(test.p_yates, row.at("p_yates"), tolerance.p, "p_yates");
    ExpectRelative(test.phi, row.at("phi"), tolerance.chi2, "phi");
  }
  if (!row.contains("fisher_two_sided")) return;
  const Exact2x2 exact = TestExactly(table);
  ExpectRelative(exact.fisher_two_sided, row.at("fisher_two_sided"), tolerance.p, "fisher_two_sided");
  ExpectRelative(exact.fisher_greater, row.at("fisher_greater"), tolerance.p, "fisher_greater");
  ExpectRelative(exact.fisher_less, row.at("fisher_less"), tolerance.p, "fisher_less");
  ExpectRelative(exact.permutation_chi2, row.at("permutation_chi2"), tolerance.p, "permutation_chi2");
}

void CheckTables(const Json& file, const Tolerance& tolerance) {
  for (const Json& row : file.at("tables")) {
    SCOPED_TRACE(row.at("table").dump());
    CheckRow(row, tolerance);
  }
}

void CheckPaths(const Json& file, const Tolerance& tolerance) {
  std::vector<PathAgreement> samples;
  for (const Json& row : file.at("samples")) {
    SCOPED_TRACE(row.at("id").get<std::string>());
    CheckRow(row, tolerance);
    const auto searched = row.at("searched").get<std::vector<uint8_t>>();
    const auto estimated = row.at("estimated").get<std::vector<uint8_t>>();
    samples.push_back(ComparePaths(searched, estimated));
    EXPECT_EQ(samples.back().table, row.at("table").get<ContingencyTable>());
    EXPECT_EQ(samples.back().skips_searched, row.at("skips_searched").get<int64_t>());
    EXPECT_EQ(samples.back().skips_estimated, row.at("skips_estimated").get<int64_t>());
    EXPECT_NEAR(samples.back().agreement, row.at("agreement").get<double>(), 1e-15);
    if (row.contains("without_first_four")) {
      CheckRow(row.at("without_first_four"), tolerance);
      EXPECT_EQ(ComparePaths(searched, estimated, 4).table, row.at("without_first_four").at("table").get<ContingencyTable>());
    }
  }
  const PathSummary summary = Summarise(samples);
  const Json& expected = file.at("summary");
  EXPECT_EQ(summary.count, expected.at("count").get<int64_t>());
  EXPECT_EQ(summary.defined, expected.at("defined").get<int64_t>());
  ExpectRelative(summary.mean_chi2, expected.at("mean_chi2"), tolerance.chi2, "mean_chi2");
  ExpectRelative(summary.mean_p, expected.at("mean_p"), tolerance.p, "mean_p");
  ExpectRelative(summary.median_p, expected.at("median_p"), tolerance.p, "median_p");
  ExpectRelative(summary.mean_phi, expected.at("mean_phi"), tolerance.chi2, "mean_phi");
  ExpectRelative(summary.fraction_p_below_0_05, expected.at("fraction_p_below_0_05"), 1e-14, "fraction_p_below_0_05");
  ExpectRelative(summary.mean_agreement, expected.at("mean_agreement"), 1e-14, "mean_agreement");
  EXPECT_EQ(summary.pooled_table, expected.at("pooled").at("table").get<ContingencyTable>());
  CheckRow(expected.at("pooled"), tolerance);
  ExpectRelative(summary.pooled.chi2, expected.at("pooled").at("chi2"), tolerance.chi2, "pooled chi2");
}

TEST(ChiSquareFixtures, EveryCase) {
  const testing::Manifest manifest = testing::LoadManifest("metrics", "manifest.json");
  if (!manifest.exists) GTEST_SKIP() << "no fixtures in " << manifest.folder;
  int checked = 0;
  for (const auto& [id, entry] : manifest.json.at("cases").items()) {
    if (entry.at("kind") != "chi2") continue;
    SCOPED_TRACE(id);
    const Tolerance tolerance{entry.at("tolerance").at("chi2_rel").get<double>(), entry.at("tolerance").at("p_rel").get<double>()};
    for (const Json& name : entry.at("files")) {
      const Json file = ReadJsonFile(manifest.folder / name.get<std::string>());
      ASSERT_TRUE(file.contains("tables") || file.contains("samples")) << name;
      if (file.contains("tables")) CheckTables(file, tolerance);
      if (file.contains("samples")) CheckPaths(file, tolerance);
      ++checked;
    }
  }
  EXPECT_GT(checked, 0) << "the manifest lists no chi-square test";
}

}  // namespace
}  // namespace skipbench
