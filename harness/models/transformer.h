// What diffusion transformers have in common: a sample becomes tokens, blocks with residual connections change them one
// after the other, a head makes them a prediction.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "harness/base/json.h"
#include "harness/models/network.h"
#include "harness/nn/layers/conditioning_cache.h"
#include "harness/nn/layers/modulation.h"
#include "harness/nn/layers/module_outputs.h"
#include "harness/nn/layers/rotary.h"

namespace skipbench {

// Of a config: an integer, absent (`fallback`) or an explicit null (nullopt), which diffusers tells apart.
std::optional<int64_t> IntOrNull(const JsonReader& json, const std::string& key, std::optional<int64_t> fallback,
                                 int64_t min, int64_t max);

// What flows through the blocks, and what every block of a forward reads.
struct TransformerState {
  at::Tensor tokens;      // of the sample: [B, N, dim]
  at::Tensor text;        // tokens of the text where blocks change them, too: [B, L, dim]
  at::Tensor joined;      // where a block took both for one sequence: text, then sample; the two are views of it
  at::Tensor modulation;  // what shifts, scales and gates: [1 or B, ...]
  at::Tensor time;        // the same for the head, where it differs; DiT: the sinusoids that every block embeds
  at::Tensor classes;     // DiT: labels [B], int64
  CrossAttentionContext context;     // text that the blocks look at and do not change
  at::Tensor mask;                   // [B, L]: 0 where a token of the text does not count
  RotaryTable rotary;                // defined where attention has rotary positions
  ModulatedInput start;              // of the next block, where a probe has come so far
  ModuleOutputs* modules = nullptr;  // kept, or standing in the modules' place; null: neither

  // What a block begins with: `start`, which is used up, or else what `modulate` gives.
  template <typename Modulate>
  ModulatedInput TakeStart(const Modulate& modulate) {
    return start.parts.empty() ? ModulatedInput{modulate(), {}} : std::exchange(start, {});
  }
};

class Transformer : public Network {
 public:
  NetworkOutput Forward(const NetworkInputs& inputs, const NetworkWork& work = {}) const final;
  std::unique_ptr<NetworkProbe> Probe(const NetworkInputs& inputs, const ProbeSite& site) const final;

 protected:
  // What depends on the timestep, and on what else is no token: `modulation`, `time`, `classes`. Samples are checked.
  virtual void EmbedTime(const NetworkInputs& inputs, TransformerState* state) const = 0;
  // Checks the other inputs; fills in what else enters the first block.
  virtual void Enter(const NetworkInputs& inputs, TransformerState* state) const = 0;
  // What the first block begins with, of the sample's tokens.
  virtual ModulatedInput Start(const TransformerState& state) const = 0;
  virtual void RunBlock(int block, TransformerState* state) const = 0;
  virtual at::Tensor Head(const NetworkInputs& inputs, const TransformerState& state) const = 0;
  virtual std::string BlockName(int block) const;  // diffusers' name; default: "transformer_blocks.N"

  // Fills info_.abilities; `signals`: beside kFront.
  void SetAbilities(int64_t blocks, uint8_t modules, const std::set<ProbeSite::Signal>& signals);
  int blocks() const { return info_.abilities.blocks; }

  // Tokens of a text [B, L, width], in the network's type: "encoder_hidden_states", or those of the cache [R, L, width]
  // with the row of each sample. Throws Error where they are missing or have another shape.
  CrossAttentionContext Text(const NetworkInputs& inputs, int64_t width) const;
  // `project` of the tokens of `context`, computed once for a cache; the same rows.
  static CrossAttentionContext Project(const CrossAttentionContext& context, const void* layer,
                                       const std::function<at::Tensor(const at::Tensor&)>& project);
  static at::Tensor RowsOf(const CrossAttentionContext& context);  // tokens of each sample: [B, L, width]
  // What depends on the sample's size alone, computed once for a cache, as all samples of a run have one size.
  static at::Tensor OncePerRun(const NetworkInputs& inputs, const void* layer, const std::function<at::Tensor()>& make);
  static RotaryTable RotaryOncePerRun(const NetworkInputs& inputs, const void* layer,
                                      const std::function<RotaryTable()>& make);
  // Shows cosines and sines as diffusers has them, one for each value of a head.
  static void ObserveRotary(const NetworkInputs& inputs, const std::string& name, const RotaryTable& table);

 private:
  struct Streams;
  struct Begun;
  // The probe of `work`, if what is wanted lies behind it.
  const Begun* FromProbe(const NetworkInputs& inputs, const NetworkWork& work) const;
  // What enters the first block, or the first that a probe has left; `rows`: of the probe.
  TransformerState Begin(const NetworkInputs& inputs, const Begun* begun, const at::Tensor& rows) const;
  NetworkOutput RunFull(const NetworkInputs& inputs, const NetworkWork& work) const;
  NetworkOutput RunPartial(const NetworkInputs& inputs, const NetworkWork& work) const;
  void Step(const NetworkInputs& inputs, int block, TransformerState* state) const;
};

}  // namespace skipbench
