// Elementary functions that give the same bits on every x86-64 CPU. The C library picks its variants by the CPU at hand
// (with and without fused multiply-adds), and so do vector libraries: ATen's float32 square root and logarithm go
// through MKL, which is not correctly rounded and differs between the makes of CPU. What decides a result (noise,
// tables and coefficients of a sampler, embeddings of a timestep, the steps of a schedule) is computed with these and
// with IEEE 754's own operations, std::sqrt and std::fma among them. They are sums of +, -, * and / in 80-bit
// arithmetic, rounded once at the end: the error is below 0.51 units in the last place of the result (0.5 is the
// nearest number).
#pragma once

#include <complex>

namespace skipbench::portable {

double Exp(double x);
// x > 0; -inf at 0, NaN below.
double Log(double x);
// x^y for x >= 0.
double Pow(double x, double y);
// x^y, the principal value: exp(y log x); 0 at 0.
std::complex<double> Pow(const std::complex<double>& x, double y);

struct SinCosValues {
  double sin = 0, cos = 0;
};
// x in radians, |x| < 2^30; NaN beyond.
SinCosValues SinCos(double x);

// Two independent normal numbers of two uniform ones, u0 in (0, 1], u1 in [0, 1): sqrt(-2 ln u0) (cos(2 pi u1), sin(2
// pi u1)) in float64, rounded to float32. For many numbers: a fifth of the time of the functions above.
struct NormalPair {
  float cos = 0, sin = 0;
};
NormalPair BoxMuller(double u0, double u1);

// The float32 nearest to the function's value.
inline float Exp(float x) { return static_cast<float>(Exp(static_cast<double>(x))); }
inline float Log(float x) { return static_cast<float>(Log(static_cast<double>(x))); }

}  // namespace skipbench::portable
