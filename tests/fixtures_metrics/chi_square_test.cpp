// Chi-square tests, Fisher's test and paths against scipy.
#include <gtest/gtest.h>

#include <cmath>

#include "harness/stats/chi_square.h"
#include "harness/stats/path_agreement.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

struct Tolerance {
  double chi2, p;  // relative
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
  ExpectRelative(test.chi2, row.at("chi2"), tolerance.chi2, "chi2");
  ExpectRelative(test.p, row.at("p"), tolerance.p, "p");
  if (table.size() == 2 && table[0].size() == 2) {
    ExpectRelative(test.chi2_yates, row.at("chi2_yates"), tolerance.chi2, "chi2_yates");
    ExpectRelative(test.p_yates, row.at("p_yates"), tolerance.p, "p_yates");
    ExpectRelative(test.phi, row.at("phi"), tolerance.chi2, "phi");
  }
  if (!row.contains("fisher_two_sided")) return;
  ExpectRelative(FisherExactP(table), row.at("fisher_two_sided"), tolerance.p, "fisher_two_sided");
}

void CheckTables(const Json& file, const Tolerance& tolerance) {
  for (const Json& row : file.at("tables")) {
    SCOPED_TRACE(row.at("table").dump());
    CheckRow(row, tolerance);
  }
}

void CheckPaths(const Json& file, const Tolerance& tolerance) {
  for (const Json& row : file.at("samples")) {
    SCOPED_TRACE(row.at("id").get<std::string>());
    CheckRow(row, tolerance);
    const auto searched = row.at("searched").get<std::vector<uint8_t>>();
    const auto estimated = row.at("estimated").get<std::vector<uint8_t>>();
    const PathAgreement agreement = ComparePaths(searched, estimated);
    EXPECT_EQ(agreement.table, row.at("table").get<ContingencyTable>());
    EXPECT_EQ(agreement.skips_searched, row.at("skips_searched").get<int64_t>());
    EXPECT_EQ(agreement.skips_estimated, row.at("skips_estimated").get<int64_t>());
    EXPECT_NEAR(agreement.agreement, row.at("agreement").get<double>(), 1e-15);
    if (row.contains("without_first_four")) {
      CheckRow(row.at("without_first_four"), tolerance);
      EXPECT_EQ(ComparePaths(searched, estimated, 4).table,
                row.at("without_first_four").at("table").get<ContingencyTable>());
    }
  }
  CheckRow(file.at("summary").at("pooled"), tolerance);
}

TEST(ChiSquareFixtures, EveryCase) {
  const testing::Manifest manifest = testing::LoadManifest("metrics", "manifest.json");
  if (!manifest.exists) GTEST_SKIP() << "no fixtures in " << manifest.folder;
  int checked = 0;
  for (const auto& [id, entry] : manifest.json.at("cases").items()) {
    if (entry.at("kind") != "chi2") continue;
    SCOPED_TRACE(id);
    const Tolerance tolerance{entry.at("tolerance").at("chi2_rel").get<double>(),
                              entry.at("tolerance").at("p_rel").get<double>()};
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
