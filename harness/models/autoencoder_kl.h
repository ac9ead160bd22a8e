// AutoencoderKL: the variational autoencoder of Stable Diffusion and SDXL.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <vector>

#include "harness/base/json.h"
#include "harness/models/autoencoder.h"

namespace skipbench {

class AutoencoderKL {
 public:
  struct Config {
    AutoencoderConfig net;
    double scaling_factor = 0.18215;  // latent of the denoiser = scaling_factor * latent of the autoencoder
    double shift_factor = 0;          // added after that is divided out again; pipelines of SD and SDXL do not apply it
    // Per channel; of SDXL's variants, empty for SDXL base; SD does not apply them.
    std::vector<double> latents_mean, latents_std;
    bool force_upcast = true;  // decode in float32 where the rest runs in float16 (it overflows)
    bool use_quant_conv = true;
    bool use_post_quant_conv = true;
  };
  static constexpr const char* kClassNames[] = {"AutoencoderKL"};
  static Config ParseConfig(const JsonReader& json);  // throws Error or UnsupportedError, naming file, key and value

  struct Options {
    // Pictures larger than the size the network was trained on are coded in overlapping tiles that are blended, so that
    // memory does not grow with the picture. The result differs slightly (each tile has its own group statistics).
    bool tiling = false;
    // One sample after the other.
    bool slicing = false;
  };

  AutoencoderKL(const Config& config, const Weights& w);

  // z [B, latent, h, w], already divided by the scaling factor, to pictures [B, out, H, W], nominally in [-1, 1], not
  // clamped.
  at::Tensor Decode(const at::Tensor& z, const Options& options) const;
  at::Tensor Decode(const at::Tensor& z) const { return Decode(z, Options()); }
  // Pictures to moments [B, 2 * latent, h, w]: mean, log variance (not clamped).
  at::Tensor Encode(const at::Tensor& x, const Options& options) const;
  at::Tensor Encode(const at::Tensor& x) const { return Encode(x, Options()); }

  const Config& config() const { return config_; }
  at::ScalarType dtype() const { return dtype_; }

 private:
  Config config_;
  at::ScalarType dtype_;
  Decoder decoder_;
  Encoder encoder_;
  std::optional<Conv2d> quant_conv_, post_quant_conv_;
};

// DiagonalGaussianDistribution: the parts of Encode()'s moments.
struct LatentDistribution {
  at::Tensor mean, logvar, std;  // [B, latent, h, w]; logvar clamped to [-30, 20], std = exp(logvar / 2)
};
LatentDistribution SplitMoments(const at::Tensor& moments);

}  // namespace skipbench
