// What a network looks like to the sampler.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "harness/base/cache_site.h"
#include "harness/base/mac_count.h"
#include "harness/sampling/method.h"

namespace skipbench {

// A network that has begun with some rows: what it showed, and where it goes on from.
class DenoiserProbe {
 public:
  virtual ~DenoiserProbe() = default;
  at::Tensor signal;  // [guidance_rows, n, ...]; where it is the same for all rows: [guidance_rows, 1, ...]
};

struct DenoiserInput {
  at::Tensor sample;  // [n, C, ...] scaled model input, one row a trajectory
  double timestep = 0;
  std::span<const int64_t> conditioning;  // [n] index of each row's conditioning (its sample's place in the wave)
  int guidance_row = -1;                  // only this one of the guidance rows; -1: all
  std::vector<CacheSite> keep;            // full forward: what to return beside the output
  std::optional<CacheSite> site;          // partial forward: what is not computed
  at::Tensor cached;                      // partial forward: what stands in its place, [guidance_rows or 1, n, ...]
  // Goes on from these rows of a probe (with a front of at most the site's), which was given the same rows' inputs and
  // the same guidance_row; null: from the start.
  const DenoiserProbe* from = nullptr;
  std::vector<int64_t> from_rows;  // [n]
};

struct DenoiserOutput {
  // [guidance_rows, n, C, ...]: unconditional first when guided; guidance_rows = 1 or 2, or 1 where one was asked for
  at::Tensor model_output;
  std::map<CacheSite, at::Tensor> kept;  // [guidance_rows or 1, n, ...]
};

// What one guidance row of one call made the network do.
struct Work {
  Action action = Action::kPredict;
  CacheSite site = {};             // kShallow
  std::optional<ProbeSite> probe;  // what was looked at before
};

class Denoiser {
 public:
  virtual ~Denoiser() = default;
  virtual DenoiserOutput Predict(const DenoiserInput& input) = 0;
  // `site` is of the network, one of abilities().signals; `input` without keep, site and from.
  virtual std::unique_ptr<DenoiserProbe> Probe(const DenoiserInput& input, const ProbeSite& site) = 0;
  virtual int guidance_rows() const = 0;  // 2 with guidance (unconditional, conditional), else 1
  // model_output [guidance_rows, n, C, ...] -> guided prediction [n, C, ...].
  virtual at::Tensor Guide(const at::Tensor& model_output) const = 0;
  virtual NetworkAbilities abilities() const = 0;
  // Cost of one guidance row of one sample; a probe is paid once, whatever goes on from it.
  virtual MacCount Macs(const Work& work) const = 0;
};

}  // namespace skipbench
