// Some of a denoiser's samples as if they were all: a tree counts its samples from 0, the conditioning knows them by
// their places among all that were encoded together.
#pragma once

#include <utility>
#include <vector>

#include "harness/sampling/denoiser.h"

namespace skipbench {

class SelectedDenoiser : public Denoiser {
 public:
  // Sample k is the inner one's sample places[k].
  SelectedDenoiser(Denoiser& inner, std::vector<int64_t> places) : inner_(inner), places_(std::move(places)) {}
  DenoiserOutput Predict(const DenoiserInput& input) override {
    DenoiserInput mapped = input;
    mapped_.clear();
    for (int64_t row : input.conditioning) mapped_.push_back(places_[row]);
    mapped.conditioning = mapped_;
    return inner_.Predict(mapped);
  }
  int guidance_rows() const override { return inner_.guidance_rows(); }
  at::Tensor Guide(const at::Tensor& model_output) const override { return inner_.Guide(model_output); }
  int cache_positions() const override { return inner_.cache_positions(); }
  MacCount Macs(Action action, int cache_position) const override { return inner_.Macs(action, cache_position); }

 private:
  Denoiser& inner_;
  const std::vector<int64_t> places_;
  std::vector<int64_t> mapped_;
};

}  // namespace skipbench
