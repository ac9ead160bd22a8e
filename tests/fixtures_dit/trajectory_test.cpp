// Pipelines of transformers against diffusers 0.42.1: what they make of prompts, and whole trajectories from prompts or
// class labels, with nothing skipped.
#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <cmath>

#include "harness/pipelines/load_pipeline.h"
#include "harness/pipelines/prompted_pipeline.h"
#include "harness/sampling/trajectory_tree.h"
#include "harness/schedulers/catalog.h"
#include "methods/full_step/full_step.h"
#include "tests/fixtures_dit/dit_cases.h"
#include "tests/support/fixtures.h"

namespace skipbench {
namespace {

namespace fs = std::filesystem;
using testing::DitCase;
using testing::ExpectClose;
using Tensors = std::map<std::string, at::Tensor>;

std::string TransformerClass(const fs::path& model) {
  return ReadJsonFile(model / "transformer/config.json").at("_class_name");
}

// The folder of a model's other components: its own, or, where it has a transformer and a scheduler alone, that of a
// whole model with a transformer of this class.
fs::path WholeModel(const fs::path& model) {
  if (fs::exists(model / "model_index.json")) return model;
  for (const auto& other : fs::directory_iterator(model.parent_path()))
    if (fs::exists(other.path() / "model_index.json") && TransformerClass(other.path()) == TransformerClass(model))
      return other.path();
  Fail("{}: no whole model has such a transformer", model.string());
}

// A model with all components, put together in `temp` where it lacks some.
fs::path Complete(const fs::path& model, const testing::TempDir& temp) {
  const fs::path whole = WholeModel(model);
  if (whole == model) return model;
  for (const auto& part : fs::directory_iterator(whole)) {
    const fs::path name = part.path().filename(), own = fs::absolute(model / name);
    fs::create_symlink(fs::exists(own) ? own : fs::absolute(part.path()), temp.path() / name);
  }
  return temp.path();
}

// The prompts that a model's cases are made of; null: it has none.
Json PromptsOf(const fs::path& model) {
  for (const DitCase& c : testing::DitCases("text_encoder"))
    if (c.config().contains("prompts") && fs::equivalent(c.model(), WholeModel(model))) return c.config();
  return Json();
}

// Height and width of packed latents: those of the first forward of the model that has as many patches, or a square.
std::pair<int64_t, int64_t> SizeOfPacked(const DitCase& c, int64_t patches) {
  for (const DitCase& forward :
       testing::DitCases("forward", [&](const DitCase& f) { return f.json.at("model") == c.json.at("model"); })) {
    const std::vector<int64_t> size = forward.config().at("size");
    if (size[0] * size[1] == 4 * patches) return {size[0], size[1]};
  }
  const auto side = 2 * std::llround(std::sqrt(static_cast<double>(patches)));
  return {side, side};
}

// The size and the text of a case.
PipelineOptions OptionsOf(const DitCase& c, const fs::path& model, const at::Tensor& x_T) {
  PipelineOptions options;
  options.shapes_only = true;
  options.frames = 5;
  const PipelineInfo info = LoadPipeline(model, options)->info();
  options = {};
  const int64_t rank = x_T.dim(), pixels = info.image_shape[1] * info.image_shape[2];
  const bool packed = rank == 3;
  const auto [height, width] =
      packed ? SizeOfPacked(c, x_T.size(1)) : std::pair{x_T.size(rank - 2), x_T.size(rank - 1)};
  const auto latent_pixels =
      packed ? 4 * info.latent_shape[0] : info.latent_shape.end()[-2] * info.latent_shape.end()[-1];
  const auto factor = std::llround(std::sqrt(static_cast<double>(pixels / latent_pixels)));
  options.height = height * factor;
  options.width = width * factor;
  if (rank == 5) options.frames = 1 + 4 * (x_T.size(2) - 1);
  if (const Json prompts = PromptsOf(c.model()); !prompts.is_null()) {
    options.max_sequence_length = prompts.at("max_length");
    options.negative_prompt = prompts.at("negative").get<std::string>();
  }
  return options;
}

// The folder's own scheduler by the folder's config, another one by the case's; what the pipeline says of the latents
// and of the first sigmas counts for both.
std::shared_ptr<const Scheduler> SchedulerOf(const DitCase& c, const PipelineInfo& info) {
  const Json& config = c.config();
  Json options = info.scheduler_config;
  if (config.at("scheduler") != info.scheduler_class) {
    options = config.at("scheduler_config");
    for (const char* key : {"image_seq_len", "sigma_ramp"})
      if (info.scheduler_config.contains(key)) options[key] = info.scheduler_config[key];
  }
  return MakeScheduler(config.at("scheduler"), options, Json::object(), config.at("steps"), info.scheduler_file);
}

std::vector<Sample> SamplesOf(const DitCase& c, const Tensors& expected, int64_t count) {
  const Json prompts = PromptsOf(c.model());
  std::vector<Sample> samples;
  for (int64_t s = 0; s < count; ++s) {
    Sample& sample = samples.emplace_back();
    sample.id = s;
    if (expected.contains("cond.class_labels")) sample.label = expected.at("cond.class_labels")[s].item<int64_t>();
    if (!prompts.is_null()) sample.caption = prompts.at("prompts")[static_cast<size_t>(s)].get<std::string>();
  }
  return samples;
}

class StoredNoise : public NoiseStream {
 public:
  explicit StoredNoise(at::Tensor initial) : initial_(std::move(initial)) {}
  at::Tensor Draw(int draw) override {
    if (draw > 0) Fail("a scheduler asks for noise, and the case has none");
    return initial_;
  }

 private:
  at::Tensor initial_;
};

class DitTrajectories : public testing::DitTest {
 protected:
  c10::InferenceMode inference_;
  testing::TempDir temp_;
};

TEST_P(DitTrajectories, EqualDiffusersFromPrompts) {
  const DitCase& c = GetParam();
  const Tensors expected = c.tensors();
  const at::Tensor x_T = expected.at("x_T"), latents = expected.at("latents");
  const fs::path model = Complete(c.model(), temp_);
  const auto pipeline = LoadPipeline(model, OptionsOf(c, model, x_T));
  const PipelineInfo& info = pipeline->info();
  ASSERT_EQ(at::IntArrayRef(info.latent_shape), x_T.sizes().slice(1));
  const auto scheduler = SchedulerOf(c, info);
  ASSERT_EQ(scheduler->calls(), latents.size(0));
  for (int call = 0; call < scheduler->calls(); ++call)
    EXPECT_NEAR(scheduler->timestep(call), expected.at("timesteps")[call].item<double>(), 1e-3) << call;
  const std::vector<Sample> samples = SamplesOf(c, expected, x_T.size(0));
  const auto denoiser = pipeline->Encode(samples, c.config().at("guidance").get<double>(), false);
  EXPECT_EQ(denoiser->guidance_rows(), info.embedded_guidance ? 1 : 2);
  std::vector<std::unique_ptr<NoiseStream>> streams;
  std::vector<TreeSample> tree;
  for (const Sample& sample : samples) {
    streams.push_back(std::make_unique<StoredNoise>(x_T[sample.id]));
    tree.push_back({sample.id, streams.back().get()});
  }
  TreeOptions options;
  options.keep_latents = options.keep_predictions = true;
  const auto method = MakeFullStep();
  TreeResult result =
      RunTree(*scheduler, *denoiser, tree, {method.get()}, info.latent_shape, at::kFloat, at::kCPU, options);
  std::vector<at::Tensor> found, outputs;
  for (const TrajectoryRecord& record : result.records[0]) {
    found.push_back(at::stack(record.latents).slice(0, 1));
    std::vector<at::Tensor> guided;
    for (const at::Tensor& rows : record.predictions) guided.push_back(denoiser->Guide(rows.unsqueeze(1))[0]);
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
