#include <fmt/ranges.h>

#include <filesystem>

#include "harness/cli/commands.h"
#include "harness/experiment/config/config.h"
#include "harness/pipelines/find_model.h"
#include "harness/pipelines/load_pipeline.h"

namespace skipbench::cli {

namespace fs = std::filesystem;

namespace {

void PrintReport(const std::string& title, const MacReport& report) {
  fmt::print("\n{}\n| block | modules (GMACs) | matmuls (GMACs) |\n|---|---:|---:|\n", title);
  for (const auto& [block, macs] : report.blocks)
    fmt::print("| {} | {:.6f} | {:.6f} |\n", block, static_cast<double>(macs.modules) / 1e9,
               static_cast<double>(macs.matmuls) / 1e9);
  fmt::print("| **total** | **{:.6f}** | **{:.6f}** |\n", static_cast<double>(report.total.modules) / 1e9,
             static_cast<double>(report.total.matmuls) / 1e9);
}

void PrintShallow(const Pipeline& pipeline) {
  if (pipeline.cache_positions() == 0) return;
  const double full = static_cast<double>(pipeline.DenoiserMacs(-1).total.matmuls);
  fmt::print(
      "\nShallow forwards on cached features (DeepCache):\n| branch | modules (GMACs) | matmuls (GMACs) | of a full "
      "forward |\n|---:|---:|---:|---:|\n");
  for (int branch = 0; branch < pipeline.cache_positions(); ++branch) {
    const auto total = pipeline.DenoiserMacs(branch).total;
    fmt::print("| {} | {:.6f} | {:.6f} | {:.1f} % |\n", branch, static_cast<double>(total.modules) / 1e9,
               static_cast<double>(total.matmuls) / 1e9, 100 * static_cast<double>(total.matmuls) / full);
  }
}

}  // namespace

int Macs(const Texts& args) {
  const Values values =
      Parse("macs", "macs MODEL_OR_CONFIG [--branch N] [--height H --width W] [--frames F]",
            {Input("a model's folder (or name), or an experiment's config"),
             Default<int64_t>("height", 0, "pixels (default: the model's own size)"),
             Default<int64_t>("width", 0, "pixels"), Default<int64_t>("frames", 0, "of a clip (video; default: 16)"),
             Default<int>("branch", -1, "blocks of the shallow forward at this cache position"), Models()},
            args);
  const std::string input = values.OnlyInput("one model folder or config");
  PipelineOptions open;
  open.shapes_only = true;
  open.height = values.Get<int64_t>("height");
  open.width = values.Get<int64_t>("width");
  open.frames = values.Get<int64_t>("frames");
  if (open.frames < 0 || open.frames > 1024)
    Fail("skipbench macs: --frames {}: expected 1 to 1024 (or 0: the default)", open.frames);
  std::string model = input;
  fs::path base = fs::current_path();
  if (fs::path(input).extension() == ".json" && fs::is_regular_file(input)) {
    const ExperimentConfig config = ReadExperimentConfig(input, {});
    model = config.pipeline;
    base = config.folder();
    if (open.height == 0) open.height = config.model.height;
    if (open.width == 0) open.width = config.model.width;
    if (open.frames == 0) open.frames = config.model.frames;
  }
  const auto pipeline = LoadPipeline(FindModel(model, base, values.Text("models")), open);
  const int branch = values.Get<int>("branch");
  if (branch >= pipeline->cache_positions() || branch < -1)
    Fail("skipbench macs: --branch {}: the network has branches 0 to {}", branch, pipeline->cache_positions() - 1);
  const auto& info = pipeline->info();
  if (values.Get<int64_t>("frames") > 0 && info.frames == 0)
    Fail("skipbench macs: --frames {}: {} makes pictures, not clips", values.Get<int64_t>("frames"),
         info.folder.string());
  fmt::print(
      "{}: one forward of the denoising network, batch 1, no guidance; {} {} x {}, latents {}.\n"
      "modules: as the DeepCache and AdaptiveDiffusion repositories count; matmuls: all convolutions, linears and "
      "attention.\n",
      info.folder.string(), info.frames ? fmt::format("clips of {} frames of", info.frames) : "pictures",
      info.image_shape[1], info.image_shape[2], fmt::join(info.latent_shape, " x "));
  PrintReport(branch < 0 ? "Full forward by block:" : fmt::format("Shallow forward at branch {} by block:", branch),
              pipeline->DenoiserMacs(branch));
  if (branch < 0) PrintShallow(*pipeline);
  return 0;
}

}  // namespace skipbench::cli
