// A UNet and the conditioning of some samples as a Denoiser: batches rows, doubles them for guidance, keeps what does not
// change between calls.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "harness/models/unet.h"
#include "harness/pipelines/replayed_unet.h"
#include "harness/sampling/denoiser.h"

namespace skipbench {

// Conditioning of S samples; halves = 2 (unconditional, conditional) or 1. Undefined tensors are not given to the network.
struct Conditioning {
  int64_t samples = 0;
  int halves = 1;
  double guidance = 1;
  at::Tensor tokens;                   // [R, L, D] distinct conditioning tokens (encoder_hidden_states)
  at::Tensor rows;                     // int64 [halves, S] on the network's device: row of `tokens` for each half of a sample
  at::Tensor text_embeds;              // [halves, S, P] (SDXL)
  at::Tensor time_ids;                 // [halves, S, 6] (SDXL)
  at::Tensor class_labels;             // [halves, S]
  at::Tensor encoded_image_latents;    // [halves, S, C, F, H, W] (I2VGen-XL)
  at::Tensor fps;                      // [halves, S] (I2VGen-XL)
};

class UNetDenoiser : public Denoiser {
 public:
  // `macs`: cost of one forward of one row: entry 0 the full one, entry 1 + b the shallow one at branch b.
  UNetDenoiser(const UNet& unet, Conditioning conditioning, std::vector<MacCount> macs);
  DenoiserOutput Predict(const DenoiserInput& input) override;
  int halves() const override { return conditioning_.halves; }
  at::Tensor Guide(const at::Tensor& raw) const override;
  int branches() const override;
  MacCount Macs(Action action, int branch) const override;

 private:
  // Conditioning rows for a batch in the network's order: all unconditional rows, then all conditional ones.
  const UNetInputs& RowsFor(std::span<const int64_t> conditioning);

  const UNet& unet_;
  ReplayedUNet replayed_;
  Conditioning conditioning_;
  std::vector<MacCount> macs_;
  ConditioningCache cache_;            // what the network computes from tokens and timesteps alone
  std::vector<int64_t> rows_;          // what `inputs_` was gathered for
  UNetInputs inputs_;
};

}  // namespace skipbench
