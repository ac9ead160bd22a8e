#include "harness/experiment/config/config_options.h"

#include <algorithm>

namespace skipbench {
namespace {

using Config = ExperimentConfig;
using Model = PipelineOptions;

// The name is a folder's too: one below results/local, and no other.
std::string WhyNoName(const Json& value) {
  const std::string& name = value.get_ref<const std::string&>();
  const bool control = std::any_of(name.begin(), name.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  if (!name.empty() && name.size() <= 200 && name[0] != '.' && name.find('/') == std::string::npos && !control)
    return "";
  return fmt::format(
      "expected a name that a folder can have: 1 to 200 bytes, no '/', no control characters, no '.' in front; found "
      "{}",
      Describe(value));
}

OptionTable<NoiseConfig> NoiseTable() {
  const auto from_file = [](const NoiseConfig& noise) { return noise.source == "file"; };
  const std::string why = "only with the source \"file\"";
  OptionTable<NoiseConfig> table(
      "noise", {Field("source", &NoiseConfig::source)
                    .OneOf({"counter", "torch_cpu", "file"})
                    .Recorded()
                    .Help("keyed by seed and sample; as PyTorch draws it; or given"),
                Field("path", &NoiseConfig::path).When(from_file, why).Help("safetensors file, of the source \"file\""),
                Field("tensor", &NoiseConfig::tensor)
                    .When(from_file, why)
                    .Help("[n, C, H, W] in it: row k is the k-th sample's initial noise"),
                Field("step_noise",
                      OptionTable<NoiseConfig>(
                          "noise.step_noise",
                          {Field("path", &NoiseConfig::step_path).Default("the same file").Help("safetensors file"),
                           Field("tensor", &NoiseConfig::step_tensor).Help("[calls, n, C, H, W] in it")}))
                    .When(from_file, why)
                    .Help("draws of a stochastic scheduler")});
  table.Rule([](const NoiseConfig& noise) {
    if (noise.source == "file" && noise.path.empty()) FailOption("path", "missing");
  });
  return table;
}

OptionTable<LatencyConfig> LatencyTable() {
  return OptionTable<LatencyConfig>(
      "latency",
      {Field("samples", &LatencyConfig::samples).Min(0).Max(100000).Help("samples measured, one after the other"),
       Field("repeats", &LatencyConfig::repeats)
           .Min(1)
           .Max(1000)
           .Help("runs of each sample and setting, after the warm-up"),
       Field("warmup", &LatencyConfig::warmup).Min(0).Max(1000).Help("runs before that")});
}

OptionTable<Config> ReferenceTable() {
  return OptionTable<Config>(
      "metric_reference_options",
      {Field("skip_broken", &Config::reference_skip_broken)
           .Help("leave out reference pictures that cannot be read, and count them"),
       Field("frames", &Config::reference_frames)
           .Min(1)
           .Max(65536)
           .Default("all")
           .Help("of reference clips the first so many frames; they have to be as many as the run's")});
}

std::vector<Field<Config>> Fields() {
  std::vector<Field<Config>> fields = {
      Field("name", &Config::name)
          .Check(WhyNoName)
          .Recorded()
          .Execution()
          .Default("the file's name")
          .Help("of the experiment"),
      Field("pipeline", &Config::pipeline)
          .Required()
          .Help("a folder in diffusers' layout or a single-file Stable Diffusion 1.x or SDXL checkpoint "
                "(.safetensors), relative to the config; or a name on "
                "the model search path"),
      Field("variant", &Config::model, &Model::variant)
          .Recorded()
          .Default("none")
          .Help("of the weight files, e.g. \"fp16\"; components without it are read from their plain files, and a note "
                "says so"),
      Field("vae", &Config::model, &Model::vae)
          .Default("the model's own")
          .Help("another autoencoder: a folder with its config.json, a model's folder, a .safetensors file (CompVis' "
                "or diffusers' names), or a name on the "
                "model search path"),
      Field("tokenizer", &Config::model, &Model::tokenizer)
          .OneOf({"slow", "fast"})
          .Recorded()
          .Default("slow, but fast where the folder holds tokenizer.json alone (transformers 5)")
          .Help("slow: CLIPTokenizer without ftfy; fast: CLIPTokenizerFast"),
      Field("tokenizer_folder", &Config::model, &Model::tokenizer_folder)
          .Default("SKIPBENCH_TOKENIZER_FOLDER, or \"tokenizer\" beside it")
          .Help("of a single-file checkpoint: vocab.json and merges.txt, or tokenizer.json"),
      Field<Config>::ReadElsewhere("scheduler", "type, or {\"type\": ..., options}")
          .Default("the pipeline's own")
          .Help("see `skipbench list schedulers`; a list sweeps")};
  for (OptionSpec spec : RunTable().List()) fields.push_back(Field<Config>::ReadElsewhere(std::move(spec)));
  const std::vector<Field<Config>> rest = {
      Field("negative_prompt", &Config::model, &Model::negative_prompt).Default("none"),
      Field("height", &Config::model, &Model::height)
          .Min(0)
          .Max(16384)
          .Recorded()
          .Default("the model's own")
          .Help("pixels"),
      Field("width", &Config::model, &Model::width)
          .Min(0)
          .Max(16384)
          .Recorded()
          .Default("the model's own")
          .Help("pixels"),
      Field("vae_tiling", &Config::model, &Model::vae_tiling)
          .Help("decode large pictures in overlapping tiles; text_to_image only"),
      Field("vae_slicing", &Config::model, &Model::vae_slicing)
          .Help("decode one picture at a time; text_to_image only"),
      Field("frames", &Config::model, &Model::frames)
          .Min(2)
          .Max(1024)
          .Default(std::to_string(kDefaultFrames))
          .Help("of a clip; video pipelines only"),
      Field("fps", &Config::model, &Model::fps)
          .Min(1)
          .Max(120)
          .Help("frames per second: what image_to_video networks are told, and the speed of clips written as files; "
                "video only"),
      Field("decode_chunk", &Config::model, &Model::decode_chunk)
          .Min(1)
          .Max(1024)
          .Execution()
          .When([](const Config& c) { return !c.batch_invariant || c.model.decode_chunk == 1; },
                "with batch_invariant every frame is decoded alone: leave it out or say 1")
          .Help("frames that go through the decoder together (with batch_invariant 1); video only"),
      Field("dtype", &Config::model, &Model::dtype)
          .Names<at::ScalarType>(Dtypes())
          .Recorded()
          .Help("of weights and latents"),
      Field("device", &Config::device).Allowed("auto | cpu | cuda | cuda:N").Recorded().Execution(),
      Field("threads", &Config::threads)
          .Min(0)
          .Max(1024)
          .Recorded()
          .Execution()
          .Help("CPU threads; 0: LibTorch's choice"),
      Field<Config>::ReadElsewhere("data", "{\"type\": ..., options}")
          .Required()
          .Help("what is generated: see `skipbench list datasets`"),
      Field("seed", &Config::seed).Recorded().Help("keys the noise, with the sample's id"),
      Field("noise", &Config::noise, NoiseTable()).Help("where it comes from"),
      Field<Config>::ReadElsewhere(
          "methods", "list of {\"type\": ..., \"id\": ..., options}, or of types (one alone needs no list)")
          .Required()
          .Help("see `skipbench list methods`; a list for an option sweeps"),
      Field("metrics", &Config::metric_names).OneOrMore().Recorded().Help("see `skipbench list metrics`"),
      Field("metric_weights", &Config::metric_weights)
          .OneOrMore()
          .Execution()
          .Help("folders with the metrics' weights (also: SKIPBENCH_METRIC_WEIGHTS)"),
      Field<Config>::ReadElsewhere(
          {.name = "metric_reference",
           .kind = OptionKind::kText,
           .type = "path, or {METRIC: path, ...}",
           .fallback = "the data's own reference; without one, the shipped pictures for the shipped network's metrics, "
                       "else none",
           .help = "what distances of sets are measured to: a folder of pictures or a statistics file (.npz)"}),
      Field("metric_reference_options", ReferenceTable()),
      Field("save", &Config::save)
          .OneOf({"latents", "noise_predictions", "images", "png", "apng", "mp4"})
          .OneOrMore()
          .Recorded()
          .Help("images go into the results, png into files; apng and mp4 are for clips"),
      Field("traces", &Config::traces)
          .Recorded()
          .Help("record for every sample and call the differences of order one to three of latents and noise "
                "predictions, and the latent's distance to the "
                "full-step trajectory"),
      Field("batch_size", &Config::batch_size)
          .Min(1)
          .Max(4096)
          .Recorded()
          .Execution()
          .Help("samples of one network call"),
      Field("memory", &Config::memory)
          .Size()
          .Execution()
          .Default("no bound; --dry-run says what a run needs")
          .Help("most that open trajectories (latents, outputs, cached features) may take: fewer samples at a time, "
                "then one trajectory after the other"),
      Field("wave_size", &Config::wave_size)
          .Min(0)
          .Max(1 << 20)
          .Recorded()
          .Execution()
          .Default("batch_size")
          .Help("samples between two commits"),
      Field("group_size", &Config::group_size)
          .Min(1)
          .Max(1 << 20)
          .Recorded()
          .Help("consecutive samples that decide together where a method's scope is \"group\""),
      Field("batch_invariant", &Config::batch_invariant)
          .Recorded()
          .Help("results bit-identical whatever the batch, at some cost"),
      Field("search_memory", &Config::search_memory)
          .Size(/*plain_unit=*/1 << 20)
          .Execution()
          .Help("what a search for paths keeps of intermediate states; with less it predicts some of them again"),
      Field<Config>::ReadElsewhere("path_study", PathStudyTable())
          .Default("not")
          .Help("compare estimated skip paths with searched ones; harness/experiment/README.md says more"),
      Field("latency", &Config::latency, LatencyTable()).Execution().Default("not").Help("measure latency and memory"),
      Field("contact_sheet", &Config::contact_sheet_rows)
          .Min(0)
          .Max(1000)
          .Execution()
          .Help("samples shown in contact_sheet.png; needs \"images\" in save; 0: none")};
  fields.insert(fields.end(), rest.begin(), rest.end());
  return fields;
}

}  // namespace

const OptionTable<RunSpec>& RunTable() {
  static const OptionTable<RunSpec> table(
      "run", {Field("steps", &RunSpec::steps).Min(1).Max(1000).Recorded().Help("of the scheduler; a list sweeps"),
              Field("guidance", &RunSpec::guidance)
                  .Min(0)
                  .Max(1000)
                  .Default("the pipeline's")
                  .Help("scale of classifier-free guidance, off at 1 or less; a list sweeps")});
  return table;
}

const OptionTable<ExperimentConfig>& ConfigTable() {
  static const OptionTable<ExperimentConfig> table = [] {
    OptionTable<ExperimentConfig> config("config", Fields());
    config.Rule([](const Config& c) {
      if (c.contact_sheet_rows > 0 && !c.save.contains("images"))
        FailOption("contact_sheet", "needs \"images\" in \"save\"");
    });
    return config;
  }();
  return table;
}

}  // namespace skipbench
