#include "harness/runtime/torch_cpu_generator.h"

#include <bit>
#include <cmath>
#include <numbers>

#include "harness/base/portable_math.h"

namespace skipbench {
namespace {

// Polynomials of Moshier's Cephes library (logf.c, sinf.c), in the order in which torch's vector kernel evaluates them
// and with the multiply-adds that its compiler fuses.
template <int kTerms>
float Horner(const float (&c)[kTerms], float x) {
  float sum = c[0];
  for (int i = 1; i < kTerms; ++i) sum = std::fma(sum, x, c[i]);
  return sum;
}

// x in (0, 1].
float LogOf(float x) {
  static constexpr float kC[] = {7.0376836292e-2f,  -1.1514610310e-1f, 1.1676998740e-1f,
                                 -1.2420140846e-1f, 1.4249322787e-1f,  -1.6668057665e-1f,
                                 2.0000714765e-1f,  -2.4999993993e-1f, 3.3333331174e-1f};
  const auto bits = std::bit_cast<uint32_t>(x);
  float exponent = static_cast<float>(static_cast<int>(bits >> 23) - 126);
  float m = std::bit_cast<float>((bits & 0x007fffffu) | 0x3f000000u);  // in [1/2, 1)
  if (m < 0.707106781186547524f) {
    exponent -= 1;
    m = (m - 1) + m;
  } else {
    m -= 1;
  }
  const float z = m * m;
  float y = std::fma(Horner(kC, m) * m, z, exponent * -2.12194440e-4f);
  y = std::fma(z, -0.5f, y);
  return std::fma(exponent, 0.693359375f, m + y);
}

// x in [0, 2 pi).
void SinCosOf(float x, float* sin, float* cos) {
  static constexpr float kSin[] = {-1.9515295891e-4f, 8.3321608736e-3f, -1.6666654611e-1f};
  static constexpr float kCos[] = {2.443315711809948e-5f, -1.388731625493765e-3f, 4.166664568298827e-2f};
  const int octant = (static_cast<int>(x * 1.27323954473516f) + 1) & ~1;
  const auto turns = static_cast<float>(octant);
  for (float part : {-0.78515625f, -2.4187564849853515625e-4f, -3.77489497744594108e-8f}) x = std::fma(turns, part, x);
  const float z = x * x;
  const float c = std::fma(Horner(kCos, z) * z, z, z * -0.5f) + 1;
  const float s = std::fma(Horner(kSin, z) * z, x, x);
  const bool swapped = (octant & 2) != 0;
  *sin = (octant & 4 ? -1.0f : 1.0f) * (swapped ? c : s);
  *cos = ((octant - 2) & 4 ? 1.0f : -1.0f) * (swapped ? s : c);
}

// Box and Muller (1958) on 8 + 8 uniform numbers.
void ToNormal16(float* values) {
  for (int i = 0; i < 8; ++i) {
    const float radius = std::sqrt(-2.0f * LogOf(1 - values[i]));
    float sin = 0, cos = 0;
    SinCosOf(2 * std::numbers::pi_v<float> * values[i + 8], &sin, &cos);
    values[i] = radius * cos;
    values[i + 8] = radius * sin;
  }
}

}  // namespace

void TorchCpuGenerator::FillUniform(float* out, int64_t count) {
  for (int64_t i = 0; i < count; ++i) out[i] = static_cast<float>(engine_() & 0xffffffu) * 0x1p-24f;
}

double TorchCpuGenerator::NextUniform() {
  const uint64_t high = engine_();  // torch joins two words, the first above the second
  const uint64_t low = engine_();
  return static_cast<double>((high << 32 | low) & ((uint64_t{1} << 53) - 1)) * 0x1p-53;
}

double TorchCpuGenerator::NextNormal() {
  if (kept_) {
    const double value = *kept_;
    kept_.reset();
    return value;
  }
  const double angle = 2 * std::numbers::pi * NextUniform();
  const double radius = std::sqrt(-2 * portable::Log(1 - NextUniform()));
  const auto [sin, cos] = portable::SinCos(angle);
  kept_ = radius * sin;
  return radius * cos;
}

void TorchCpuGenerator::Fill(float* out, int64_t count) {
  if (count < 16) {
    for (int64_t i = 0; i < count; ++i) out[i] = static_cast<float>(NextNormal());
    return;
  }
  FillUniform(out, count);
  for (int64_t i = 0; i + 16 <= count; i += 16) ToNormal16(out + i);
  if (count % 16 != 0) {  // the last sixteen are drawn again
    FillUniform(out + count - 16, 16);
    ToNormal16(out + count - 16);
  }
}

}  // namespace skipbench
