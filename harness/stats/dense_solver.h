// The linear algebra behind distances of sets of features. Which library does it changes the time, not the result: what is here uses
// Eigen and serves for some hundred dimensions; metrics/torch_solver.h has the same through LibTorch's LAPACK, several
// times faster for the 2048 dimensions of Inception.
#pragma once

#include <Eigen/Core>
#include <cstdint>

namespace skipbench {

// Samples one below the other: [n, d].
using RowMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

class DenseSolver {
 public:
  virtual ~DenseSolver() = default;
  virtual const char* name() const = 0;
  // tr (a b)^(1/2): the sum of the roots of the eigenvalues of a b; a and b [d, d] symmetric positive semidefinite up to
  // rounding. With a = L L^T it is the sum of the roots of the eigenvalues of L^T b L. Of a singular matrix L has as many
  // columns as it has rank: where an eigenvalue is 0 up to rounding, the root of its rounding error would be far larger
  // than what the matrix says (and differ from one order of summing to the next).
  virtual double TraceOfRoot(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b) const = 0;
  // The sum of the singular values of a b^T; a [n_a, d], b [n_b, d].
  virtual double NuclearNorm(const RowMatrix& a, const RowMatrix& b) const = 0;
  // a b^T [n_a, n_b]; a [n_a, d], b [n_b, d].
  virtual RowMatrix Products(const RowMatrix& a, const RowMatrix& b) const = 0;
};

const DenseSolver& EigenSolver();

// What counts as 0 up to rounding among the eigenvalues of a symmetric matrix: d times the rounding error of the largest.
double SingularBelow(int64_t dimension, double largest);

}  // namespace skipbench
