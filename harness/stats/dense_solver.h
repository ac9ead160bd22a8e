// The linear algebra behind a Frechet distance. Which library does it changes the time, not the result: what is here uses
// Eigen and serves for some hundred dimensions; metrics/torch_solver.h has the same through LibTorch's LAPACK, several times
// faster for the 2048 dimensions of Inception.
#pragma once

#include <Eigen/Core>

namespace skipbench {

// Samples one below the other: [n, d].
using RowMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

class DenseSolver {
 public:
  virtual ~DenseSolver() = default;
  virtual const char* name() const = 0;
  // tr (a b)^(1/2): the sum of the roots of the eigenvalues of a b; a and b [d, d] symmetric positive semidefinite up to
  // rounding (negative eigenvalues count as 0).
  virtual double TraceOfRoot(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b) const = 0;
  // The sum of the singular values of a b^T; a [n_a, d], b [n_b, d].
  virtual double NuclearNorm(const RowMatrix& a, const RowMatrix& b) const = 0;
};

const DenseSolver& EigenSolver();

}  // namespace skipbench
