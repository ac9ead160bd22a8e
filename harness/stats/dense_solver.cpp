#include "harness/stats/dense_solver.h"

#include <limits>
#include <optional>
#include <vector>

#include "harness/base/error.h"

// BLAS and LAPACK: column by column, triangles and sizes by pointer.
extern "C" {
void dgemm_(const char* transpose_a, const char* transpose_b, const int* m, const int* n, const int* k,
            const double* alpha, const double* a, const int* lda, const double* b, const int* ldb, const double* beta,
            double* c, const int* ldc);
void dpotrf_(const char* triangle, const int* n, double* a, const int* lda, int* info);
void dgeqrf_(const int* m, const int* n, double* a, const int* lda, double* tau, double* work, const int* lwork,
             int* info);
void dsyevd_(const char* vectors, const char* triangle, const int* n, double* a, const int* lda, double* values,
             double* work, const int* lwork, int* iwork, const int* liwork, int* info);
void dgesdd_(const char* vectors, const int* m, const int* n, double* a, const int* lda, double* values, double* u,
             const int* ldu, double* vt, const int* ldvt, double* work, const int* lwork, int* iwork, int* info);
}

namespace skipbench {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

int Length(Eigen::Index n) {
  if (n > std::numeric_limits<int>::max()) Fail("matrices of {} rows are too large for LAPACK", n);
  return static_cast<int>(n);
}

// Asks a function of LAPACK how much memory it wants, then calls it: call(work, size of work, info). Error, with what
// does not converge, where it fails.
template <class Call>
void WithWorkspace(Call call, const char* what) {
  double wanted = 0;
  int size = -1, info = 0;
  call(&wanted, &size, &info);
  size = static_cast<int>(wanted);
  std::vector<double> work(static_cast<size_t>(size));
  call(work.data(), &size, &info);
  if (info != 0) Fail("Frechet distance: the {} do not converge", what);
}

// What counts as 0 up to rounding among the eigenvalues of a symmetric matrix: d times the rounding error of the
// largest.
double SingularBelow(Eigen::Index dimension, double largest) {
  return static_cast<double>(dimension) * std::numeric_limits<double>::epsilon() * largest;
}

// op(a) op(b), where op is the transpose if asked for.
MatrixXd Product(const Eigen::Ref<const MatrixXd>& a, bool transpose_a, const Eigen::Ref<const MatrixXd>& b,
                 bool transpose_b) {
  const int m = Length(transpose_a ? a.cols() : a.rows()), k = Length(transpose_a ? a.rows() : a.cols()),
            n = Length(transpose_b ? b.rows() : b.cols()), lda = Length(a.outerStride()), ldb = Length(b.outerStride());
  MatrixXd c(m, n);
  if (c.size() == 0 || k == 0) return MatrixXd::Zero(m, n);
  const double one = 1, zero = 0;
  dgemm_(transpose_a ? "T" : "N", transpose_b ? "T" : "N", &m, &n, &k, &one, a.data(), &lda, b.data(), &ldb, &zero,
         c.data(), &m);
  return c;
}

// L of m = L L^T; nothing for a matrix that is singular up to rounding.
std::optional<MatrixXd> Cholesky(const MatrixXd& m) {
  MatrixXd lower = m.triangularView<Eigen::Lower>();
  const int n = Length(m.rows());
  int info = 0;
  dpotrf_("L", &n, lower.data(), &n, &info);
  if (info != 0 || lower.diagonal().cwiseAbs2().minCoeff() <= SingularBelow(n, m.diagonal().maxCoeff()))
    return std::nullopt;
  return lower;
}

// The eigenvalues of a symmetric matrix, ascending; it becomes the eigenvectors if they are asked for.
VectorXd Eigenvalues(MatrixXd& m, bool vectors) {
  const int n = Length(m.rows());
  VectorXd values(n);
  std::vector<int> iwork(3 + 5 * static_cast<size_t>(n));
  const int iwork_size = static_cast<int>(iwork.size());
  const auto call = [&](double* work, const int* size, int* info) {
    dsyevd_(vectors ? "V" : "N", "L", &n, m.data(), &n, values.data(), work, size, iwork.data(), &iwork_size, info);
  };
  WithWorkspace(call, "eigenvalues");
  return values;
}

// F [d, rank] of m = F F^T, from the eigenvectors whose eigenvalues are more than rounding.
MatrixXd LowRankFactor(MatrixXd m) {
  const VectorXd values = Eigenvalues(m, true);
  const Eigen::Index rank = (values.array() > SingularBelow(m.rows(), values(values.size() - 1))).count();
  return m.rightCols(rank) * values.tail(rank).cwiseSqrt().asDiagonal();
}

// The sum of the roots of the eigenvalues of factor^T other factor.
double SumOfRoots(const MatrixXd& factor, const MatrixXd& other) {
  if (factor.cols() == 0) return 0;
  MatrixXd product = Product(factor, true, Product(other, false, factor, false), false);
  return Eigenvalues(product, false).cwiseMax(0).cwiseSqrt().sum();
}

double SumOfSingularValues(MatrixXd m) {
  if (m.size() == 0) return 0;
  const int rows = Length(m.rows()), columns = Length(m.cols()), one = 1;
  VectorXd values(std::min(rows, columns));
  std::vector<int> iwork(8 * static_cast<size_t>(values.size()));
  const auto call = [&](double* work, const int* size, int* info) {
    dgesdd_("N", &rows, &columns, m.data(), &rows, values.data(), nullptr, &one, nullptr, &one, work, size,
            iwork.data(), info);
  };
  WithWorkspace(call, "singular values");
  return values.sum();
}

// A matrix [min(n, d), d] with the same a^T a.
MatrixXd Reduced(MatrixXd a) {
  if (a.rows() <= a.cols()) return a;
  const int rows = Length(a.rows()), columns = Length(a.cols());
  VectorXd tau(columns);
  const auto call = [&](double* work, const int* size, int* info) {
    dgeqrf_(&rows, &columns, a.data(), &rows, tau.data(), work, size, info);
  };
  WithWorkspace(call, "reflectors");
  return a.topRows(columns).triangularView<Eigen::Upper>();
}

}  // namespace

double TraceOfRoot(const MatrixXd& a, const MatrixXd& b) {
  const std::optional<MatrixXd> of_a = Cholesky(a), of_b = Cholesky(b);
  if (of_a && of_b) return SumOfRoots(*of_a, b);
  if (of_a) return SumOfRoots(LowRankFactor(b), a);
  if (of_b) return SumOfRoots(LowRankFactor(a), b);
  return SumOfSingularValues(Product(LowRankFactor(a), true, LowRankFactor(b), false));
}

double NuclearNorm(const RowMatrix& a, const RowMatrix& b) {
  return SumOfSingularValues(Product(Reduced(a), false, Reduced(b), true));
}

// Row by row a b^T is what column by column b a^T is, of a and b read as their transposes.
RowMatrix Products(const RowMatrix& a, const RowMatrix& b) {
  using Columns = Eigen::Map<const MatrixXd>;
  const MatrixXd transposed =
      Product(Columns(b.data(), b.cols(), b.rows()), true, Columns(a.data(), a.cols(), a.rows()), false);
  return Eigen::Map<const RowMatrix>(transposed.data(), a.rows(), b.rows());
}

}  // namespace skipbench
