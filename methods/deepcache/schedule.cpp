#include "methods/deepcache/schedule.h"

#include <algorithm>
#include <complex>

#include "harness/base/error.h"
#include "harness/base/portable_math.h"

namespace skipbench {
namespace {

using Complex = std::complex<double>;

void CheckCount(int steps, int count) {
  if (steps < 1 || count < 1 || count > steps)
    Fail("deepcache: the number of full steps must be in [1, {}], found {}", steps, count);
}

void SortOnce(std::vector<int>* points) {
  std::sort(points->begin(), points->end());
  points->erase(std::unique(points->begin(), points->end()), points->end());
}

// x^(1/p), the principal root of a real number.
Complex Root(double x, double p) { return portable::Pow(Complex(x), 1 / p); }

// numpy's power, which multiplies for small whole exponents: of exact integers another last bit makes another step.
// Other powers are the same on every CPU.
Complex Power(const Complex& v, double p) {
  if (v == Complex(0)) return v;
  if (p == 2) return v * v;
  if (p == 3) return v * (v * v);
  return portable::Pow(v, p);
}

std::vector<int> FullSteps(int steps, int count, int center, double power) {
  const Complex lo = Root(-center, power);
  const Complex hi = Root(steps - center, power);
  const Complex stride = (hi - lo) / static_cast<double>(count);
  std::vector<int> points;
  for (int k = 0; k <= count; ++k) {
    const Complex v = k < count ? lo + static_cast<double>(k) * stride : hi;
    points.push_back(static_cast<int>(Power(v, power).real()));
  }
  SortOnce(&points);
  std::vector<int> full = {0};
  for (size_t i = 1; i + 1 < points.size(); ++i) full.push_back(points[i] + center);
  return full;
}

}  // namespace

std::vector<int> QuadCenterSchedule(int steps, int count, int center, double power) {
  CheckCount(steps, count);
  if (center < 0 || center >= steps) Fail("deepcache: the center must be in [0, {}], found {}", steps - 1, center);
  if (!(power > 1) || power > 100) Fail("deepcache: the power must be above 1 and at most 100, found {}", power);
  for (double p = power; p > 1; p -= 0.02) {
    std::vector<int> full_steps = FullSteps(steps, count, center, p);
    if (static_cast<int>(full_steps.size()) == count) return full_steps;
  }
  Fail("deepcache: no quad_center schedule has {} full steps of {} around {} with a power of {} or less", count, steps,
       center, power);
}

std::vector<int> QuadSchedule(int steps, int count, double power) {
  CheckCount(steps, count);
  if (!(power >= 1) || power > 100) Fail("deepcache: the power must be in [1, 100], found {}", power);
  const double stride = portable::Pow(static_cast<double>(steps), 1 / power) / count;
  std::vector<int> full_steps;
  for (int k = 0; k < count; ++k) full_steps.push_back(static_cast<int>(portable::Pow(k * stride, power)));
  SortOnce(&full_steps);
  return full_steps;
}

}  // namespace skipbench
