#include "harness/stats/frechet.h"

#include <algorithm>
#include <cmath>

#include "harness/base/error.h"
#include "harness/stats/dense_solver.h"

namespace skipbench {
namespace {

// From features rather than from covariances: up to this many dimensions always, else for sets of few samples, whose
// products are then no larger than the covariances.
constexpr int64_t kFewDimensions = 512;

void Check(const Gaussian& set, const char* name) {
  const int64_t d = set.dimension();
  if (d < 1 || set.covariance.rows() != d || set.covariance.cols() != d)
    Fail("Frechet distance: {} has a mean of {} values and a covariance of {}x{}", name, d, set.covariance.rows(),
         set.covariance.cols());
  if (!set.mean.allFinite() || !set.covariance.allFinite())
    Fail("Frechet distance: {} has a value that is not finite", name);
  Eigen::Index place = 0;
  if (const double least = set.covariance.diagonal().minCoeff(&place); least < 0)
    Fail("Frechet distance: the covariance of {} has the variance {:.3g} at place {}; variances are not negative", name,
         least, place);
  const double asymmetry = (set.covariance - set.covariance.transpose()).cwiseAbs().maxCoeff();
  if (asymmetry > 1e-6 * set.covariance.cwiseAbs().maxCoeff())
    Fail("Frechet distance: the covariance of {} is not symmetric (by {:.3g})", name, asymmetry);
}

FrechetResult Sum(const Eigen::VectorXd& mean_a, const Eigen::VectorXd& mean_b, double trace_a, double trace_b,
                  double trace_root) {
  const double mean_term = (mean_a - mean_b).squaredNorm();
  return {mean_term + (trace_a + trace_b - 2 * trace_root), mean_term, trace_a, trace_b, trace_root};
}

struct Centred {
  Eigen::VectorXd mean;
  RowMatrix rows;  // deviations / sqrt(n - 1): rows^T rows is the covariance
};

Centred Centre(const FeatureView& features) {
  Centred centred{{}, ToDouble(features)};
  centred.mean = centred.rows.colwise().mean().transpose();
  centred.rows.rowwise() -= centred.mean.transpose();
  centred.rows /= std::sqrt(static_cast<double>(features.rows() - 1));
  return centred;
}

void CheckSet(const FeatureView& features, const char* name) {
  CheckFeatures(features, name);
  if (features.rows() < 2)
    Fail("Frechet distance: {} has {} sample{}; at least two are needed", name, features.rows(),
         features.rows() == 1 ? "" : "s");
}

}  // namespace

FrechetResult FrechetDistance(const Gaussian& a, const Gaussian& b) {
  Check(a, "set A");
  Check(b, "set B");
  CheckDimensions(a.dimension(), b.dimension(), "Frechet distance");
  return Sum(a.mean, b.mean, a.covariance.trace(), b.covariance.trace(), TraceOfRoot(a.covariance, b.covariance));
}

FrechetResult FrechetDistance(const FeatureStatistics& a, const FeatureStatistics& b) {
  return FrechetDistance(a.Normal(), b.Normal());
}

FrechetResult FrechetDistance(const FeatureView& a, const FeatureView& b) {
  CheckSet(a, "set A");
  CheckSet(b, "set B");
  CheckDimensions(a.dimension, b.dimension, "Frechet distance");
  if (a.dimension > kFewDimensions && std::max(a.rows(), b.rows()) > 2 * a.dimension)
    return FrechetDistance(StatisticsOf(a), StatisticsOf(b));
  const Centred ca = Centre(a), cb = Centre(b);
  return Sum(ca.mean, cb.mean, ca.rows.squaredNorm(), cb.rows.squaredNorm(), NuclearNorm(ca.rows, cb.rows));
}

double SquaredDistance(std::span<const float> a, std::span<const float> b) {
  if (a.size() != b.size()) Fail("squared distance: {} features against {}", a.size(), b.size());
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double difference = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    sum += difference * difference;
  }
  return sum;
}

}  // namespace skipbench
