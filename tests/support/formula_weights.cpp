#include "tests/support/formula_weights.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <map>

#include "tests/support/fixtures.h"
#include "tests/support/tensor_files.h"

namespace skipbench {
namespace testing {
namespace {

constexpr uint64_t kSaltFactor = 0xD1342543DE82EF95, kGolden = 0x9E3779B97F4A7C15;

uint64_t Base(std::string_view name, uint32_t salt) {
  return (static_cast<uint64_t>(Crc32(name)) << 32) + salt * kSaltFactor + kGolden;
}

float UnitOf(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  z = z ^ (z >> 31);
  return static_cast<float>(static_cast<int32_t>(z >> 40) - 8388608) * 0x1p-23f;
}

}  // namespace

std::string RoleOf(const std::string& name, const std::vector<int64_t>& shape) {
  if (name.ends_with(".running_var")) return "var";
  if (name.ends_with(".running_mean") || name.ends_with(".bias")) return "small";
  return shape.size() >= 2 ? "matrix" : "scale";
}

uint32_t Crc32(std::string_view text) {
  static const std::array<uint32_t, 256> table = [] {
    std::array<uint32_t, 256> t{};
    for (uint32_t i = 0; i < 256; ++i) {
      uint32_t c = i;
      for (int bit = 0; bit < 8; ++bit) c = c & 1 ? 0xEDB88320 ^ (c >> 1) : c >> 1;
      t[i] = c;
    }
    return t;
  }();
  uint32_t crc = 0xFFFFFFFF;
  for (unsigned char c : text) crc = table[(crc ^ c) & 255] ^ (crc >> 8);
  return ~crc;
}

float FormulaUnit(std::string_view name, uint64_t k, uint32_t salt) { return UnitOf(Base(name, salt) + k); }

at::Tensor FormulaTensor(const std::string& name, const std::vector<int64_t>& shape, const std::string& role,
                         uint32_t salt) {
  at::Tensor tensor = at::empty(shape, at::kFloat);
  float* values = tensor.data_ptr<float>();
  const int64_t count = tensor.numel();
  const auto scale = static_cast<float>(std::sqrt(6.0 / (static_cast<double>(count) / static_cast<double>(shape[0]))));
  const uint64_t base = Base(name, salt);
  const auto fill = [&](auto value) {
    for (int64_t k = 0; k < count; ++k) values[k] = value(UnitOf(base + static_cast<uint64_t>(k)));
  };
  if (role == "matrix") {
    fill([scale](float unit) { return unit * scale; });
  } else if (role == "scale") {
    fill([](float unit) { return 1.0f + 0.25f * unit; });
  } else if (role == "var") {
    fill([](float unit) { return 1.0f + 0.5f * unit; });
  } else {
    EXPECT_EQ(role, "small") << name;
    fill([](float unit) { return 0.1f * unit; });
  }
  return tensor;
}

void WriteFormulaWeights(const Json& listing, const std::filesystem::path& out) {
  const auto salt = listing.at("salt").get<uint32_t>();
  std::map<std::string, at::Tensor> tensors;
  for (const Json& entry : listing.at("tensors")) {
    const auto role = entry.at("role").get<std::string>();
    if (role == "zero") continue;
    const auto name = entry.at("name").get<std::string>();
    const at::Tensor tensor = FormulaTensor(name, entry.at("shape").get<std::vector<int64_t>>(), role, salt);
    const auto first = entry.at("first").get<std::vector<double>>();
    for (size_t i = 0; i < first.size(); ++i)
      EXPECT_EQ(static_cast<double>(tensor.const_data_ptr<float>()[i]), first[i]) << name;
    const double sum = tensor.sum(at::kDouble).item<double>(), expected = entry.at("sum_f64").get<double>();
    EXPECT_NEAR(sum, expected, 1e-6 * (1 + std::abs(expected))) << name;
    tensors.emplace(name, tensor);
  }
  WriteTensorFile(out, tensors);
}

}  // namespace testing
}  // namespace skipbench
