// Where something of a network is kept for later calls, and what may be looked at before a call decides. Networks offer
// some of these places, methods ask for them.
#pragma once

#include <compare>
#include <cstdint>
#include <set>

namespace skipbench {

// Modules of the blocks of a transformer, as bits of a set.
inline constexpr uint8_t kAttentionModule = 1, kCrossAttentionModule = 2, kFeedForwardModule = 4;

// What a full forward keeps, and a partial one puts in its place.
struct CacheSite {
  enum class Level : uint8_t {
    kOutput,   // the network's output, with the input it was made of
    kCut,      // what the blocks in between lead to: harness/models/network.h, Cut
    kHidden,   // what leaves the last block of a stack: of the sample's tokens
    kModules,  // the outputs of `modules` in every block, before their gates; everything else is computed afresh
    kCalls,    // as kOutput, but of every call, whatever it did: only for kCombine
  };
  Level level = Level::kCut;
  // kCut: blocks of a stack that are computed before and after; in a U-Net `front` is DeepCache's cache position, in
  // the pip helper's numbering, and `back` 0.
  int front = 0, back = 0;
  uint8_t modules = 0;  // kModules
  friend auto operator<=>(const CacheSite&, const CacheSite&) = default;
};

// What of a tensor is summed, and how: all of it, exactly, or as some code does that is reproduced.
struct SumView {
  enum class Rounding : uint8_t {
    kNone,
    kSignal,      // the tensor is rounded to the type of the network's numbers
    kDifference,  // and so are its differences, as a subtraction of such tensors rounds them
  };
  int stride = 1;  // every so many-th row and column (the last two axes)
  Rounding rounding = Rounding::kNone;
  friend auto operator<=>(const SumView&, const SumView&) = default;
};

// What may be looked at before a call decides.
struct ProbeSite {
  enum class Signal : uint8_t {
    kInput,           // the network's input, as the scheduler scales it
    kFilteredInput,   // the same through SeaCache's frequency filter: harness/sampling/frequency_filter.h
    kTimeEmbedding,   // of the timestep alone, before the blocks (Wan: condition_embedder's first output)
    kTimeProjection,  // what the blocks get of it (Wan: condition_embedder's second output)
    kModulatedInput,  // the first block's first norm, shifted and scaled: of the sample's tokens
    kFront,           // what the first `front` blocks of a stack add to the sample's tokens
  };
  Signal signal = Signal::kInput;
  int front = 0;     // kFront
  double power = 0;  // kFilteredInput: exponent of the frequency
  SumView view = {};
  friend auto operator<=>(const ProbeSite&, const ProbeSite&) = default;
  bool of_network() const { return signal != Signal::kInput && signal != Signal::kFilteredInput; }
  ProbeSite whole() const { return {signal, front, power}; }  // the same signal, whatever is summed of it
};

// What a network can do beside full forwards.
struct NetworkAbilities {
  int cache_positions = 0;  // CacheSite{kCut, front} for front below it, back 0
  int blocks = 0;           // of a stack: any kCut with front + back < blocks, kHidden, kFront; 0: not a stack
  uint8_t modules = 0;      // whose outputs can be kept
  // kFilteredInput: its input has rows and columns, the last two axes.
  std::set<ProbeSite::Signal> signals = {ProbeSite::Signal::kInput, ProbeSite::Signal::kFilteredInput};
  bool guides_in_passes = false;  // published pipelines run each guidance row in a forward of its own, not in a batch
};

}  // namespace skipbench
