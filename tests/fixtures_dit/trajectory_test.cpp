// Pipelines of transformers against diffusers 0.42.1: what they make of prompts, and whole trajectories from prompts or
// class labels, with nothing skipped.
#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>

#include "harness/pipelines/prompted_pipeline.h"
#include "methods/full_step/full_step.h"
#include "tests/fixtures_dit/dit_run.h"

namespace skipbench {
namespace {

using testing::DitCase;
using testing::ExpectClose;
using Tensors = std::map<std::string, at::Tensor>;

class DitTrajectories : public testing::DitTest {};

TEST_P(DitTrajectories, EqualDiffusersFromPrompts) {
  const c10::InferenceMode inference;
  const DitCase& c = GetParam();
  testing::DitRun run(c);
  const Tensors& expected = run.expected();
  const at::Tensor x_T = expected.at("x_T"), latents = expected.at("latents");
  const PipelineInfo& info = run.pipeline().info();
  ASSERT_EQ(at::IntArrayRef(info.latent_shape), x_T.sizes().slice(1));
  ASSERT_EQ(run.scheduler().calls(), latents.size(0));
  for (int call = 0; call < run.scheduler().calls(); ++call)
    EXPECT_NEAR(run.scheduler().timestep(call), expected.at("timesteps")[call].item<double>(), 1e-3) << call;
  EXPECT_EQ(run.denoiser().guidance_rows(), info.embedded_guidance ? 1 : 2);
  TreeOptions options;
  options.keep_latents = options.keep_predictions = true;
  const auto method = MakeFullStep();
  const TreeResult result = run.Run({method.get()}, options);
  std::vector<at::Tensor> found, outputs;
  for (const TrajectoryRecord& record : result.records[0]) {
    found.push_back(at::stack(record.latents).slice(0, 1));
    std::vector<at::Tensor> guided;
    for (const at::Tensor& rows : record.predictions) guided.push_back(run.denoiser().Guide(rows.unsqueeze(1))[0]);
    outputs.push_back(at::stack(guided));
  }
  ExpectClose(c, "latents", at::stack(found, 1), latents);
  ExpectClose(c, "final", at::stack(found, 1).select(0, -1), latents.select(0, -1));
  // Guidance multiplies what the latents' rounding does not know of: the outputs are only near.
  EXPECT_LE(testing::RelativeDiff(at::stack(outputs, 1), expected.at("outputs")), 1e-4);
}

DIT_CASES(DitTrajectories, "trajectory", [](const testing::DitCase& c) { return c.json.at("method") == "full"; });

class DitPrompts : public testing::DitTest {};

// From a folder's prompts through its pipeline.
TEST_P(DitPrompts, EqualEncodePrompt) {
  const c10::InferenceMode inference;
  const DitCase& c = GetParam();
  const Tensors expected = c.tensors();
  PipelineOptions options;
  options.max_sequence_length = c.config().at("max_length");
  options.frames = ReadJsonFile(c.model() / "model_index.json").at("_class_name") == "WanPipeline" ? 5 : 0;
  const auto loaded = LoadPipeline(c.model(), options);
  EXPECT_EQ(loaded->info().max_sequence_length, options.max_sequence_length);
  const auto& pipeline = dynamic_cast<const PromptedPipeline&>(*loaded);
  const auto prompts = c.config().at("prompts").get<std::vector<std::string>>();
  const std::vector<std::string> negative(prompts.size(), c.config().at("negative").get<std::string>());
  // Prompts have no rounding of their own in the manifest: that of the model's encoders, the largest, counts.
  testing::Rounding rounding;
  for (const DitCase& encoder : testing::DitCases(
           "text_encoder", [&](const DitCase& other) { return other.json.at("model") == c.json.at("model"); })) {
    const testing::Rounding one = testing::RoundingOf(encoder);
    rounding = {std::max(rounding.max_abs, one.max_abs), std::max(rounding.relative_rms, one.relative_rms)};
  }
  for (const bool one_by_one : {false, true}) {
    const auto encode = [&](const std::vector<std::string>& texts) {
      return EncodeEach(texts, one_by_one, [&](const auto& some) { return pipeline.EncodePrompts(some); });
    };
    const PromptTensors positive = encode(prompts), other = encode(negative);
    const std::pair<const char*, at::Tensor> results[] = {
        {"prompt_embeds", positive.tokens},        {"negative_prompt_embeds", other.tokens},
        {"pooled_prompt_embeds", positive.pooled}, {"negative_pooled_prompt_embeds", other.pooled},
        {"prompt_attention_mask", positive.mask},  {"negative_prompt_attention_mask", other.mask}};
    size_t seen = 0;
    for (const auto& [name, value] : results) {
      if (!expected.contains(name)) continue;
      ++seen;
      ExpectClose(rounding, name, value, expected.at(name));
    }
    EXPECT_EQ(seen, expected.size());
  }
}

DIT_CASES(DitPrompts, "text_encoder", [](const testing::DitCase& c) { return c.config().contains("prompts"); });

}  // namespace
}  // namespace skipbench
