#include "metrics/torch_solver.h"

#include <ATen/ATen.h>

#include "harness/base/error.h"

namespace skipbench {
namespace {

// A symmetric matrix; the layout does not matter. A view: not to be written.
at::Tensor Symmetric(const Eigen::MatrixXd& m) { return at::from_blob(const_cast<double*>(m.data()), {m.rows(), m.cols()}, at::kDouble); }

at::Tensor Rows(const RowMatrix& m) { return at::from_blob(const_cast<double*>(m.data()), {m.rows(), m.cols()}, at::kDouble); }

double SumOfRoots(const at::Tensor& eigenvalues) { return eigenvalues.clamp_min(0).sqrt().sum().item<double>(); }

// Eigenvalues of factor^T other factor.
double SumOfRoots(const at::Tensor& factor, const at::Tensor& other) {
  return SumOfRoots(at::linalg_eigvalsh(factor.t().matmul(other.matmul(factor))));
}

// The lower factor, or an undefined tensor for a matrix that is not positive definite.
at::Tensor Cholesky(const at::Tensor& m) {
  const auto [factor, info] = at::linalg_cholesky_ex(m);
  return info.item<int>() == 0 ? factor : at::Tensor();
}

at::Tensor Reduced(const at::Tensor& a) {
  return a.size(0) <= a.size(1) ? a : std::get<1>(at::linalg_qr(a, "r"));
}

class Solver : public DenseSolver {
 public:
  const char* name() const override { return "LibTorch"; }

  double TraceOfRoot(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b) const override {
    const at::Tensor ta = Symmetric(a), tb = Symmetric(b);
    if (const at::Tensor factor = Cholesky(ta); factor.defined()) return SumOfRoots(factor, tb);
    if (const at::Tensor factor = Cholesky(tb); factor.defined()) return SumOfRoots(factor, ta);
    // Both are singular: a root of one of them by its eigenvectors.
    const auto [values, vectors] = at::linalg_eigh(ta);
    return SumOfRoots(vectors * values.clamp_min(0).sqrt(), tb);
  }

  double NuclearNorm(const RowMatrix& a, const RowMatrix& b) const override {
    return at::linalg_svdvals(Reduced(Rows(a)).matmul(Reduced(Rows(b)).t())).sum().item<double>();
  }
};

}  // namespace

const DenseSolver& TorchSolver() {
  static const Solver solver;
  return solver;
}

}  // namespace skipbench
