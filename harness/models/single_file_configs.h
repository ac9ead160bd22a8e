// Configs of the networks in an original Stable Diffusion checkpoint, in the form of diffusers' config.json, read off
// the shapes of its tensors. Used by single_file.cpp.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "harness/base/json.h"
#include "harness/io/files/safetensors.h"

namespace skipbench {

// Names and shapes of a checkpoint.
class CheckpointShapes {
 public:
  explicit CheckpointShapes(const SafetensorsFile& file);
  const std::string& file() const { return file_; }
  bool Has(const std::string& name) const { return shapes_.contains(name); }
  bool HasPrefix(const std::string& prefix) const;
  // The size along `dim`. Throws when the tensor is missing or has another number of dimensions than `dims`
  // (0: at least dim + 1), or when the size is 0.
  int64_t Size(const std::string& name, size_t dim, size_t dims = 0) const;
  size_t Dims(const std::string& name) const;  // 0 if missing
  // How many of PREFIX0SUFFIX, PREFIX1SUFFIX, ... begin a name, from 0 on without a gap.
  int64_t Count(const std::string& prefix, const std::string& suffix = ".") const;

 private:
  std::string file_;
  std::map<std::string, std::vector<int64_t>> shapes_;
};

Json UNetConfigOf(const CheckpointShapes& shapes, bool xl);
Json VaeConfigOf(const CheckpointShapes& shapes, bool xl, const std::string& prefix = "first_stage_model.");
Json ClipConfigOf(const CheckpointShapes& shapes, const std::string& prefix);
Json OpenClipConfigOf(const CheckpointShapes& shapes);
// As published: PNDM for Stable Diffusion 1, Euler for SDXL. `zero_snr`, of models that predict v: betas rescaled to
// zero terminal SNR, and DDIM in PNDM's place, which cannot do that.
Json SchedulerConfigOf(bool xl, bool v_prediction, bool zero_snr);

}  // namespace skipbench
