#include <ATen/ATen.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <numeric>
#include <optional>

#include "harness/cli/commands.h"
#include "harness/experiment/config/config.h"
#include "harness/models/load.h"
#include "harness/nn/layers/macs.h"
#include "harness/pipelines/find_model.h"
#include "harness/pipelines/load_pipeline.h"

namespace skipbench::cli {

namespace fs = std::filesystem;

namespace {

constexpr int64_t kMaxTokens = 65536;

void PrintReport(const std::string& title, const MacReport& report) {
  fmt::print("\n{}\n| block | modules (GMACs) | matmuls (GMACs) |\n|---|---:|---:|\n", title);
  for (const auto& [block, macs] : report.blocks)
    fmt::print("| {} | {:.6f} | {:.6f} |\n", block, static_cast<double>(macs.modules) / 1e9,
               static_cast<double>(macs.matmuls) / 1e9);
  fmt::print("| **total** | **{:.6f}** | **{:.6f}** |\n", static_cast<double>(report.total.modules) / 1e9,
             static_cast<double>(report.total.matmuls) / 1e9);
}

Work Partial(const CacheSite& site) { return {.action = Action::kShallow, .site = site, .probe = {}}; }

// What a partial forward leaves out, and how the table calls that.
struct LeftOut {
  CacheSite site;
  std::string title;
};

int BlocksIn(const std::string& text, const std::string& cut) {
  if (text.empty() || text.size() > 4 || text.find_first_not_of("0123456789") != std::string::npos)
    Fail("skipbench macs: --cut {}: expected the blocks before it and after it, \"8,0\"", cut);
  return std::stoi(text);
}

// Of --branch, --cut and --modules one at most; nothing: a full forward.
std::optional<LeftOut> ReadLeftOut(int branch, const std::string& cut, const std::string& modules) {
  if ((branch != -1) + !cut.empty() + !modules.empty() > 1)
    Fail("skipbench macs: --branch, --cut and --modules are of different forwards, give one of them");
  if (branch != -1) return LeftOut{{.front = branch}, fmt::format("Shallow forward at branch {} by block:", branch)};
  if (!cut.empty()) {
    const size_t comma = std::min(cut.find(','), cut.size());
    const CacheSite site = {.front = BlocksIn(cut.substr(0, comma), cut),
                            .back = comma < cut.size() ? BlocksIn(cut.substr(comma + 1), cut) : 0};
    return LeftOut{site, fmt::format("Partial forward with {} blocks before and {} after what is cached, by block:",
                                     site.front, site.back)};
  }
  if (modules.empty()) return std::nullopt;
  static const std::map<std::string, uint8_t> kNames = {{"attention", kAttentionModule},
                                                        {"cross_attention", kCrossAttentionModule},
                                                        {"feed_forward", kFeedForwardModule}};
  CacheSite site = {.level = CacheSite::Level::kModules};
  for (size_t begin = 0; begin <= modules.size();) {
    const size_t end = std::min(modules.find(',', begin), modules.size());
    const auto found = kNames.find(modules.substr(begin, end - begin));
    if (found == kNames.end())
      Fail("skipbench macs: --modules {}: expected some of attention, cross_attention, feed_forward", modules);
    site.modules |= found->second;
    begin = end + 1;
  }
  return LeftOut{site, fmt::format("Partial forward with cached outputs of {} by block:", modules)};
}

// Throws Error unless it is a branch of the network, where it is a branch.
void CheckBranch(int branch, int branches) {
  if (branch < -1 || branch >= branches)
    Fail("skipbench macs: --branch {}: the network has branches 0 to {}", branch, branches - 1);
}

void PrintShallow(const Pipeline& pipeline) {
  const int cache_positions = pipeline.abilities().cache_positions;
  if (cache_positions == 0) return;
  const double full = static_cast<double>(pipeline.DenoiserMacs({}).total.matmuls);
  fmt::print(
      "\nShallow forwards on cached features (DeepCache):\n| branch | modules (GMACs) | matmuls (GMACs) | of a full "
      "forward |\n|---:|---:|---:|---:|\n");
  for (int branch = 0; branch < cache_positions; ++branch) {
    const auto total = pipeline.DenoiserMacs(Partial({.front = branch})).total;
    fmt::print("| {} | {:.6f} | {:.6f} | {:.1f} % |\n", branch, static_cast<double>(total.modules) / 1e9,
               static_cast<double>(total.matmuls) / 1e9, 100 * static_cast<double>(total.matmuls) / full);
  }
}

// "128x128" or "21x60x104".
std::vector<int64_t> ParseSizes(const std::string& text) {
  std::vector<int64_t> sizes;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find('x', begin), text.size());
    const std::string part = text.substr(begin, end - begin);
    const bool number = !part.empty() && part.size() <= 5 && part.find_first_not_of("0123456789") == std::string::npos;
    sizes.push_back(number ? std::stoll(part) : 0);
    begin = end + 1;
  }
  if (sizes.size() < 2 || sizes.size() > 3 || std::any_of(sizes.begin(), sizes.end(), [](int64_t n) { return n < 1; }))
    Fail("skipbench macs: --latent {}: expected HEIGHTxWIDTH, or FRAMESxHEIGHTxWIDTH", text);
  return sizes;
}

// A network's folder: config.json without a pipeline around it.
bool HoldsNetworkAlone(const fs::path& folder) {
  return fs::is_regular_file(folder / "config.json") && !fs::exists(folder / "model_index.json");
}

// One row for a network, without values.
NetworkInputs MetaRow(const Network& network, const std::vector<int64_t>& latent, int64_t tokens) {
  const auto row = [&](std::vector<int64_t> shape) {
    for (int64_t& size : shape)
      if (size < 0) size = tokens;
    shape.insert(shape.begin(), 1);
    return at::empty(shape, at::TensorOptions(at::kFloat).device(at::kMeta));
  };
  NetworkInputs inputs;
  inputs.sample = row(latent);
  for (const auto& [name, taken] : network.conditioning(latent)) {
    if (tokens < 1 && std::find(taken.row.begin(), taken.row.end(), -1) != taken.row.end())
      Fail("skipbench macs: the network takes {} of any length: say with --tokens how many tokens", name);
    inputs.conditioning[name] = row(taken.row);
  }
  return inputs;
}

// What its file holds: parameters, and tables that are stored with them.
int64_t Numbers(const Weights& weights) {
  int64_t count = 0;
  for (const auto& [name, shape] : weights.taken())
    count += std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>());
  return count;
}

int NetworkMacs(const fs::path& folder, const std::string& sizes, int64_t tokens, int branch,
                const std::optional<LeftOut>& left_out) {
  const Json config = ReadJsonFile(folder / "config.json");
  const Weights weights = Weights::ShapesOnly();
  const auto network = Build<Network>(JsonReader(config, (folder / "config.json").string()), weights);
  const NetworkInfo& info = network->info();
  std::vector<int64_t> latent = {info.sample_size, info.sample_size};
  if (!sizes.empty()) latent = ParseSizes(sizes);
  if (latent[0] == 0 || latent.size() != (info.video ? 3u : 2u))
    Fail("skipbench macs: {}: say with --latent how large its samples are, {}", folder.string(),
         info.video ? "FRAMESxHEIGHTxWIDTH" : "HEIGHTxWIDTH");
  latent.insert(latent.begin(), info.in_channels);
  CheckBranch(branch, info.abilities.cache_positions);
  if (left_out) network->CheckSite(left_out->site);
  const NetworkInputs inputs = MetaRow(*network, latent, tokens);
  fmt::print(
      "{}: one forward of the network, batch 1; sample {}{}; {:.2f} M parameters and tables.\n"
      "modules: as the DeepCache and AdaptiveDiffusion repositories count; matmuls: all convolutions, linears and "
      "attention.\n",
      folder.string(), fmt::join(latent, " x "), tokens > 0 ? fmt::format(", text of {} tokens", tokens) : "",
      static_cast<double>(Numbers(weights)) / 1e6);
  NetworkWork work;
  if (left_out) {
    work.site = left_out->site;
    work.cached = network->Forward(inputs, {.keep = {left_out->site}}).kept.at(left_out->site);
  }
  MacCounter counter;
  network->Forward(inputs, work);
  PrintReport(left_out ? left_out->title : "Full forward by block:", counter.report());
  return 0;
}

}  // namespace

int Macs(const Texts& args) {
  const Values values = Parse(
      "macs",
      "macs MODEL_OR_CONFIG [--branch N | --cut F,B | --modules KINDS] [--height H --width W] [--frames F] [--latent "
      "HxW] [--tokens N]",
      {Input("a model's folder (or name), or an experiment's config"),
       Default<int64_t>("height", 0, "pixels (default: the model's own size)"), Default<int64_t>("width", 0, "pixels"),
       Default<int64_t>("frames", 0, "of a clip (video; default: the pipeline's)"),
       Default<int>("branch", -1, "blocks of the shallow forward at this cache position"),
       Default<std::string>("cut", "", "blocks of a forward that computes F blocks, then cached ones, then B blocks"),
       Default<std::string>("modules", "",
                            "blocks of a forward with cached outputs of attention, cross_attention, feed_forward"),
       Default<std::string>("latent", "",
                            "of a folder with a network alone: its sample, HxW or FxHxW (default: its sample_size)"),
       Default<int64_t>("tokens", 0, "of a folder with a network alone: tokens of its text"), Models()},
      args);
  const std::string input = values.OnlyInput("one model folder or config");
  const std::string latent = values.Text("latent");
  const int64_t tokens = values.Number<int64_t>("tokens", 0, kMaxTokens);
  const int branch = values.Get<int>("branch");
  const auto left_out = ReadLeftOut(branch, values.Text("cut"), values.Text("modules"));
  if (HoldsNetworkAlone(input)) return NetworkMacs(input, latent, tokens, branch, left_out);
  if (!latent.empty() || tokens > 0)
    Fail(
        "skipbench macs: --latent and --tokens are for a folder with a network alone (config.json, no "
        "model_index.json)");
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
    open.max_sequence_length = config.model.max_sequence_length;
  }
  const auto pipeline = LoadPipeline(FindModel(model, base, values.Text("models")), open);
  CheckBranch(branch, pipeline->abilities().cache_positions);
  const MacReport report = pipeline->DenoiserMacs(left_out ? Partial(left_out->site) : Work());
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
  PrintReport(left_out ? left_out->title : "Full forward by block:", report);
  if (!left_out) PrintShallow(*pipeline);
  return 0;
}

}  // namespace skipbench::cli
