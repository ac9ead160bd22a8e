#include "harness/stats/chi_square.h"

#include <boost/math/special_functions/gamma.hpp>

#include <algorithm>
#include <cmath>

#include "harness/base/error.h"

namespace skipbench {
namespace {

struct Margins {
  std::vector<int64_t> rows, columns;
  int64_t n = 0;
};

Margins CheckedMargins(const ContingencyTable& table) {
  if (table.size() < 2 || table[0].size() < 2)
    Fail("contingency table: at least two rows and two columns were expected");
  Margins m;
  m.rows.assign(table.size(), 0);
  m.columns.assign(table[0].size(), 0);
  for (size_t i = 0; i < table.size(); ++i) {
    if (table[i].size() != m.columns.size())
      Fail("contingency table: row {} has {} columns, row 0 has {}", i, table[i].size(), m.columns.size());
    for (size_t j = 0; j < table[i].size(); ++j) {
      const int64_t count = table[i][j];
      if (count < 0) Fail("contingency table: the count in row {}, column {} is negative: {}", i, j, count);
      if (count > (int64_t{1} << 53) - m.n) Fail("contingency table: more than 2^53 counts");
      m.n += count;
      m.rows[i] += count;
      m.columns[j] += count;
    }
  }
  return m;
}

// Sum of (|O - E| - correction)^2 / E.
double Statistic(const ContingencyTable& table, const ChiSquare& test, double correction) {
  double sum = 0;
  for (size_t i = 0; i < table.size(); ++i) {
    for (size_t j = 0; j < table[i].size(); ++j) {
      const double expected = test.expected[i][j];
      const double distance = std::fabs(static_cast<double>(table[i][j]) - expected);
      const double corrected = distance - std::min(correction, distance);
      sum += corrected * corrected / expected;
    }
  }
  return sum;
}

// P(X >= x) for chi-square with `dof` degrees of freedom.
double ChiSquareTail(double x, double dof) { return boost::math::gamma_q(dof / 2, x / 2); }

double Phi(const ContingencyTable& t, const Margins& m) {
  const double root = std::sqrt(static_cast<double>(m.rows[0])) * std::sqrt(static_cast<double>(m.rows[1])) *
                      std::sqrt(static_cast<double>(m.columns[0])) * std::sqrt(static_cast<double>(m.columns[1]));
  const auto determinant = static_cast<__int128>(t[0][0]) * t[1][1] - static_cast<__int128>(t[0][1]) * t[1][0];
  return static_cast<double>(determinant) / root;
}

}  // namespace

ChiSquare TestIndependence(const ContingencyTable& table) {
  const Margins m = CheckedMargins(table);
  ChiSquare test;
  test.n = m.n;
  test.dof = static_cast<int>((m.rows.size() - 1) * (m.columns.size() - 1));
  test.defined = std::ranges::count(m.rows, 0) == 0 && std::ranges::count(m.columns, 0) == 0;
  if (!test.defined) return test;

  const auto n = static_cast<double>(m.n);
  for (int64_t row : m.rows) {
    auto& expected = test.expected.emplace_back();
    for (int64_t column : m.columns) expected.push_back(static_cast<double>(row) * static_cast<double>(column) / n);
  }
  test.chi2 = Statistic(table, test, 0);
  test.p = ChiSquareTail(test.chi2, test.dof);
  if (m.rows.size() == 2 && m.columns.size() == 2) {
    test.chi2_yates = Statistic(table, test, 0.5);
    test.p_yates = ChiSquareTail(test.chi2_yates, 1);
    test.phi = Phi(table, m);
  }
  return test;
}

double FisherExactP(const ContingencyTable& table) {
  const Margins m = CheckedMargins(table);
  if (m.rows.size() != 2 || m.columns.size() != 2)
    Fail("contingency table: Fisher's exact test wants two rows and two columns");
  if (m.n > 10'000'000) Fail("contingency table: {} counts are too many for Fisher's exact test", m.n);
  const int64_t row = m.rows[0];
  const int64_t column = m.columns[0];
  const int64_t observed = table[0][0];
  const int64_t low = std::max<int64_t>(0, row + column - m.n);
  const int64_t high = std::min(row, column);

  // Weights of the upper-left cell k relative to its mode, by the ratio of neighbours: no large factorials, no
  // cancellation.
  auto ratio = [&](int64_t k) {  // weight(k + 1) / weight(k)
    return static_cast<double>(row - k) * static_cast<double>(column - k) /
           (static_cast<double>(k + 1) * static_cast<double>(m.n - row - column + k + 1));
  };
  std::vector<double> weight(high - low + 1);
  const int64_t mode = std::clamp((row + 1) * (column + 1) / (m.n + 2), low, high);
  weight[mode - low] = 1;
  for (int64_t k = mode; k < high; ++k) weight[k + 1 - low] = weight[k - low] * ratio(k);
  for (int64_t k = mode; k > low; --k) weight[k - 1 - low] = weight[k - low] / ratio(k - 1);

  double total = 0, as_unlikely = 0;
  const double likelihood = weight[observed - low] * (1 + 1e-10);  // equal ones may differ in the last digits
  for (const double w : weight) {
    total += w;
    if (w <= likelihood) as_unlikely += w;
  }
  return as_unlikely / total;
}

}  // namespace skipbench
