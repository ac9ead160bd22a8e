#include "tests/fixtures_dit/dit_cases.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cctype>

#include "tests/support/fixtures.h"

namespace skipbench::testing {
namespace {

double RootMeanSquare(const at::Tensor& t) { return t.numel() == 0 ? 0 : t.square().mean().sqrt().item<double>(); }

}  // namespace

std::map<std::string, at::Tensor> DitCase::tensors() const {
  return LoadTensors(root / json.at("safetensors").get<std::string>());
}

std::ostream& operator<<(std::ostream& out, const DitCase& c) { return out << c.name(); }

std::vector<DitCase> DitCases(const std::string& kind, const std::function<bool(const DitCase&)>& which) {
  const Manifest manifest = LoadManifest("dit", "manifest.json");
  std::vector<DitCase> cases;
  if (!manifest.exists) return cases;
  for (const Json& json : manifest.json.at("cases")) {
    DitCase c{manifest.folder, json};
    if (c.kind() == kind && (!which || which(c))) cases.push_back(std::move(c));
  }
  return cases;
}

Rounding RoundingOf(const DitCase& c) {
  if (!c.json.contains("f32_f64")) return {};
  const Json& recorded = c.json.at("f32_f64");
  return {recorded.at("max_abs").get<double>(), recorded.at("rel_rms").get<double>()};
}

void ExpectClose(const Rounding& rounding, const std::string& what, const at::Tensor& value,
                 const at::Tensor& expected) {
  ASSERT_TRUE(value.defined()) << what;
  ASSERT_EQ(value.sizes(), expected.sizes()) << what;
  if (!expected.is_floating_point()) {
    EXPECT_TRUE(at::equal(value.to(expected.scalar_type()), expected)) << what << ":\n"
                                                                       << value << "\nexpected\n"
                                                                       << expected;
    return;
  }
  if (expected.numel() == 0) return;
  const at::Tensor reference = expected.to(at::kDouble);
  EXPECT_LE(MaxAbsDiff(value, expected), 10 * rounding.max_abs + 2e-6 * reference.abs().max().item<double>()) << what;
  EXPECT_LE(RootMeanSquare(value.to(at::kDouble) - reference),
            std::max(10 * rounding.relative_rms, 2e-6) * RootMeanSquare(reference))
      << what << " (root mean square)";
}

void ExpectClose(const DitCase& c, const std::string& what, const at::Tensor& value, const at::Tensor& expected) {
  ExpectClose(RoundingOf(c), what, value, expected);
}

std::string NameOfDitCase(const ::testing::TestParamInfo<DitCase>& info) {
  std::string name = info.param.name();
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return !std::isalnum(c); }, '_');
  return name;
}

}  // namespace skipbench::testing
