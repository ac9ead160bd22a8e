#include "harness/stats/dense_solver.h"

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <Eigen/QR>
#include <Eigen/SVD>
#include <cmath>
#include <limits>
#include <optional>

#include "harness/base/error.h"

namespace skipbench {

double SingularBelow(int64_t dimension, double largest) {
  return static_cast<double>(dimension) * std::numeric_limits<double>::epsilon() * largest;
}

namespace {

// L of m = L L^T; nothing for a matrix that is singular up to rounding.
std::optional<Eigen::MatrixXd> Cholesky(const Eigen::MatrixXd& m) {
  const Eigen::LLT<Eigen::MatrixXd> llt(m);
  if (llt.info() != Eigen::Success) return std::nullopt;
  Eigen::MatrixXd lower = llt.matrixL();
  if (lower.diagonal().cwiseAbs2().minCoeff() <= SingularBelow(m.rows(), m.diagonal().maxCoeff())) return std::nullopt;
  return lower;
}

// F [d, rank] of m = F F^T, from the eigenvectors whose eigenvalues are more than rounding.
Eigen::MatrixXd LowRankFactor(const Eigen::MatrixXd& m) {
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(m);
  if (solver.info() != Eigen::Success) Fail("Frechet distance: the eigenvectors do not converge");
  const Eigen::VectorXd& values = solver.eigenvalues();   // ascending
  const double bound = SingularBelow(m.rows(), values(values.size() - 1));
  const Eigen::Index rank = (values.array() > bound).count();
  return solver.eigenvectors().rightCols(rank) * values.tail(rank).cwiseSqrt().asDiagonal();
}

// The sum of the roots of the eigenvalues of factor^T other factor.
double SumOfRoots(const Eigen::MatrixXd& factor, const Eigen::MatrixXd& other) {
  if (factor.cols() == 0) return 0;
  const Eigen::MatrixXd half = other.selfadjointView<Eigen::Lower>() * factor;
  const Eigen::MatrixXd product = factor.transpose() * half;
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(product, Eigen::EigenvaluesOnly);
  if (solver.info() != Eigen::Success) Fail("Frechet distance: the eigenvalues do not converge");
  return solver.eigenvalues().cwiseMax(0).cwiseSqrt().sum();
}

double SumOfSingularValues(const Eigen::MatrixXd& m) {
  return m.size() == 0 ? 0 : Eigen::BDCSVD<Eigen::MatrixXd>(m).singularValues().sum();
}

// A matrix [min(n, d), d] with the same a^T a.
RowMatrix Reduced(const RowMatrix& a) {
  if (a.rows() <= a.cols()) return a;
  const Eigen::HouseholderQR<Eigen::MatrixXd> qr(a);
  return qr.matrixQR().topRows(a.cols()).triangularView<Eigen::Upper>();
}

class Solver : public DenseSolver {
 public:
  const char* name() const override { return "Eigen"; }

  double TraceOfRoot(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b) const override {
    const std::optional<Eigen::MatrixXd> of_a = Cholesky(a), of_b = Cholesky(b);
    if (of_a && of_b) return SumOfRoots(*of_a, b);
    if (of_a) return SumOfRoots(LowRankFactor(b), a);
    if (of_b) return SumOfRoots(LowRankFactor(a), b);
    return SumOfSingularValues(LowRankFactor(a).transpose() * LowRankFactor(b));
  }

  double NuclearNorm(const RowMatrix& a, const RowMatrix& b) const override {
    return SumOfSingularValues(Reduced(a) * Reduced(b).transpose());
  }

  RowMatrix Products(const RowMatrix& a, const RowMatrix& b) const override { return a * b.transpose(); }
};

}  // namespace

const DenseSolver& EigenSolver() {
  static const Solver solver;
  return solver;
}

}  // namespace skipbench
