// Noise from a file: for replaying another implementation's run.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "harness/experiment/config/config.h"
#include "harness/runtime/noise.h"

namespace skipbench {

// Row k of `config.tensor` [n, C, H, W] is the unit noise (before the multiplication with init_noise_sigma) of the k-th
// sample of the data; `config.step_tensor` [calls, n, C, H, W] the draws of a stochastic scheduler. Errors name the
// file and tensor: missing, of another shape than the latents, too few rows, too few calls.
std::unique_ptr<NoiseSource> FileNoise(const NoiseConfig& config);

// For people, of each tensor that the config names: its statistics, and whether they are those of unit noise. They
// would be of values in a wrong order too, as safetensors.numpy.save_file 0.8.0 writes arrays that are not
// C-contiguous.
std::vector<std::string> NotesOnNoiseFiles(const NoiseConfig& config);

// The source that the config asks for.
std::unique_ptr<NoiseSource> MakeNoise(const NoiseConfig& config, uint64_t seed);

}  // namespace skipbench
