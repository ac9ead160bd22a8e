// Pearson's chi-square test of independence in a contingency table, and exact tests of 2x2 tables.
#pragma once

#include <cstdint>
#include <vector>

namespace skipbench {

using ContingencyTable = std::vector<std::vector<int64_t>>;   // [rows][columns], counts

struct ChiSquare {
  bool defined = false;        // false when a row or a column has no count: then there is nothing to test, and the rest is void
  int64_t n = 0;               // sum of all counts
  int dof = 0;                 // (rows - 1) (columns - 1)
  std::vector<std::vector<double>> expected;   // under independence; the approximation wants all of them at 5 or more
  double min_expected = 0;
  double chi2 = 0;             // sum of (O - E)^2 / E
  double p = 1;                // P(chi-square(dof) >= chi2)
  double log10_p = 0;          // finite where p underflows
  double cramers_v = 0;        // sqrt(chi2 / (n (min(rows, columns) - 1))), in [0, 1]
  // 2x2 only.
  double chi2_yates = 0;       // with Yates' correction: every |O - E| lowered by min(0.5, |O - E|)
  double p_yates = 1;
  double phi = 0;              // (ad - bc) / sqrt(r1 r2 c1 c2), in [-1, 1]: the correlation of the two binary variables
};

// Throws Error for a table with less than two rows or columns, a ragged one, negative counts, or more than 2^53 in all.
ChiSquare TestIndependence(const ContingencyTable& table);

// Probabilities of tables with the same margins as the observed 2x2 table (hypergeometric), i.e. over all permutations of one
// variable against the other. They treat the observations as exchangeable.
struct Exact2x2 {
  double fisher_two_sided = 1;   // all tables that are not likelier than the observed one
  double fisher_greater = 1;     // upper-left cell >= the observed one
  double fisher_less = 1;        // upper-left cell <= the observed one
  double permutation_chi2 = 1;   // chi2 >= the observed one
};
// Throws Error unless the table is 2x2 (and as above) with at most 10 million counts. A table without anything to test
// gives ones.
Exact2x2 TestExactly(const ContingencyTable& table);

}  // namespace skipbench
