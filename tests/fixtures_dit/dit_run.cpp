#include "tests/fixtures_dit/dit_run.h"

#include <ATen/ATen.h>

#include <cmath>

#include "harness/schedulers/catalog.h"

namespace skipbench::testing {
namespace {

namespace fs = std::filesystem;
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
fs::path Complete(const fs::path& model, const TempDir& temp) {
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
  for (const DitCase& c : DitCases("text_encoder"))
    if (c.config().contains("prompts") && fs::equivalent(c.model(), WholeModel(model))) return c.config();
  return Json();
}

// Height and width of packed latents: those of the first forward of the model that has as many patches, or a square.
std::pair<int64_t, int64_t> SizeOfPacked(const DitCase& c, int64_t patches) {
  for (const DitCase& forward :
       DitCases("forward", [&](const DitCase& f) { return f.json.at("model") == c.json.at("model"); })) {
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
    // A cache's case has it by name; the full trajectory with it says the rest.
    for (const DitCase& full : DitCases("trajectory", [&](const DitCase& f) {
           return f.json.at("model") == c.json.at("model") && f.config().contains("scheduler_config") &&
                  f.config().at("scheduler") == config.at("scheduler");
         }))
      options = full.config().at("scheduler_config");
    for (const char* key : {"image_seq_len", "sigma_ramp"})
      if (info.scheduler_config.contains(key)) options[key] = info.scheduler_config[key];
  }
  return MakeScheduler(config.at("scheduler"), options, Json::object(), config.at("steps"), info.scheduler_file);
}

// `first`: which of the model's prompts is the first sample's.
std::vector<Sample> SamplesOf(const DitCase& c, const Tensors& expected, int64_t count, int64_t first) {
  const Json prompts = PromptsOf(c.model());
  std::vector<Sample> samples;
  for (int64_t s = 0; s < count; ++s) {
    Sample& sample = samples.emplace_back();
    sample.id = s;
    if (expected.contains("cond.class_labels")) sample.label = expected.at("cond.class_labels")[s].item<int64_t>();
    if (!prompts.is_null()) sample.caption = prompts.at("prompts")[static_cast<size_t>(first + s)].get<std::string>();
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

}  // namespace

DitRun::DitRun(const DitCase& c) : expected_(c.tensors()) {
  const at::Tensor x_T = expected_.at("x_T");
  const fs::path model = Complete(c.model(), temp_);
  pipeline_ = LoadPipeline(model, OptionsOf(c, model, x_T));
  scheduler_ = SchedulerOf(c, pipeline_->info());
  const Json row = c.config().value("row", Json());
  const std::vector<Sample> samples = SamplesOf(c, expected_, x_T.size(0), row.is_number() ? row.get<int64_t>() : 0);
  denoiser_ = pipeline_->Encode(samples, c.config().at("guidance").get<double>(), false);
  for (const Sample& sample : samples) {
    streams_.push_back(std::make_unique<StoredNoise>(x_T[sample.id]));
    samples_.push_back({sample.id, streams_.back().get()});
  }
}

TreeResult DitRun::Run(const std::vector<const Method*>& methods, const TreeOptions& options) {
  return RunTree(*scheduler_, *denoiser_, samples_, methods, pipeline_->info().latent_shape, at::kFloat, at::kCPU,
                 options);
}

}  // namespace skipbench::testing
