#include "harness/stats/dense_solver.h"

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <Eigen/QR>
#include <Eigen/SVD>
#include <cmath>

#include "harness/base/error.h"

namespace skipbench {
namespace {

double SumOfRoots(const Eigen::VectorXd& eigenvalues) { return eigenvalues.cwiseMax(0).cwiseSqrt().sum(); }

// Eigenvalues of factor^T other factor.
double SumOfRoots(const Eigen::MatrixXd& factor, const Eigen::MatrixXd& other) {
  const Eigen::MatrixXd half = other.selfadjointView<Eigen::Lower>() * factor;
  const Eigen::MatrixXd product = factor.transpose() * half;
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(product, Eigen::EigenvaluesOnly);
  if (solver.info() != Eigen::Success) Fail("Frechet distance: the eigenvalues do not converge");
  return SumOfRoots(solver.eigenvalues());
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
    const Eigen::LLT<Eigen::MatrixXd> of_a(a);
    if (of_a.info() == Eigen::Success) return SumOfRoots(of_a.matrixL(), b);
    const Eigen::LLT<Eigen::MatrixXd> of_b(b);
    if (of_b.info() == Eigen::Success) return SumOfRoots(of_b.matrixL(), a);
    // Both are singular: a root of one of them by its eigenvectors.
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(a);
    if (solver.info() != Eigen::Success) Fail("Frechet distance: the eigenvectors do not converge");
    const Eigen::VectorXd roots = solver.eigenvalues().cwiseMax(0).cwiseSqrt();
    return SumOfRoots(solver.eigenvectors() * roots.asDiagonal(), b);
  }

  double NuclearNorm(const RowMatrix& a, const RowMatrix& b) const override {
    const Eigen::MatrixXd product = Reduced(a) * Reduced(b).transpose();
    return Eigen::BDCSVD<Eigen::MatrixXd>(product).singularValues().sum();
  }
};

}  // namespace

const DenseSolver& EigenSolver() {
  static const Solver solver;
  return solver;
}

}  // namespace skipbench
