// What pipelines of transformers give their networks and autoencoders beside prompts: the picture's size, the guidance,
// scaled and shifted latents.
#include <ATen/ATen.h>
#include <c10/core/Allocator.h>
#include <c10/core/InferenceMode.h>
#include <c10/util/ThreadLocalDebugInfo.h>
#include <gtest/gtest.h>

#include "harness/base/error.h"
#include "harness/models/autoencoder_kl_wan.h"
#include "harness/models/load.h"
#include "harness/nn/layers/patches.h"
#include "harness/pipelines/load_pipeline.h"
#include "harness/pipelines/pictures.h"
#include "harness/pipelines/prompt_encoding.h"
#include "harness/pipelines/prompted_pipeline.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;

fs::path Models() { return testing::SourceDir() / "tests/fixtures/dit/models"; }

constexpr double kTimestep = 481, kFloatNoise = 1e-5;

class TransformerPipelines : public ::testing::Test {
 protected:
  // `model` with the transformer of another.
  fs::path WithTransformerOf(const char* model, const char* other) {
    for (const auto& part : fs::directory_iterator(Models() / model))
      fs::create_symlink(part.path().filename() == "transformer" ? Models() / other / "transformer" : part.path(),
                         temp_.path() / part.path().filename());
    return temp_.path();
  }
  static at::Tensor Random(std::vector<int64_t> shape) {
    return at::randn(shape, at::detail::createCPUGenerator(3), at::TensorOptions(at::kFloat));
  }
  // The network's output for one row of a text, and of what else the pipeline should give it.
  static at::Tensor Expected(const Network& network, const PromptedPipeline& pipeline, const at::Tensor& sample,
                             const std::string& text, std::map<std::string, at::Tensor> more) {
    const PromptTensors prompt = pipeline.EncodePrompts({text});
    NetworkInputs inputs;
    inputs.sample = sample;
    inputs.timestep = kTimestep;
    inputs.conditioning = std::move(more);
    inputs.conditioning["encoder_hidden_states"] = prompt.tokens;
    if (prompt.mask.defined()) inputs.conditioning["encoder_attention_mask"] = prompt.mask;
    if (prompt.pooled.defined()) inputs.conditioning["pooled_projections"] = prompt.pooled;
    return network.Forward(inputs).sample.narrow(1, 0, sample.size(1));
  }
  static at::Tensor Predict(const Pipeline& pipeline, const at::Tensor& latent, double guidance) {
    std::vector<Sample> samples(1);
    samples[0].caption = "a red bus";
    const std::vector<int64_t> row = {0};
    DenoiserInput input;
    input.sample = latent;
    input.timestep = kTimestep;
    input.conditioning = row;
    return pipeline.Encode(samples, guidance, false)->Predict(input).model_output;
  }

  c10::InferenceMode inference_;
  testing::TempDir temp_;
};

TEST_F(TransformerPipelines, PixArtIsToldTheSizeOfThePicture) {
  PipelineOptions options;
  options.height = 32;
  options.width = 48;
  options.negative_prompt = "blurry";
  const auto pipeline = LoadPipeline(WithTransformerOf("pixart-tiny", "pixart-ms-tiny"), options);
  const auto& prompted = dynamic_cast<const PromptedPipeline&>(*pipeline);
  const auto network = LoadFolder<Network>(Models() / "pixart-ms-tiny/transformer");
  const at::Tensor latent = Random({1, 4, 8, 12}), found = Predict(*pipeline, latent, 2);
  const std::map<std::string, at::Tensor> size = {{"resolution", at::tensor({32.f, 48.f}).view({1, 2})},
                                                  {"aspect_ratio", at::tensor({32.f / 48.f}).view({1, 1})}};
  EXPECT_LE(testing::RelativeDiff(found[0], Expected(*network, prompted, latent, "blurry", size)), kFloatNoise);
  EXPECT_LE(testing::RelativeDiff(found[1], Expected(*network, prompted, latent, "a red bus", size)), kFloatNoise);
}

TEST_F(TransformerPipelines, FluxIsToldTheGuidanceInOnePass) {
  PipelineOptions options;
  options.height = 32;
  options.width = 48;
  const auto pipeline = LoadPipeline(Models() / "flux-tiny", options);
  const auto& prompted = dynamic_cast<const PromptedPipeline&>(*pipeline);
  const auto network = LoadFolder<Network>(Models() / "flux-tiny/transformer");
  const at::Tensor sample = Random({1, 4, 8, 12});
  for (const double guidance : {0.5, 3.5}) {
    const at::Tensor found = Predict(*pipeline, ToPatches(sample, {2, 2}), guidance);
    ASSERT_EQ(found.sizes(), at::IntArrayRef({1, 1, 24, 16}));
    const at::Tensor expected =
        Expected(*network, prompted, sample, "a red bus", {{"guidance", at::full({1}, guidance, at::kFloat)}});
    EXPECT_LE(testing::RelativeDiff(found[0], ToPatches(expected, {2, 2})), kFloatNoise) << guidance;
  }
}

TEST_F(TransformerPipelines, LatentsAreShiftedBeforeTheyAreDecoded) {
  for (const char* model : {"sd3-tiny", "flux-tiny"}) {
    PipelineOptions options;
    options.height = 32;
    options.width = 48;
    const auto pipeline = LoadPipeline(Models() / model, options);
    const auto vae = LoadFolder<AutoencoderKL>(Models() / model / "vae");
    EXPECT_NE(vae->config().shift_factor, 0) << model;
    const at::Tensor sample = Random({2, 4, 8, 12});
    const bool packed = pipeline->info().latent_shape.size() == 2;
    EXPECT_TRUE(at::equal(pipeline->Decode(packed ? ToPatches(sample, {2, 2}) : sample),
                          ToPictures(vae->Decode(sample / vae->config().scaling_factor + vae->config().shift_factor))))
        << model;
  }
  PipelineOptions options;
  options.frames = 5;
  options.height = options.width = 32;
  const auto wan = LoadPipeline(Models() / "wan-tiny", options);
  const auto vae = LoadFolder<AutoencoderKLWan>(Models() / "wan-tiny/vae");
  const at::Tensor latents = Random({2, 4, 2, 4, 4});
  const at::Tensor expected = ToPictures(vae->Decode(vae->FromDenoiser(latents))).transpose(1, 2);
  // One clip after the other there, both at once here: sums may round differently, and so may a value of 256.
  EXPECT_LE((wan->Decode(latents).to(at::kInt) - expected.to(at::kInt)).abs().max().item<int>(), 1);
}

// Bytes of LibTorch's memory that are in use on this thread, and the most there were.
class LiveBytes : public c10::MemoryReportingInfoBase {
 public:
  void reportMemoryUsage(void*, int64_t size, size_t, size_t, c10::Device) override {
    now += size;
    most = std::max(most, now);
  }
  bool memoryProfilingEnabled() const override { return true; }
  int64_t now = 0, most = 0;
};

TEST_F(TransformerPipelines, WanDecodesAClipInTheMemoryOfAFewFrames) {
  c10::InferenceMode inference;
  const auto vae = LoadFolder<AutoencoderKLWan>(Models() / "wan-tiny/vae");
  const auto most = [&](int64_t latent_frames) {
    const at::Tensor z = Random({1, 4, latent_frames, 8, 8});
    const auto bytes = std::make_shared<LiveBytes>();
    const c10::DebugInfoGuard guard(c10::DebugInfoKind::PROFILER_STATE, bytes);
    int64_t frames = 0;
    vae->DecodeFrames(z, [&](int64_t, const at::Tensor&) { ++frames; });
    EXPECT_EQ(frames, vae->config().Frames(latent_frames));
    return bytes->most;
  };
  const int64_t three = most(3), fifteen = most(15);
  EXPECT_GT(three, 8 * 8 * 8 * 8 * 3 * 4);  // one frame at least
  EXPECT_LE(fifteen, three + three / 100);
}

TEST_F(TransformerPipelines, SchedulersAreToldWhatThePipelineKnows) {
  PipelineOptions options;
  options.height = 32;
  options.width = 48;
  options.shapes_only = true;
  const auto config = [&](const char* model) {
    return LoadPipeline(Models() / model, options)->info().scheduler_config;
  };
  EXPECT_EQ(config("flux-tiny")["image_seq_len"], 24);
  EXPECT_EQ(config("flux-tiny")["sigma_ramp"], true);
  EXPECT_EQ(config("sd3-tiny")["image_seq_len"], 24);
  EXPECT_FALSE(config("sd3-tiny").contains("sigma_ramp"));
}

TEST(WanPrompts, ResolveReferencesAsPython) {  // html.unescape(html.unescape(text))
  EXPECT_EQ(CleanWanPrompt("a &lt;b&gt; &amp;amp; &#39;c&#x27;"), "a <b> & 'c'");
  EXPECT_EQ(CleanWanPrompt("a cat &lt b, cats&reggae, now&notes, it&#39s"),
            "a cat < b, cats\u00aegae, now\u00aces, it's");
  EXPECT_EQ(CleanWanPrompt("R&B, this & that; AT&T"), "R&B, this & that; AT&T");
  EXPECT_THROW(CleanWanPrompt("&copysr; &notin;"), Error);
}

TEST(ModelIndexes, ADamagedComponentIsNotALeftOutOne) {
  const auto has = [](const Json& value) {
    return ModelIndex({{"_class_name", "StableDiffusion3Pipeline"}, {"text_encoder_3", value}}, "model_index.json")
        .Has("text_encoder_3");
  };
  EXPECT_TRUE(has({"transformers", "T5EncoderModel"}));
  EXPECT_FALSE(has({nullptr, nullptr}));
  for (const Json& damaged : {Json({1, 2}), Json({"transformers"}), Json({"transformers", nullptr})})
    EXPECT_THROW(has(damaged), Error) << damaged;
}

}  // namespace
}  // namespace skipbench
