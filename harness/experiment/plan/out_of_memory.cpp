#include "harness/experiment/plan/out_of_memory.h"

#include <ATen/ATen.h>
#include <fmt/ranges.h>

#include "harness/runtime/device.h"

namespace skipbench {
namespace {

// What is lowered first: rows together, then the pictures themselves.
std::string Remedy(const Plan& plan, const NetworkBatch& batch) {
  const auto& config = plan.config;
  if (batch.rows > 1 && config.batch_size > 1)
    return fmt::format("lower batch_size (now {}){}", config.batch_size,
                       config.memory > 0 ? " or memory" : ", or bound open trajectories with \"memory\"");
  const bool half = config.model.dtype != at::kFloat && config.model.dtype != at::kDouble;
  return fmt::format("choose a smaller height and width{}{}", plan.pipeline->info().frames > 0 ? ", fewer frames" : "",
                     half ? "" : ", or dtype float16 or bfloat16");
}

class GuardedDenoiser final : public Denoiser {
 public:
  GuardedDenoiser(const Plan& plan, std::unique_ptr<Denoiser> inner) : plan_(plan), inner_(std::move(inner)) {}

  DenoiserOutput Predict(const DenoiserInput& input) override {
    DenoiserOutput output;
    WithinMemory(plan_, BatchOf(input), [&] { output = inner_->Predict(input); });
    return output;
  }
  std::unique_ptr<DenoiserProbe> Probe(const DenoiserInput& input, const ProbeSite& site) override {
    std::unique_ptr<DenoiserProbe> probe;
    WithinMemory(plan_, BatchOf(input), [&] { probe = inner_->Probe(input, site); });
    return probe;
  }
  int guidance_rows() const override { return inner_->guidance_rows(); }
  at::Tensor Guide(const at::Tensor& model_output) const override { return inner_->Guide(model_output); }
  NetworkAbilities abilities() const override { return inner_->abilities(); }
  MacCount Macs(const Work& work) const override { return inner_->Macs(work); }

 private:
  NetworkBatch BatchOf(const DenoiserInput& input) const {
    const bool guided = inner_->guidance_rows() == 2 && input.guidance_row < 0;
    return {input.sample.size(0),
            fmt::format("latents [{}]{}", fmt::join(input.sample.sizes().slice(1), ", "),
                        guided ? ", twice for guidance," : ""),
            "the network"};
  }
  const Plan& plan_;
  const std::unique_ptr<Denoiser> inner_;
};

}  // namespace

// CUDA's and cuBLAS' own refusals are errors of other types that say so.
bool IsOutOfMemory(const c10::Error& error) {
  if (dynamic_cast<const c10::OutOfMemoryError*>(&error)) return true;
  const std::string said = error.what_without_backtrace();
  for (const char* refusal : {"CUDA error: out of memory", "_ALLOC_FAILED", "can't allocate memory"})
    if (said.find(refusal) != std::string::npos) return true;
  return false;
}

void WithinMemory(const Plan& plan, const NetworkBatch& batch, const std::function<void()>& work) {
  try {
    work();
  } catch (const c10::Error& error) {
    if (!IsOutOfMemory(error)) throw;
    throw OutOfMemoryError(OutOfMemoryMessage(plan.device,
                                              fmt::format("a batch of {} {} in {} through {}", batch.rows, batch.of,
                                                          c10::toString(plan.config.model.dtype), batch.through),
                                              Remedy(plan, batch)));
  }
}

std::unique_ptr<Denoiser> WithinMemory(const Plan& plan, std::unique_ptr<Denoiser> denoiser) {
  return std::make_unique<GuardedDenoiser>(plan, std::move(denoiser));
}

}  // namespace skipbench
