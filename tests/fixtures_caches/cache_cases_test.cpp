// Caching rules through the sampler, held against their sources' loops over tensors: scripts/make_cache_cases.py.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "harness/sampling/reference_loop.h"
#include "harness/sampling/trajectory_tree.h"
#include "harness/schedulers/catalog.h"
#include "methods/catalog.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

// f(x, t) = share x + (1 - share) sin(2 x + t / 250), without guidance.
class FormulaDenoiser : public Denoiser {
 public:
  explicit FormulaDenoiser(double share) : share_(share) {}
  DenoiserOutput Predict(const DenoiserInput& input) override {
    rows += input.sample.size(0);
    const at::Tensor f = share_ * input.sample + (1 - share_) * at::sin(2 * input.sample + input.timestep / 250);
    DenoiserOutput output;
    output.model_output = f.unsqueeze(0);
    return output;
  }
  std::unique_ptr<DenoiserProbe> Probe(const DenoiserInput&, const ProbeSite& site) override {
    TORCH_CHECK(!site.of_network(), "a formula has no inside");
    return nullptr;
  }
  int guidance_rows() const override { return 1; }
  at::Tensor Guide(const at::Tensor& model_output) const override { return model_output[0]; }
  NetworkAbilities abilities() const override { return {}; }
  MacCount Macs(const Work&) const override { return {}; }

  int64_t rows = 0;

 private:
  double share_;
};

class StartNoise : public NoiseStream {
 public:
  explicit StartNoise(std::vector<int64_t> shape) : shape_(std::move(shape)) {}
  at::Tensor Draw(int) override {
    return (1.2 * at::sin(1.7 * at::arange(c10::multiply_integers(shape_), at::kDouble) + 0.3))
        .view(shape_)
        .to(at::kFloat);
  }

 private:
  std::vector<int64_t> shape_;
};

std::string MaskOf(const TrajectoryRecord& record) {
  std::string mask;
  for (const Decision& decision : record.decisions) mask += decision.action == Action::kPredict ? '1' : '0';
  return mask;
}

TEST(CacheFixtures, EveryCase) {
  const testing::Manifest manifest = testing::LoadManifest("caches", "cases.json");
  if (!manifest.exists) GTEST_SKIP() << "no fixtures in " << manifest.folder;
  for (const Json& c : manifest.json) {
    SCOPED_TRACE(c.at("name").get<std::string>());
    const auto shape = c.at("shape").get<std::vector<int64_t>>();
    const Json& given = c.at("scheduler");
    const auto scheduler = MakeScheduler(given.at("type").get<std::string>(), Json::object(), given.at("options"),
                                         given.at("steps").get<int>(), "test");
    Json options = c.at("method");
    const auto type = options.at("type").get<std::string>();
    options.erase("type");
    const auto method = FindMethodType(type, "test").make(JsonReader(options, "cases.json", "method"));
    StartNoise noise(shape);
    FormulaDenoiser denoiser(c.at("share").get<double>());
    const TreeResult tree =
        RunTree(*scheduler, denoiser, {{0, &noise}}, {method.get()}, shape, at::kFloat, at::kCPU, {});
    const TrajectoryRecord alone =
        RunReferenceLoop(*scheduler, denoiser, {0, &noise}, 0, *method, at::kFloat, at::kCPU);
    std::string mask;
    for (const Json& one : c.at("mask")) mask += one.get<int>() ? '1' : '0';
    const auto expected = c.at("final").get<std::vector<double>>();
    const at::Tensor final = at::tensor(expected, at::kDouble).view(shape);
    const double tolerance = c.value("tolerance", 2e-5);
    const double size = final.abs().max().item<double>();
    for (const TrajectoryRecord* record : {&tree.records[0][0], &alone}) {
      EXPECT_EQ(MaskOf(*record), mask);
      // float32 against float64: the sources' own loops in float32 differ by 2e-6 at most.
      EXPECT_LT((record->final_latent.to(at::kDouble) - final).abs().max().item<double>(), tolerance * size);
    }
  }
}

}  // namespace
}  // namespace skipbench
