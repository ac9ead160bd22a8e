// A network and the conditioning of some samples as a Denoiser: batches rows, doubles them for guidance, keeps what
// does not change between calls, drops a learned variance.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "harness/models/network.h"
#include "harness/pipelines/packed_latents.h"
#include "harness/pipelines/replayed_network.h"
#include "harness/sampling/denoiser.h"

namespace skipbench {

// Conditioning of S samples. A network that takes the guidance as an input instead of guiding by two rows has one half.
struct Conditioning {
  int64_t samples = 0;
  int guidance_rows = 1;  // 2: unconditional, conditional
  double guidance = 1;
  bool one_by_one = false;  // what is computed of `tokens` does not depend on which samples share them
  at::Tensor tokens;        // [R, L, D] distinct conditioning tokens; undefined: the network takes none
  at::Tensor rows;  // int64 [guidance_rows, S] on the network's device: row of `tokens` for each half of a sample
  std::map<std::string, at::Tensor>
      inputs;            // [guidance_rows, S, ...]: what else the network takes, by Network::conditioning()'s names
  PackedLatents packed;  // how the sampler sees the network's samples
};

class NetworkDenoiser : public Denoiser {
 public:
  // `macs`: cost of one forward of one row: entry 0 the full one, entry 1 + c the shallow one at cut c.
  NetworkDenoiser(const Network& network, Conditioning conditioning, std::vector<MacCount> macs);
  DenoiserOutput Predict(const DenoiserInput& input) override;
  int guidance_rows() const override { return conditioning_.guidance_rows; }
  at::Tensor Guide(const at::Tensor& model_output) const override;
  int cache_positions() const override { return static_cast<int>(network_.info().cuts.size()); }
  MacCount Macs(Action action, int cache_position) const override;

 private:
  // Conditioning rows for a batch in the network's order: all unconditional rows, then all conditional ones.
  const NetworkInputs& RowsFor(std::span<const int64_t> conditioning);

  const Network& network_;
  ReplayedNetwork replayed_;
  Conditioning conditioning_;
  std::vector<MacCount> macs_;
  ConditioningCache cache_;    // what the network computes from tokens and timesteps alone
  std::vector<int64_t> rows_;  // what `inputs_` was gathered for
  NetworkInputs inputs_;
};

}  // namespace skipbench
