// Pearson's chi-square test of independence in a contingency table, and Fisher's exact test of 2x2 tables.
#pragma once

#include <cstdint>
#include <vector>

namespace skipbench {

using ContingencyTable = std::vector<std::vector<int64_t>>;  // [rows][columns], counts

struct ChiSquare {
  bool defined =
      false;      // false when a row or a column has no count: then there is nothing to test, and the rest is void
  int64_t n = 0;  // sum of all counts
  int dof = 0;    // (rows - 1) (columns - 1)
  std::vector<std::vector<double>> expected;  // under independence; the approximation wants all of them at 5 or more
  double chi2 = 0;                            // sum of (O - E)^2 / E
  double p = 1;                               // P(chi-square(dof) >= chi2)
  // 2x2 only.
  double chi2_yates = 0;  // with Yates' correction: every |O - E| lowered by min(0.5, |O - E|)
  double p_yates = 1;
  double phi = 0;  // (ad - bc) / sqrt(r1 r2 c1 c2), in [-1, 1]: the correlation of the two binary variables
};

// Throws Error for a table with less than two rows or columns, a ragged one, negative counts, or more than 2^53 in all.
ChiSquare TestIndependence(const ContingencyTable& table);

// Fisher's exact test, two-sided: the probability (hypergeometric) of all tables with the margins of the observed 2x2
// table that are not likelier than it, i.e. over all permutations of one variable against the other. It treats the
// observations as exchangeable. Throws Error unless the table is 2x2 (and as above) with at most 10 million counts. 1
// for a table without anything to test.
double FisherExactP(const ContingencyTable& table);

}  // namespace skipbench
