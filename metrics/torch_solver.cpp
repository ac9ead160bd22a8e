#include "metrics/torch_solver.h"

#include <ATen/ATen.h>

namespace skipbench {
namespace {

// A symmetric matrix; the layout does not matter. A view: not to be written.
at::Tensor Symmetric(const Eigen::MatrixXd& m) {
  return at::from_blob(const_cast<double*>(m.data()), {m.rows(), m.cols()}, at::kDouble);
}

at::Tensor Rows(const RowMatrix& m) {
  return at::from_blob(const_cast<double*>(m.data()), {m.rows(), m.cols()}, at::kDouble);
}

// L of m = L L^T; undefined for a matrix that is singular up to rounding.
at::Tensor Cholesky(const at::Tensor& m) {
  const auto [lower, info] = at::linalg_cholesky_ex(m);
  if (info.item<int>() != 0) return {};
  const double smallest = lower.diagonal().square().min().item<double>();
  return smallest > SingularBelow(m.size(0), m.diagonal().max().item<double>()) ? lower : at::Tensor();
}

// F [d, rank] of m = F F^T, from the eigenvectors whose eigenvalues are more than rounding.
at::Tensor LowRankFactor(const at::Tensor& m) {
  const auto [values, vectors] = at::linalg_eigh(m);   // ascending
  const int64_t d = values.size(0);
  const int64_t rank = (values > SingularBelow(d, values[d - 1].item<double>())).sum().item<int64_t>();
  return vectors.narrow(1, d - rank, rank) * values.narrow(0, d - rank, rank).sqrt();
}

// The sum of the roots of the eigenvalues of factor^T other factor.
double SumOfRoots(const at::Tensor& factor, const at::Tensor& other) {
  if (factor.size(1) == 0) return 0;
  return at::linalg_eigvalsh(factor.t().matmul(other.matmul(factor))).clamp_min(0).sqrt().sum().item<double>();
}

double SumOfSingularValues(const at::Tensor& m) {
  return m.numel() == 0 ? 0 : at::linalg_svdvals(m).sum().item<double>();
}

at::Tensor Reduced(const at::Tensor& a) { return a.size(0) <= a.size(1) ? a : std::get<1>(at::linalg_qr(a, "r")); }

class Solver : public DenseSolver {
 public:
  const char* name() const override { return "LibTorch"; }

  double TraceOfRoot(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b) const override {
    const at::Tensor ta = Symmetric(a), tb = Symmetric(b);
    const at::Tensor of_a = Cholesky(ta), of_b = Cholesky(tb);
    if (of_a.defined() && of_b.defined()) return SumOfRoots(of_a, tb);
    if (of_a.defined()) return SumOfRoots(LowRankFactor(tb), ta);
    if (of_b.defined()) return SumOfRoots(LowRankFactor(ta), tb);
    return SumOfSingularValues(LowRankFactor(ta).t().matmul(LowRankFactor(tb)));
  }

  double NuclearNorm(const RowMatrix& a, const RowMatrix& b) const override {
    return SumOfSingularValues(Reduced(Rows(a)).matmul(Reduced(Rows(b)).t()));
  }

  RowMatrix Products(const RowMatrix& a, const RowMatrix& b) const override {
    RowMatrix products(a.rows(), b.rows());
    at::Tensor out = Rows(products);
    at::matmul_out(out, Rows(a), Rows(b).t());
    return products;
  }
};

}  // namespace

const DenseSolver& TorchSolver() {
  static const Solver solver;
  return solver;
}

}  // namespace skipbench
