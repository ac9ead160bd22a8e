#include "harness/models/autoencoder_kl.h"

#include <ATen/ATen.h>

#include <functional>

#include "harness/base/error.h"
#include "harness/models/config.h"

namespace skipbench {

namespace {

using Config = AutoencoderKL::Config;
constexpr double kTileOverlap = 0.25;

// At the last `extent` rows (or columns) of `before`, `tile` fades in. Changes `tile`.
void Blend(const at::Tensor& before, at::Tensor& tile, int64_t dim, int64_t extent) {
  extent = std::min({before.size(dim), tile.size(dim), extent});
  if (extent < 1) return;
  const at::Tensor ramp = (at::arange(extent, tile.options().dtype(at::kDouble)) / static_cast<double>(extent))
                              .view(dim == 2 ? at::IntArrayRef{extent, 1} : at::IntArrayRef{1, extent});
  const at::Tensor a = before.narrow(dim, before.size(dim) - extent, extent), b = tile.narrow(dim, 0, extent);
  b.copy_(a * (1 - ramp).to(a.scalar_type()) + b * ramp.to(b.scalar_type()));
}

// Cuts `x` into overlapping tiles of at most `size`, runs them and puts the results (whose tiles have `out_size`)
// together.
at::Tensor RunTiled(const at::Tensor& x, int64_t size, int64_t out_size,
                    const std::function<at::Tensor(const at::Tensor&)>& run) {
  const int64_t step = static_cast<int64_t>(static_cast<double>(size) * (1 - kTileOverlap));
  const int64_t extent = static_cast<int64_t>(static_cast<double>(out_size) * kTileOverlap);
  const int64_t limit = out_size - extent;
  if (step < 1)
    Fail("tiling: tiles of {} places are too small to overlap; the config's sample_size is too small", size);
  std::vector<at::Tensor> above, result_rows;
  for (int64_t top = 0; top < x.size(2); top += step) {
    std::vector<at::Tensor> row, result;
    for (int64_t left = 0; left < x.size(3); left += step) {
      at::Tensor tile = run(x.slice(2, top, top + size).slice(3, left, left + size));
      if (!above.empty()) Blend(above[row.size()], tile, 2, extent);
      if (!row.empty()) Blend(row.back(), tile, 3, extent);
      result.push_back(tile.slice(2, 0, limit).slice(3, 0, limit));
      row.push_back(std::move(tile));
    }
    result_rows.push_back(at::cat(result, 3));
    above = std::move(row);
  }
  return at::cat(result_rows, 2);
}

// Runs `run`, maps with a side above `size` in tiles of which the results have `out_size`.
at::Tensor Code(const at::Tensor& x, const AutoencoderKL::Options& options, int64_t size, int64_t out_size,
                const std::function<at::Tensor(const at::Tensor&)>& run) {
  const auto code = [&](const at::Tensor& part) {
    const bool tiled = options.tiling && (part.size(2) > size || part.size(3) > size);
    return tiled ? RunTiled(part, size, out_size, run) : run(part);
  };
  if (!options.slicing || x.size(0) == 1) return code(x);
  std::vector<at::Tensor> parts;
  for (const at::Tensor& one : x.split(1)) parts.push_back(code(one));
  return at::cat(parts);
}

std::vector<double> Channels(const JsonReader& json, const std::string& key, int64_t channels) {
  if (!json.Has(key)) return {};
  std::vector<double> values = json.Doubles(key);
  if (static_cast<int64_t>(values.size()) != channels)
    json.FailAt(key,
                fmt::format("expected one value for each of {} latent channels, found {}", channels, values.size()));
  return values;
}

}  // namespace

Config AutoencoderKL::ParseConfig(const JsonReader& json) {
  CheckClassName<AutoencoderKL>(json);
  Config c;
  c.net = ParseAutoencoderConfig(json, 4);
  c.scaling_factor = json.DoubleOr("scaling_factor", c.scaling_factor, 1e-9, 1e9);
  c.shift_factor = json.DoubleOr("shift_factor", 0);
  c.latents_mean = Channels(json, "latents_mean", c.net.latent_channels);
  c.latents_std = Channels(json, "latents_std", c.net.latent_channels);
  c.force_upcast = json.BoolOr("force_upcast", true);
  c.use_quant_conv = json.BoolOr("use_quant_conv", true);
  c.use_post_quant_conv = json.BoolOr("use_post_quant_conv", true);
  IgnoreTheRest(json, {});
  return c;
}

AutoencoderKL::AutoencoderKL(const Config& config, const Weights& w)
    : config_(config),
      dtype_(w.options().dtype),
      decoder_(w.Sub("decoder"), config.net),
      encoder_(w.Sub("encoder"), config.net, 2 * config.net.latent_channels) {
  const int64_t z = config.net.latent_channels;
  if (config.use_quant_conv) quant_conv_.emplace(w.Sub("quant_conv"), Conv2dOptions{2 * z, 2 * z, 1, 1, 0});
  if (config.use_post_quant_conv) post_quant_conv_.emplace(w.Sub("post_quant_conv"), Conv2dOptions{z, z, 1, 1, 0});
}

at::Tensor AutoencoderKL::Decode(const at::Tensor& z, const Options& options) const {
  if (z.dim() != 4 || z.size(1) != config_.net.latent_channels)
    Fail("the autoencoder takes latents with {} channels", config_.net.latent_channels);
  const int64_t pixels = config_.net.sample_size;
  return Code(z.to(dtype_), options, pixels / config_.net.SpatialFactor(), pixels, [this](const at::Tensor& x) {
    return decoder_.Forward(post_quant_conv_ ? post_quant_conv_->Forward(x.contiguous(at::MemoryFormat::ChannelsLast))
                                             : x);
  });
}

at::Tensor AutoencoderKL::Encode(const at::Tensor& x, const Options& options) const {
  if (x.dim() != 4) Fail("the autoencoder takes pictures [B, {}, H, W]", config_.net.in_channels);
  const int64_t pixels = config_.net.sample_size;
  return Code(x.to(dtype_), options, pixels, pixels / config_.net.SpatialFactor(), [this](const at::Tensor& picture) {
    const at::Tensor h = encoder_.Forward(picture);
    return quant_conv_ ? quant_conv_->Forward(h) : h;
  });
}

LatentDistribution SplitMoments(const at::Tensor& moments) {
  const std::vector<at::Tensor> halves = moments.chunk(2, 1);
  const at::Tensor logvar = halves[1].clamp(-30.0, 20.0);
  return {halves[0], logvar, at::exp(0.5 * logvar)};
}

}  // namespace skipbench
