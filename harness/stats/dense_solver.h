// The linear algebra behind distances of sets of features, by LAPACK on all threads.
#pragma once

#include <Eigen/Core>

namespace skipbench {

// Samples one below the other: [n, d].
using RowMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// tr (a b)^(1/2): the sum of the roots of the eigenvalues of a b; a and b [d, d] symmetric positive semidefinite up to
// rounding. With a = L L^T it is the sum of the roots of the eigenvalues of L^T b L. Of a singular matrix L has as many
// columns as it has rank: where an eigenvalue is 0 up to rounding, the root of its rounding error would be far larger
// than what the matrix says (and differ from one order of summing to the next).
double TraceOfRoot(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b);

// The sum of the singular values of a b^T; a [n_a, d], b [n_b, d].
double NuclearNorm(const RowMatrix& a, const RowMatrix& b);

// a b^T [n_a, n_b]; a [n_a, d], b [n_b, d].
RowMatrix Products(const RowMatrix& a, const RowMatrix& b);

}  // namespace skipbench
