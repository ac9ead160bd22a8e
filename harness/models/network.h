// Denoising networks as everything outside this room sees them: U-Nets of pictures and clips, and whatever else
// predicts noise. A network says what it takes, what it gives and where it can be cut.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/base/cache_site.h"
#include "harness/nn/layers/conditioning_cache.h"

namespace skipbench {

// One batch for a network. Tensors on the network's device; `sample` and the conditioning may have another
// floating-point dtype, they are converted to the network's.
struct NetworkInputs {
  at::Tensor sample;     // [B, C, H, W]; video networks: [B, C, F, H, W]
  double timestep = 0;   // of the whole batch, as the scheduler gives it (may be fractional)
  at::Tensor timesteps;  // [B] instead, where the rows differ; usually undefined
  // All else that the network takes, [B, ...], by the names that the arguments of diffusers' forward have:
  // "encoder_hidden_states", "class_labels". Network::conditioning() says which.
  std::map<std::string, at::Tensor> conditioning;

  // Optional: what depends on the conditioning or the timestep alone is computed once for `cache`. The conditioning
  // tokens are then cache->tokens() [R, L, D] and "encoder_hidden_states" is not given; `rows` (int64 [B]) says which
  // row of them belongs to each row of the batch (undefined: row b to b).
  ConditioningCache* cache = nullptr;
  at::Tensor rows;

  // Optional, for tests and for looking inside: called with diffusers' name of a block ("conv_in", "time_embedding",
  // "down_blocks.0", "mid_block", "conv_norm_out" before the activation, ...) and its output. What depends on the
  // timestep alone has one row.
  std::function<void(const std::string& block, const at::Tensor& output)> observe;

  // The conditioning `name`; undefined where it is not given.
  const at::Tensor& Get(const std::string& name) const;
};

// A network that has begun with some rows: what it showed, and where a forward goes on from.
class NetworkProbe {
 public:
  virtual ~NetworkProbe() = default;
  at::Tensor signal;  // [B, ...], or [1, ...] where all rows have the same
};

// What a forward does beside predicting.
//
// kCut: a network is cut in three: blocks before, in between and after. What a full forward keeps of those in between
// stands in their place in a partial one, which computes the others afresh. In a U-Net blocks are encoder and decoder
// layers, `front` is DeepCache's cache position, and what is kept is the hidden state that enters the first decoder
// layer after the cut. In a stack of blocks with residual connections it is what those in between add to the sample's
// tokens [B, N, dim], and where blocks behind the cut read a text that those in between change, what they add to that
// too, laid behind it: [B, N + L, dim].
// kHidden: the sample's tokens as they leave the last block of a stack [B, N, dim]; embedders and head are computed.
// kModules: the outputs of every module of these kinds one after the other [B, total], block by block, before their
// gates; of blocks with two streams those of both. None of these modules is computed, all else is.
struct NetworkWork {
  std::vector<CacheSite> keep = {};    // a full forward: what to return beside the output
  std::optional<CacheSite> site = {};  // a partial forward: what is not computed
  at::Tensor cached = {};              // a partial forward: what stands in its place, [B, ...]
  const NetworkProbe* from = nullptr;  // goes on from here, where what is wanted lies behind it; null: from the start
  at::Tensor from_rows = {};           // int64 [B], rows of the probe, whose inputs are given; undefined: all of them
};

struct NetworkOutput {
  at::Tensor sample;                     // shape of the input's sample, with the network's out_channels
  std::map<CacheSite, at::Tensor> kept;  // of `keep`, one row for each row
};

// What a network takes beside sample and timestep, of one row.
struct ConditioningInput {
  std::vector<int64_t> row;  // shape of a row; -1: any size (the number of tokens)
  int64_t classes = 0;       // > 0: not numbers but labels, int64 in [0, classes)
};

struct NetworkInfo {
  int64_t in_channels = 0;   // of the sample
  int64_t out_channels = 0;  // as many, or twice as many: then the second half is a learned variance
  int64_t sample_size = 0;   // height and width it was trained on, in units of its input; 0: its config does not say
  std::vector<int64_t> patch = {};  // a sample's height and width (video: frames, too) are multiples of it; empty: any
  int64_t max_positions = 0;        // most patches along an axis; 0: any number
  bool video = false;               // samples have frames
  at::ScalarType dtype = at::kFloat;
  NetworkAbilities abilities = {};  // what it can keep and show
};

// In half precision these places stay float32: the sinusoidal embedding of the timestep, the statistics of all norms,
// the scores and the softmax of attention.
//
// Meta tensors in (on a network built from Weights::ShapesOnly()) count multiply-accumulates, see
// harness/nn/layers/macs.h.
class Network {
 public:
  virtual ~Network() = default;
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  const NetworkInfo& info() const { return info_; }
  // What Forward takes for samples of the shape `latent`, [C, H, W] or [C, F, H, W], by name.
  virtual std::map<std::string, ConditioningInput> conditioning(at::IntArrayRef latent) const = 0;

  // Throws Error for inputs of another shape, and for sites that it does not offer. Going on from a probe gives what
  // a forward from the start gives.
  virtual NetworkOutput Forward(const NetworkInputs& inputs, const NetworkWork& work = {}) const = 0;
  // Runs as much of the network as `site` needs. Throws Error unless it is a signal of the network that it offers.
  virtual std::unique_ptr<NetworkProbe> Probe(const NetworkInputs& inputs, const ProbeSite& site) const;

  // Throw Error, which says what the network offers, unless it offers this.
  void CheckSite(const CacheSite& site) const;
  void CheckProbe(const ProbeSite& site) const;

 protected:
  Network() = default;

  // Throws Error unless the sample (and `timesteps`, if given) has the shape that this network takes.
  void CheckSample(const NetworkInputs& inputs) const;
  // Throws Error unless it offers the sites of `work`, and what stands in place has the rows of the sample.
  void CheckWork(const NetworkInputs& inputs, const NetworkWork& work) const;
  // The conditioning `name` [B, row...] (-1: any size). Throws Error where it is missing or has another shape.
  static const at::Tensor& Require(const NetworkInputs& inputs, const std::string& name, at::IntArrayRef row);
  // The timestep in float32, [1] where the rows share it. On the meta device always [B]: the reference networks embed
  // the timestep once per sample, and are counted so.
  static at::Tensor TimestepRows(const NetworkInputs& inputs);
  static void Observe(const NetworkInputs& inputs, const std::string& block, const at::Tensor& output);

  NetworkInfo info_;  // filled in by the constructors
};

}  // namespace skipbench
