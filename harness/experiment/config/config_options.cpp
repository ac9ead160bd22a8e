#include "harness/experiment/config/config_options.h"

#include <algorithm>

#include "harness/experiment/config/kept_config.h"

namespace skipbench {
namespace {

using Config = ExperimentConfig;
using Model = PipelineOptions;

// `min`, `max`: of numbers.
template <class Struct, class Value>
Field<Struct> Key(const char* name, Value Struct::*member, const char* help, Json min = {}, Json max = {}) {
  Field field = Field(name, member).Help(help);
  return min.is_null() ? field : field.Min(min).Max(max);
}
template <class Value>
Field<Config> OfModel(const char* name, Value Model::*member, const char* help, Json min = {}, Json max = {}) {
  Field field = Field(name, &Config::model, member).Help(help);
  return min.is_null() ? field : field.Min(min).Max(max);
}

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
      "noise", {Key("source", &NoiseConfig::source, "keyed by seed and sample; as PyTorch draws it; or given")
                    .OneOf({"counter", "torch_cpu", "file"})
                    .Recorded(),
                Key("shared", &NoiseConfig::shared,
                    "every group of group_size samples draws what the first one does, as scripts that set the seed "
                    "anew for each batch: one noise for all captions")
                    .When([](const NoiseConfig& noise) { return noise.source != "file"; },
                          "not with the source \"file\", which has a row for each sample"),
                Key("path", &NoiseConfig::path, "safetensors file, of the source \"file\"").When(from_file, why),
                Key("tensor", &NoiseConfig::tensor, "[n, C, H, W] in it: row k is the k-th sample's initial noise")
                    .When(from_file, why),
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
      {Key("samples", &LatencyConfig::samples, "samples measured, one after the other", 0, 100000),
       Key("repeats", &LatencyConfig::repeats, "runs of each sample and setting, after the warm-up", 1, 1000),
       Key("warmup", &LatencyConfig::warmup, "runs before that", 0, 1000)});
}

OptionTable<Config> ReferenceTable() {
  return OptionTable<Config>(
      "metric_reference_options",
      {Key("skip_broken", &Config::reference_skip_broken,
           "leave out reference pictures that cannot be read, and count them"),
       Key("frames", &Config::reference_frames,
           "of reference clips the first so many frames; they have to be as many as the run's", 1, 65536)
           .Default("all")});
}

std::vector<Field<Config>> Fields() {
  std::vector<Field<Config>> fields = {
      Key("name", &Config::name, "of the experiment")
          .Check(WhyNoName)
          .Recorded()
          .Execution()
          .Default("the file's name"),
      Key("pipeline", &Config::pipeline,
          "a folder in diffusers' layout or a single-file Stable Diffusion 1.x or SDXL checkpoint (.safetensors), "
          "relative to the config; or a name on the model search path")
          .Required(),
      OfModel("variant", &Model::variant,
              "of the weight files, e.g. \"fp16\"; components without it are read from their plain files, and a note "
              "says so")
          .Recorded()
          .Default("none"),
      OfModel("vae", &Model::vae,
              "another autoencoder: a folder with its config.json, a model's folder, a .safetensors file (CompVis' or "
              "diffusers' names), or a name on the model search path")
          .Default("the model's own"),
      OfModel(
          "tokenizer", &Model::tokenizer,
          "slow: CLIPTokenizer without ftfy, sentencepiece for T5; fast: CLIPTokenizerFast, transformers' T5Tokenizer")
          .OneOf({"slow", "fast"})
          .Recorded()
          .Default("slow, but fast where the folder holds tokenizer.json alone (transformers 5), and for T5"),
      OfModel("tokenizer_folder", &Model::tokenizer_folder,
              "of a single-file checkpoint: vocab.json and merges.txt, or tokenizer.json")
          .Default("SKIPBENCH_TOKENIZER_FOLDER, or \"tokenizer\" beside it"),
      Field<Config>::ReadElsewhere("scheduler", "type, or {\"type\": ..., options}")
          .Default("the pipeline's own")
          .Help("see `skipbench list schedulers`; a list sweeps")};
  for (OptionSpec spec : RunTable().List()) fields.push_back(Field<Config>::ReadElsewhere(std::move(spec)));
  const std::vector<Field<Config>> rest = {
      Field("negative_prompt", &Config::model, &Model::negative_prompt).Default("none"),
      OfModel("max_sequence_length", &Model::max_sequence_length,
              "tokens that T5 makes of a prompt, longer ones are cut; of pipelines with a T5", 1, 512)
          .Default("the pipeline's own: 120 (PixArt), 256 (SD3), 512 (FLUX, Wan)"),
      OfModel("height", &Model::height, "pixels", 0, 16384).Recorded().Default("the model's own"),
      OfModel("width", &Model::width, "pixels", 0, 16384).Recorded().Default("the model's own"),
      OfModel("vae_tiling", &Model::vae_tiling,
              "decode large pictures in overlapping tiles; of an AutoencoderKL, not for clips"),
      OfModel("vae_slicing", &Model::vae_slicing, "decode one picture at a time; of an AutoencoderKL, not for clips"),
      OfModel("frames", &Model::frames, "of a clip; video pipelines only; of Wan 1 + 4 k", 1, 1024)
          .Default(fmt::format("{}; Wan: 81", kDefaultFrames)),
      OfModel("fps", &Model::fps,
              "frames per second: what image_to_video networks are told, and the speed of clips written as files; "
              "video only",
              1, 120),
      OfModel("decode_chunk", &Model::decode_chunk,
              "frames that go through an AutoencoderKL together (with batch_invariant 1); video only", 1, 1024)
          .Execution()
          .When([](const Config& c) { return !c.batch_invariant || c.model.decode_chunk == 1; },
                "with batch_invariant every frame is decoded alone: leave it out or say 1"),
      OfModel("pixels", &Model::pixels,
              "how decoded values become uint8: round, as diffusers saves pictures; truncate, as (images * 255)"
              ".astype(\"uint8\") of its arrays does, which scripts of papers save")
          .OneOf({"round", "truncate"}),
      OfModel("dtype", &Model::dtype, "of weights and latents").Names<at::ScalarType>(Dtypes()).Recorded(),
      Field("device", &Config::device).Allowed("auto | cpu | cuda | cuda:N").Recorded().Execution(),
      Key("threads", &Config::threads, "CPU threads; 0: LibTorch's choice", 0, 1024).Recorded().Execution(),
      Field<Config>::ReadElsewhere("data", "{\"type\": ..., options}")
          .Required()
          .Help("what is generated: see `skipbench list datasets`"),
      Key("seed", &Config::seed, "keys the noise, with the sample's id").Recorded(),
      Field("noise", &Config::noise, NoiseTable()).Help("where it comes from"),
      Field<Config>::ReadElsewhere(
          "methods", "list of {\"type\": ..., \"id\": ..., options}, or of types (one alone needs no list)")
          .Required()
          .Help("see `skipbench list methods`; a list for an option sweeps"),
      Key("metrics", &Config::metric_names, "see `skipbench list metrics`").OneOrMore().Recorded(),
      Key("metric_weights", &Config::metric_weights,
          "folders with the metrics' weights (also: SKIPBENCH_METRIC_WEIGHTS)")
          .OneOrMore()
          .Execution(),
      Field<Config>::ReadElsewhere(
          {.name = "metric_reference",
           .kind = OptionKind::kText,
           .type = "path, or {METRIC: path, ...}",
           .fallback = "the data's own reference; without one, the shipped pictures for the shipped network's metrics, "
                       "else none",
           .help = "what distances of sets are measured to: a folder of pictures or a statistics file (.npz)"}),
      Field("metric_reference_options", ReferenceTable()),
      Key("save", &Config::save, "images go into the results, png into files; apng and mp4 are for clips")
          .OneOf({"latents", "noise_predictions", "images", "png", "apng", "mp4"})
          .OneOrMore()
          .Recorded(),
      Key("traces", &Config::traces,
          "record for every sample and call the differences of order one to three of latents and noise predictions, "
          "and the latent's distance to the full-step trajectory")
          .Recorded(),
      Key("batch_size", &Config::batch_size, "samples of one network call", 1, 4096).Recorded().Execution(),
      Key("memory", &Config::memory,
          "most that open trajectories (latents, outputs, cached features) may take: fewer samples at a time, then one "
          "trajectory after the other")
          .Size()
          .Execution()
          .Default("no bound; --dry-run says what a run needs"),
      Key("wave_size", &Config::wave_size, "samples between two commits", 0, 1 << 20)
          .Recorded()
          .Execution()
          .Default("a quarter of batch_size; of fewer than four methods a half, a third or all of it"),
      Key("group_size", &Config::group_size,
          "consecutive samples that decide together where a method's scope is \"group\"", 1, 1 << 20)
          .Recorded(),
      Key("batch_invariant", &Config::batch_invariant, "results bit-identical whatever the batch, at some cost")
          .Recorded(),
      Key("search_memory", &Config::search_memory,
          "what a search for paths keeps of intermediate states; with less it predicts some of them again")
          .Size(/*plain_unit=*/1 << 20)
          .Execution(),
      Field<Config>::ReadElsewhere(KeptTable().List()[0]),
      Field<Config>::ReadElsewhere(KeptTable().List()[1]),
      Field<Config>::ReadElsewhere("path_study", PathStudyTable())
          .Default("not")
          .Help("compare estimated skip paths with searched ones; harness/experiment/README.md says more"),
      Field<Config>::ReadElsewhere("decide", DecideTable())
          .Default("not")
          .Help("run until a question is answered, and settings only as long as they are needed for it; "
                "harness/analysis/decide/README.md says more"),
      Field("latency", &Config::latency, LatencyTable()).Execution().Default("not").Help("measure latency and memory"),
      Key("contact_sheet", &Config::contact_sheet_rows,
          "samples shown in contact_sheet.png; needs \"images\" in save; 0: none", 0, 1000)
          .Execution(),
      Field<Config>::ReadElsewhere("published", "path, {\"method\": ..., keys}, or a list of both")
          .Execution()
          .Default("none")
          .Help("numbers of others that table and report print beside the run's; a path is of a file with a list of "
                "such rows; configs/README.md says more")};
  fields.insert(fields.end(), rest.begin(), rest.end());
  return fields;
}

}  // namespace

const OptionTable<RunSpec>& RunTable() {
  static const OptionTable<RunSpec> table(
      "run", {Key("steps", &RunSpec::steps, "of the scheduler; a list sweeps", 1, 1000).Recorded(),
              Key("guidance", &RunSpec::guidance, "scale of classifier-free guidance, off at 1 or less; a list sweeps",
                  0, 1000)
                  .Default("the pipeline's")});
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
