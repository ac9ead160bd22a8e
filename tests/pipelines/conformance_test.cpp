// One body that every pipeline passes: what harness/pipelines/pipeline.h promises of all of them, for every class of
// the catalog on the fixtures' small models. A new pipeline enters by its model's folder under tests/fixtures.
#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include "harness/base/error.h"
#include "harness/io/pictures/png.h"
#include "harness/pipelines/catalog.h"
#include "harness/pipelines/load_pipeline.h"
#include "tests/support/fixtures.h"
#include "tests/support/model_folders.h"

namespace skipbench {
namespace {

using testing::ModelExample;
using testing::RelativeDiff;

constexpr int64_t kSamples = 3, kFrames = 5, kLargestSide = 128;
constexpr double kFloatNoise = 1e-4;  // see tests/models/conformance_test.cpp

class PipelineConformance : public ::testing::TestWithParam<ModelExample> {
 protected:
  void SetUp() override {
    // Clips and pictures of the published models' own size would take minutes.
    PipelineOptions shapes;
    shapes.shapes_only = true;
    shapes.frames = kFrames;
    const PipelineInfo own = LoadPipeline(GetParam().folder, shapes)->info();
    if (own.frames > 0) options_.frames = kFrames;
    if (own.frames > 0 || own.image_shape[1] > kLargestSide) {
      options_.height = 32;
      options_.width = 48;
    }
    pipeline_ = LoadPipeline(GetParam().folder, options_);
  }
  const PipelineInfo& info() const { return pipeline_->info(); }

  std::vector<Sample> Samples() {
    std::vector<Sample> samples;
    for (int64_t s = 0; s < kSamples; ++s) {
      Sample& sample = samples.emplace_back();
      sample.id = 7 + s;
      if (info().needs_caption) sample.caption = s == 0 ? "a red chair" : fmt::format("two dogs and {} cats", s);
      if (info().needs_label) sample.label = s + 1;
      if (info().needs_image) {
        sample.image = temp_ / fmt::format("{}.png", s);
        Image image{.width = 40, .height = 30, .channels = 3, .pixels = {}};
        for (int k = 0; k < 40 * 30 * 3; ++k) image.pixels.push_back(static_cast<uint8_t>((k * (s + 3)) % 251));
        WritePng(sample.image, image);
      }
    }
    return samples;
  }
  at::Tensor Latents(int64_t rows) const {
    std::vector<int64_t> shape = info().latent_shape;
    shape.insert(shape.begin(), rows);
    return at::randn(shape, at::detail::createCPUGenerator(3), at::TensorOptions(at::kFloat));
  }
  double Guidance() const { return info().guided ? 3.0 : 1.0; }
  static DenoiserInput Input(const at::Tensor& latents, std::span<const int64_t> rows) {
    DenoiserInput input;
    input.sample = latents.index_select(0, at::tensor(std::vector<int64_t>(rows.begin(), rows.end())));
    input.timestep = 481;
    input.conditioning = rows;
    return input;
  }

  c10::InferenceMode inference_;
  testing::TempDir temp_;
  PipelineOptions options_;
  std::unique_ptr<Pipeline> pipeline_;
  const std::vector<int64_t> all_ = {0, 1, 2};
};

TEST_P(PipelineConformance, SaysTheSameWithoutWeights) {
  PipelineOptions shapes = options_;
  shapes.shapes_only = true;
  const auto counted = LoadPipeline(GetParam().folder, shapes);
  EXPECT_EQ(counted->info().latent_shape, info().latent_shape);
  EXPECT_EQ(counted->info().image_shape, info().image_shape);
  EXPECT_EQ(counted->info().kind, info().kind);
  EXPECT_EQ(counted->info().notes, info().notes);
  EXPECT_EQ(counted->abilities().cache_positions, pipeline_->abilities().cache_positions);
  EXPECT_EQ(counted->abilities().blocks, pipeline_->abilities().blocks);
  EXPECT_EQ(counted->DenoiserMacs({}).total, pipeline_->DenoiserMacs({}).total);
  EXPECT_TRUE(counted->info().files.empty());
  EXPECT_FALSE(info().files.empty());
  EXPECT_FALSE(info().kind.empty());
  EXPECT_FALSE(info().scheduler_class.empty());
  EXPECT_EQ(info().guided, info().default_guidance > 1);
  const bool packed = info().latent_shape.size() == 2;
  EXPECT_EQ(info().latent_shape.size(), info().frames > 0 ? 4u : packed ? 2u : 3u);
  EXPECT_EQ(info().in_pixels, info().latent_shape == info().image_shape);
}

TEST_P(PipelineConformance, PredictionsHaveTheLatentsShape) {
  const at::Tensor latents = Latents(kSamples);
  for (const double guidance : {1.0, Guidance()}) {
    const auto denoiser = pipeline_->Encode(Samples(), guidance, false);
    EXPECT_EQ(denoiser->guidance_rows(), guidance > 1 && !info().embedded_guidance ? 2 : 1);
    EXPECT_EQ(denoiser->guidance_rows(), info().GuidanceRows(guidance));
    std::vector<int64_t> expected = latents.sizes().vec();
    const at::Tensor model_output = denoiser->Predict(Input(latents, all_)).model_output;
    EXPECT_EQ(denoiser->Guide(model_output).sizes(), at::IntArrayRef(expected));
    expected.insert(expected.begin(), denoiser->guidance_rows());
    EXPECT_EQ(model_output.sizes(), at::IntArrayRef(expected));
    EXPECT_TRUE(at::isfinite(model_output).all().item<bool>());
  }
}

TEST_P(PipelineConformance, SamplesDoNotKnowEachOther) {
  const auto samples = Samples();
  const at::Tensor latents = Latents(kSamples);
  const auto together = pipeline_->Encode(samples, Guidance(), false);
  const at::Tensor model_output = together->Predict(Input(latents, all_)).model_output;
  for (int64_t s = 0; s < kSamples; ++s) {
    const std::vector<int64_t> row = {s}, first = {0};
    EXPECT_LE(RelativeDiff(together->Predict(Input(latents, row)).model_output.select(1, 0), model_output.select(1, s)),
              kFloatNoise)
        << s;
    const auto alone = pipeline_->Encode(std::span(samples).subspan(static_cast<size_t>(s), 1), Guidance(), true);
    EXPECT_LE(RelativeDiff(alone->Predict(Input(latents.narrow(0, s, 1), first)).model_output.select(1, 0),
                           model_output.select(1, s)),
              kFloatNoise)
        << s;
  }
  // A sample's condition decides, if there is one.
  const at::Tensor same = latents.narrow(0, 0, 1).expand_as(latents).contiguous();
  const at::Tensor conditioned = together->Predict(Input(same, all_)).model_output;
  const bool conditional = info().needs_caption || info().needs_label || info().needs_image;
  EXPECT_EQ(RelativeDiff(conditioned.select(1, 0), conditioned.select(1, 1)) > kFloatNoise, conditional);
}

// What can be kept of the network: of a stack not every cut, but one of each kind.
std::vector<CacheSite> SitesOf(const NetworkAbilities& can) {
  std::vector<CacheSite> sites;
  for (int front = 0; front < can.cache_positions; ++front) sites.push_back({.front = front});
  if (can.blocks > 2) sites.push_back({.front = 1, .back = 1});
  if (can.blocks > 0) sites.push_back({.level = CacheSite::Level::kHidden});
  if (can.modules != 0) sites.push_back({.level = CacheSite::Level::kModules, .modules = can.modules});
  return sites;
}

TEST_P(PipelineConformance, SitesContinueAndCostWhatIsSaid) {
  const auto denoiser = pipeline_->Encode(Samples(), Guidance(), false);
  const int64_t guidance_rows = denoiser->guidance_rows();
  EXPECT_EQ(denoiser->Macs({}), pipeline_->DenoiserMacs({}).total);
  EXPECT_EQ(denoiser->Macs({.action = Action::kReuse, .site = {}, .probe = {}}), MacCount());
  EXPECT_EQ(denoiser->Macs({.action = Action::kCombine, .site = {}, .probe = {}}), MacCount());
  const NetworkAbilities can = denoiser->abilities();
  EXPECT_EQ(can.cache_positions, pipeline_->abilities().cache_positions);
  DenoiserInput input = Input(Latents(kSamples), all_);
  input.keep = SitesOf(can);
  const DenoiserOutput full = denoiser->Predict(input);
  EXPECT_EQ(full.kept.size(), input.keep.size());
  input.keep.clear();
  for (const auto& [site, kept] : full.kept) {
    EXPECT_EQ(kept.numel(), guidance_rows * kSamples * pipeline_->KeptElements(site)) << site.front;
    const Work work = {.action = Action::kShallow, .site = site, .probe = {}};
    EXPECT_EQ(denoiser->Macs(work), pipeline_->DenoiserMacs(work).total);
    EXPECT_LT(denoiser->Macs(work).matmuls, denoiser->Macs({}).matmuls);
    input.site = site;
    input.cached = kept;
    EXPECT_LE(RelativeDiff(denoiser->Predict(input).model_output, full.model_output), kFloatNoise) << site.front;
  }
  EXPECT_EQ(pipeline_->KeptElements({.level = CacheSite::Level::kOutput}), 2 * pipeline_->latent_elements());
}

// One guidance row alone is that row of both, of whatever work.
TEST_P(PipelineConformance, GuidanceRowsStandAlone) {
  const auto denoiser = pipeline_->Encode(Samples(), Guidance(), false);
  DenoiserInput input = Input(Latents(kSamples), all_);
  const std::vector<CacheSite> sites = SitesOf(denoiser->abilities());
  input.keep = sites;
  const DenoiserOutput both = denoiser->Predict(input);
  for (int row = 0; row < denoiser->guidance_rows(); ++row) {
    DenoiserInput one = input;
    one.guidance_row = row;
    const DenoiserOutput alone = denoiser->Predict(one);
    EXPECT_LE(RelativeDiff(alone.model_output, both.model_output.narrow(0, row, 1)), kFloatNoise) << row;
    one.keep.clear();
    for (const CacheSite& site : sites) {
      EXPECT_LE(RelativeDiff(alone.kept.at(site), both.kept.at(site).narrow(0, row, 1)), kFloatNoise) << row;
      one.site = site;
      one.cached = both.kept.at(site).narrow(0, row, 1);
      EXPECT_LE(RelativeDiff(denoiser->Predict(one).model_output, both.model_output.narrow(0, row, 1)), kFloatNoise);
    }
  }
  input.guidance_row = denoiser->guidance_rows();
  EXPECT_ERROR(denoiser->Predict(input), "guidance row");
}

// Some rows go on from a probe of all; it is paid once.
TEST_P(PipelineConformance, PredictionsGoOnFromProbes) {
  const auto denoiser = pipeline_->Encode(Samples(), Guidance(), false);
  const NetworkAbilities can = denoiser->abilities();
  const at::Tensor latents = Latents(kSamples);
  const std::vector<int64_t> some = {2, 0};
  for (const ProbeSite::Signal signal : can.signals) {
    const ProbeSite site = {.signal = signal, .front = signal == ProbeSite::Signal::kFront ? 1 : 0};
    const MacCount alone = denoiser->Macs({.action = Action::kReuse, .site = {}, .probe = site});
    EXPECT_EQ(denoiser->Macs({.action = Action::kPredict, .site = {}, .probe = site}), denoiser->Macs({}));
    if (!site.of_network()) {
      EXPECT_EQ(alone, MacCount());
      continue;
    }
    EXPECT_GT(alone.matmuls, 0);
    EXPECT_LT(alone.matmuls, denoiser->Macs({}).matmuls);
    for (int row = -1; row < denoiser->guidance_rows(); ++row) {
      const int64_t rows = row < 0 ? denoiser->guidance_rows() : 1;
      DenoiserInput all = Input(latents, all_), rest = Input(latents, some);
      all.guidance_row = rest.guidance_row = row;
      const auto probe = denoiser->Probe(all, site);
      EXPECT_EQ(probe->signal.size(0), rows);
      EXPECT_TRUE(probe->signal.size(1) == kSamples || probe->signal.size(1) == 1);
      const at::Tensor expected = denoiser->Predict(rest).model_output;
      rest.from = probe.get();
      rest.from_rows = some;
      EXPECT_LE(RelativeDiff(denoiser->Predict(rest).model_output, expected), kFloatNoise) << row;
      rest.guidance_row = row < 0 ? 0 : -1;
      EXPECT_ERROR(denoiser->Predict(rest), "probe of other guidance rows");
    }
  }
}

TEST_P(PipelineConformance, LatentsBecomePictures) {
  const at::Tensor pictures = pipeline_->Decode(Latents(2));
  std::vector<int64_t> expected = info().image_shape;
  if (info().frames > 0) expected.insert(expected.begin(), info().frames);
  expected.insert(expected.begin(), 2);
  EXPECT_EQ(pictures.sizes(), at::IntArrayRef(expected));
  EXPECT_EQ(pictures.scalar_type(), at::kByte);
  EXPECT_TRUE(pictures.is_cpu());
  EXPECT_ERROR(pipeline_->Decode(Latents(1).fill_(std::nan(""))), "not finite");
}

TEST_P(PipelineConformance, NoiseIsArrangedNotChanged) {
  const at::Tensor drawn = Latents(1)[0], arranged = pipeline_->ArrangeNoise(drawn);
  EXPECT_EQ(arranged.sizes(), drawn.sizes());
  EXPECT_TRUE(at::equal(std::get<0>(arranged.flatten().sort()), std::get<0>(drawn.flatten().sort())));
}

TEST_P(PipelineConformance, SamplesThatLackSomethingAreNamed) {
  auto samples = Samples();
  pipeline_->CheckInput(samples[0]);
  samples[1].label = -1;
  samples[1].image.clear();
  if (info().needs_label || info().needs_image) {
    EXPECT_ERROR(pipeline_->CheckInput(samples[1]), "sample 8");
    EXPECT_ERROR(pipeline_->Encode(samples, Guidance(), false), "sample 8");
  }
}

INSTANTIATE_TEST_SUITE_P(All, PipelineConformance, ::testing::ValuesIn(testing::ModelExamples()),
                         [](const auto& info) { return info.param.name; });

TEST(Pipelines, EveryClassHasAnExample) {
  std::set<std::string> seen;
  for (const auto& example : testing::ModelExamples()) seen.insert(example.index.at("_class_name").get<std::string>());
  for (const auto& type : PipelineTypes()) {
    const bool any = std::any_of(type.class_names.begin(), type.class_names.end(),
                                 [&](const auto& name) { return seen.contains(name); });
    EXPECT_TRUE(any) << type.class_names[0] << ": no small model under tests/fixtures has it";
  }
}

TEST(Pipelines, UnknownClassesAreRefused) {
  const testing::TempDir temp;
  testing::WriteFile(temp / "model_index.json", R"({"_class_name": "PipelineOfTomorrow"})");
  EXPECT_ERROR(
      LoadPipeline(temp.path(), {}),
      "a PipelineOfTomorrow is not supported; supported: StableDiffusionPipeline, StableDiffusionXLPipeline, "
      "TextToVideoSDPipeline (ModelScope), I2VGenXLPipeline, ClassConditionalLDMPipeline (LDM-4), DDPMPipeline");
}

}  // namespace
}  // namespace skipbench
