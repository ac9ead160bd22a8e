// A network and the conditioning of some samples as a Denoiser: batches rows, doubles them for guidance, keeps what
// does not change between calls, drops a learned variance.
#pragma once

#include <functional>
#include <map>
#include <memory>
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
  // `macs`: cost of what the network does for one row.
  NetworkDenoiser(const Network& network, Conditioning conditioning, std::function<MacCount(const Work&)> macs);
  DenoiserOutput Predict(const DenoiserInput& input) override;
  std::unique_ptr<DenoiserProbe> Probe(const DenoiserInput& input, const ProbeSite& site) override;
  int guidance_rows() const override { return conditioning_.guidance_rows; }
  at::Tensor Guide(const at::Tensor& model_output) const override;
  NetworkAbilities abilities() const override { return conditioning_.packed.AbilitiesOf(network_.info().abilities); }
  MacCount Macs(const Work& work) const override { return macs_(work); }

 private:
  // Conditioning rows for a batch in the network's order: all unconditional rows, then all conditional ones; those of
  // one half where it is >= 0.
  const NetworkInputs& RowsFor(std::span<const int64_t> conditioning, int half);
  NetworkInputs InputsFor(const DenoiserInput& input);
  int64_t HalvesOf(const DenoiserInput& input) const {
    return input.guidance_row < 0 ? conditioning_.guidance_rows : 1;
  }

  const Network& network_;
  ReplayedNetwork replayed_;
  Conditioning conditioning_;
  std::function<MacCount(const Work&)> macs_;
  ConditioningCache cache_;    // what the network computes from tokens and timesteps alone
  std::vector<int64_t> rows_;  // what `inputs_` was gathered for
  int half_ = -1;
  NetworkInputs inputs_;
};

}  // namespace skipbench
