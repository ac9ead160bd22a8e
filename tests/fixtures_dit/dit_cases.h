// The cases of dit/manifest.json: what diffusers and transformers computed with tiny transformers, text encoders,
// autoencoders and flow schedulers (tests/fixtures/dit/README.md). A test runs every case of a kind, whatever it is
// called:
//
//   class TextEncoders : public testing::DitTest {};
//   TEST_P(TextEncoders, EqualTransformers) { const testing::DitCase& c = GetParam(); ... }
//   DIT_CASES(TextEncoders, "text_encoder");
#pragma once

#include <ATen/core/Tensor.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <map>
#include <ostream>
#include <string>
#include <vector>

#include "harness/base/json.h"

namespace skipbench::testing {

struct DitCase {
  std::filesystem::path root;  // the manifest's folder
  Json json;                   // the case as the manifest has it

  std::string kind() const { return json.at("kind"); }
  std::string name() const { return json.at("name"); }
  const Json& config() const { return json.at("config"); }
  std::filesystem::path model() const { return root / json.at("model").get<std::string>(); }  // its folder
  std::map<std::string, at::Tensor> tensors() const;                                          // of its safetensors file
};
std::ostream& operator<<(std::ostream& out, const DitCase& c);  // its name

// The cases of a kind, in the manifest's order; none where there is no folder "dit" under FixtureRoot(). `which`
// chooses among them: those of one transformer, one method.
std::vector<DitCase> DitCases(const std::string& kind, const std::function<bool(const DitCase&)>& which = {});

// By how much float32 and float64 differ: the measure of what is allowed.
struct Rounding {
  double max_abs = 0;
  double relative_rms = 0;
};
// What the manifest says of a case; zeros where it says nothing.
Rounding RoundingOf(const DitCase& c);

// Expects ten times the rounding and 2e-6 of the largest value for each element, ten times the relative rounding (at
// least 2e-6) for the root mean square; of integers and truth values, that they are equal.
void ExpectClose(const Rounding& rounding, const std::string& what, const at::Tensor& value,
                 const at::Tensor& expected);
void ExpectClose(const DitCase& c, const std::string& what, const at::Tensor& value, const at::Tensor& expected);

class DitTest : public ::testing::TestWithParam<DitCase> {};
// The case's name with _ for what a test's name may not hold.
std::string NameOfDitCase(const ::testing::TestParamInfo<DitCase>& info);

#define DIT_CASES(suite, ...)                                                                            \
  GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(suite);                                                  \
  INSTANTIATE_TEST_SUITE_P(Dit, suite, ::testing::ValuesIn(::skipbench::testing::DitCases(__VA_ARGS__)), \
                           ::skipbench::testing::NameOfDitCase)

}  // namespace skipbench::testing
