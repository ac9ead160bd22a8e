// Outputs of the network on disk, so that another run of the same model, sample and noise goes on from them: "keep" in
// the config. A file holds outputs of one sample and schedule, of the full run or of all settings, with the SHA-256 of
// what the network was given; who gives it the same gets the output without an evaluation.
//
//   OUT/kept/<what it belongs to, hashed>.safetensors    timesteps [n], inputs [n, 64] (SHA-256 in hexadecimal),
//   outputs [n, guidance rows, C, ...]; its metadata has the SHA-256 of the rest
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "harness/experiment/config/kept_config.h"
#include "harness/experiment/plan/plan.h"
#include "harness/sampling/denoiser.h"
#include "harness/store/records.h"

namespace skipbench {

inline constexpr const char* kKeptFolder = "kept";

// Outputs of one sample, [guidance rows, C, ...], by timestep and SHA-256 of the input.
using KeptOutputs = std::map<std::pair<double, std::string>, at::Tensor>;

// A network that looks up before it predicts. Forwards that begin in the middle, end there, or return features are the
// network's.
class KeptDenoiser : public Denoiser {
 public:
  // `known`: of each conditioning. `remember`: what the network predicts is looked up from then on.
  KeptDenoiser(Denoiser& network, std::vector<KeptOutputs> known, bool remember)
      : network_(network), known_(std::move(known)), used_(known_.size()), remember_(remember) {}

  DenoiserOutput Predict(const DenoiserInput& input) override;
  std::unique_ptr<DenoiserProbe> Probe(const DenoiserInput& input, const ProbeSite& site) override {
    return network_.Probe(input, site);
  }
  int guidance_rows() const override { return network_.guidance_rows(); }
  at::Tensor Guide(const at::Tensor& model_output) const override { return network_.Guide(model_output); }
  NetworkAbilities abilities() const override { return network_.abilities(); }
  MacCount Macs(const Work& work) const override { return network_.Macs(work); }

  // Evaluations that were looked up, since the last call.
  int64_t TakeFound() { return std::exchange(found_, 0); }
  // What was looked up or remembered since the last call, of each conditioning.
  std::vector<KeptOutputs> TakeUsed();
  // All that can be looked up, of each conditioning.
  const std::vector<KeptOutputs>& known() const { return known_; }

 private:
  Denoiser& network_;
  std::vector<KeptOutputs> known_, used_;
  bool remember_;
  int64_t found_ = 0;
};

// The files of a run and of the results that it extends.
class KeptFolder {
 public:
  // `earlier`: results. What is there is left as it is.
  // `alone`: no other process writes there.
  KeptFolder(const Plan& plan, const RunHeader& header, std::filesystem::path out,
             const std::vector<std::filesystem::path>& earlier, bool alone = true);

  // Whether there is anything to look up, or to keep.
  bool active() const { return keeps() || !folders_.empty(); }
  bool keeps() const { return config_.keeps(); }
  // Whether outputs of all settings are kept, not only full runs'.
  bool keeps_all() const { return config_.all(); }

  // The outputs on a sample that belong to the full run `reference` (an index of a setting); none are there: empty.
  // Throws Error naming the file when it is damaged.
  KeptOutputs Find(int reference, int64_t ordinal) const;
  // Writes them, unless the limit is reached or they are there.
  void Keep(int reference, int64_t ordinal, const KeptOutputs& outputs);
  // What the user has to know: how much was left out for the limit; empty: nothing was.
  std::string Note() const;

 private:
  std::string NameOf(int reference, int64_t ordinal) const;

  const Plan& plan_;
  const RunHeader& header_;
  const KeptConfig config_;
  const std::filesystem::path own_;
  std::vector<std::filesystem::path> folders_;  // of earlier results
  std::string common_;                          // what all of the run's outputs depend on
  void CountBytes();

  const bool alone_;
  int64_t bytes_ = 0;                // in own_
  int64_t kept_ = 0, left_out_ = 0;  // files
};

}  // namespace skipbench
