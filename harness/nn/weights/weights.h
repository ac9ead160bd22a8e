// Where networks take their parameters from.
//
// A network is built from a Weights, the way a constructor reads a config: every layer asks for its tensors by name and
// shape, sub-modules get a scope of their own, and the one who opened the Weights calls Finish() at the end:
//
//   Linear::Linear(const Weights& w, int64_t in, int64_t out) : weight(w.Take("weight", {out, in})) {}
//   FeedForward::FeedForward(const Weights& w, int64_t dim) : proj(w.Sub("net.0.proj"), dim, 4 * dim) ...
//
//   const Weights weights = Weights::FromFolder(folder / "unet", "diffusion_pytorch_model", {.dtype = at::kBFloat16});
//   UNet2DConditionModel unet(weights, config);
//   weights.Finish();
//
// Loading is strict, like PyTorch's load_state_dict: missing, unexpected and mis-shaped tensors are collected and
// reported all at once by Finish(). Until then a problem yields a placeholder of the asked shape (zeros that take no
// memory), so that construction goes on and finds the others; a constructor that does something expensive with its
// tensors (packing, fusing) may ask HasProblems() and leave it out.
//
// Names are those of diffusers and transformers. A Weights is a handle: copying it or making a Sub() costs a string.
// Not thread-safe.
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace skipbench {

// How a tensor of a network is found in a file whose names or layout differ: the tensor `name` of the network is
// rows [begin, end) along dimension 0 of the file's tensor (end -1: all), transposed (2-D) if asked.
struct MappedTensor {
  std::string name;
  int64_t begin = 0;
  int64_t end = -1;
  bool transpose = false;
};

// What one tensor of a file is to the network: usually one MappedTensor, several where a file keeps q, k and v
// together, none where the network has no use for it.
using NameMap =
    std::function<std::vector<MappedTensor>(const std::string& file_name, const std::vector<int64_t>& shape)>;

// The names of diffusers before 0.13 (attention: query, key, value, proj_attn) to today's (to_q, to_k, to_v, to_out.0).
std::string ModernAttentionName(const std::string& name);

struct WeightsOptions {
  at::ScalarType dtype = at::kFloat;  // floating-point tensors are converted to it
  at::Device device = at::kCPU;
  std::string variant = {};  // "fp16": MODEL.fp16.safetensors (folders only)
  // Full names of tensors that may be in the file although the network does not take them; "*" in front matches any
  // beginning: "*.position_ids", "*.num_batches_tracked".
  std::vector<std::string> ignore = {};
  // If set, says by its full name which dtype a floating-point tensor gets; `dtype` is what it gets otherwise.
  std::function<at::ScalarType(std::string_view name, at::ScalarType dtype)> dtype_of = {};
  // If set, replaces the default, which is ModernAttentionName().
  NameMap map = {};
};

class Weights {
 public:
  // FOLDER/STEM[.variant].safetensors, or the shards that FOLDER/STEM.safetensors.index[.variant].json names.
  // Throws, naming what was looked for (and scripts/convert/ where there are only pickles).
  static Weights FromFolder(const std::filesystem::path& folder, const std::string& stem, WeightsOptions options = {});
  static Weights FromFile(const std::filesystem::path& file, WeightsOptions options = {});
  // No values: tensors of the asked shapes on the meta device, for counting. Nothing is ever missing or unexpected.
  static Weights ShapesOnly(WeightsOptions options = {});

  // A parameter: contiguous, on the options' device and in their dtype (floating-point in the file too), in memory of
  // its own. Peak memory beyond the parameters taken is one tensor; pages of the file do not stay resident. A stored
  // shape with trailing ones ([C, C, 1, 1] for [C, C]) is accepted where `map` is set. Throws only when the shape
  // asked for is impossible (negative, beyond 2^62 elements) or a tensor's dtype is not supported.
  at::Tensor Take(std::string_view name, at::IntArrayRef shape) const;
  // Whether any name of this scope begins with `prefix` (is there a "down_blocks.3." at all?).
  bool HasPrefix(std::string_view prefix) const;

  // The scope NAME. of this scope: Sub("down_blocks.0").Take("conv.weight", ...) is "down_blocks.0.conv.weight".
  Weights Sub(std::string_view name) const;
  Weights Sub(std::string_view name, int64_t index) const;  // "resnets", 0 -> "resnets.0"
  const std::string& scope() const { return scope_; }       // "" or "down_blocks.0."

  bool shapes_only() const;
  const WeightsOptions& options() const;
  const std::vector<std::filesystem::path>& files() const;  // for provenance; empty with ShapesOnly()
  // Full names and shapes of what was asked for so far, in order: with ShapesOnly() the network's parameters.
  const std::vector<std::pair<std::string, std::vector<int64_t>>>& taken() const;

  // What people should know of the files although they can be used. Names that torch.compile or DataParallel lengthened
  // ("_orig_mod.", "module.") are taken without that.
  std::vector<std::string> notes() const;

  bool HasProblems() const;
  // Throws one Error that lists every problem. Afterwards nothing can be taken any more; the files are closed.
  void Finish() const;

 private:
  struct State;
  Weights(std::shared_ptr<State> state, std::string scope) : state_(std::move(state)), scope_(std::move(scope)) {}
  static Weights FromFiles(const std::vector<std::filesystem::path>& files, std::string origin, WeightsOptions options);

  std::shared_ptr<State> state_;
  std::string scope_;
};

}  // namespace skipbench
