// The names of tensors in original Stable Diffusion checkpoints, and what they are called in diffusers and
// transformers. Used by single_file.cpp.
#pragma once

#include <cstdint>
#include <string>

#include "harness/nn/weights/weights.h"

namespace skipbench {

inline constexpr const char* kUNetPrefix = "model.diffusion_model.";
inline constexpr const char* kVaePrefix = "first_stage_model.";
inline constexpr const char* kTextPrefixSd1 = "cond_stage_model.transformer.";
inline constexpr const char* kTextPrefixXl = "conditioner.embedders.0.transformer.";
inline constexpr const char* kOpenClipPrefix = "conditioner.embedders.1.model.";

// Each map takes the tensors of its prefix and leaves the others out. Inside the prefix a name it does not know keeps
// its own, so that it is reported as unexpected.
NameMap UNetNames(int64_t layers_per_block);
NameMap VaeNames(int64_t levels, const std::string& prefix = kVaePrefix);  // without the loss's and averaged ones
NameMap ClipNames(const std::string& prefix);
NameMap OpenClipNames();

}  // namespace skipbench
