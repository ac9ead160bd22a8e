// Denoising networks as everything outside this room sees them: U-Nets of pictures and clips, and whatever else
// predicts noise. A network says what it takes, what it gives and where it can be cut.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

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

struct NetworkOutput {
  at::Tensor sample;  // shape of the input's sample, with the network's out_channels
  std::map<int, at::Tensor>
      features;  // index of a cut -> what a shallow forward at this cut needs, one row for each row
};

// What a network takes beside sample and timestep, of one row.
struct ConditioningInput {
  std::vector<int64_t> row;  // shape of a row; -1: any size (the number of tokens)
  int64_t classes = 0;       // > 0: not numbers but labels, int64 in [0, classes)
};

// A place where a forward can be cut in three: blocks before, in between and after. A full forward keeps what the
// blocks in between lead to; a shallow forward computes the others afresh and puts what was kept in their place. In a
// U-Net blocks are encoder and decoder layers, and what is kept is the hidden state that enters the first decoder layer
// after the cut; in a stack of blocks with residual connections it is the sum of what those in between add.
struct Cut {
  int front = 0, back = 0;  // blocks before and after what is left out
};

struct NetworkInfo {
  int64_t in_channels = 0;   // of the sample
  int64_t out_channels = 0;  // as many, or twice as many: then the second half is a learned variance
  int64_t sample_size = 0;   // height and width it was trained on, in units of its input; 0: its config does not say
  std::vector<int64_t> patch = {};  // a sample's height and width (video: frames, too) are multiples of it; empty: any
  int64_t max_positions = 0;        // most patches along an axis; 0: any number
  bool video = false;               // samples have frames
  at::ScalarType dtype = at::kFloat;
  std::vector<Cut> cuts;  // empty: it cannot run shallow; methods name a cut by its place in this list
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

  // `keep_cuts`: indices of the cuts whose features to return. Throws Error for inputs of another shape.
  virtual NetworkOutput Forward(const NetworkInputs& inputs, const std::vector<int>& keep_cuts = {}) const = 0;
  // `features`: what a full forward kept for the cut with this index.
  virtual at::Tensor ForwardShallow(const NetworkInputs& inputs, int cut, const at::Tensor& features) const = 0;

 protected:
  Network() = default;

  // Throws Error unless the sample (and `timesteps`, if given) has the shape that this network takes.
  void CheckSample(const NetworkInputs& inputs) const;
  void CheckCut(int cut) const;
  // The conditioning `name` [B, row...] (-1: any size). Throws Error where it is missing or has another shape.
  static const at::Tensor& Require(const NetworkInputs& inputs, const std::string& name, at::IntArrayRef row);
  // The timestep in float32, [1] where the rows share it. On the meta device always [B]: the reference networks embed
  // the timestep once per sample, and are counted so.
  static at::Tensor TimestepRows(const NetworkInputs& inputs);
  static void Observe(const NetworkInputs& inputs, const std::string& block, const at::Tensor& output);

  NetworkInfo info_;  // filled in by the constructors
};

}  // namespace skipbench
