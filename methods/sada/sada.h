// SADA: skips a prediction where the sampling ODE's trajectory is stable, and rebuilds x0 there from an extrapolated
// latent (Jiang et al., "SADA: Stability-guided Adaptive Diffusion Acceleration", ICML 2025, arXiv 2507.17135). The
// step rule only: tokens are not pruned. README.md has the rules.
#pragma once

#include "methods/catalog.h"

namespace skipbench {

struct SadaOptions {
  enum class Variant {
    kOde,   // the U-Nets' rule, of any deterministic sampler
    kFlux,  // FLUX's: the sign of the mean second difference of the velocity
  };
  Variant variant = Variant::kOde;
  int acc_start = 10, acc_end = 47;  // calls after which a skip may be decided: [start, end)
  int max_interval = 4;              // longest run of skips
  int lagrange_term = 0;             // points of the interpolation in the later, fixed pattern; 0: no such pattern
  int lagrange_int = 4, lagrange_step = 24;  // of the pattern: its period, the call from which on it decides
  Scope scope = Scope::kSample;
  bool as_published = false;
  // as_published: the training schedule whose betas the source's drift reads.
  std::string beta_schedule = "scaled_linear";
  double beta_start = 0.00085, beta_end = 0.012;
  int num_train_timesteps = 1000;
};

std::unique_ptr<Method> MakeSada(const SadaOptions& options);
MethodType SadaType();

}  // namespace skipbench
