// What an original checkpoint says about what its network predicts. Used by single_file.cpp.
#pragma once

#include <string>

#include "harness/io/files/safetensors.h"
#include "harness/models/single_file_configs.h"

namespace skipbench {

struct CheckpointPrediction {
  bool v = false;         // v (Salimans and Ho 2022), not epsilon
  bool zero_snr = false;  // trained with zero terminal SNR (Lin et al. 2024)
  std::string why;        // what says so: "tensor v_pred, tensor ztsnr"
};

// The marks that programs write and read: tensors "v_pred" and "ztsnr" (ComfyUI, A1111), metadata
// "modelspec.prediction_type" (Stability AI's ModelSpec: "epsilon" or "v"), "ss_v_parameterization" and
// "ss_zero_terminal_snr" (kohya's sd-scripts). Where they disagree, v is taken, for it is nobody's default, and `why`
// names the others. Throws UnsupportedError for a prediction that is neither, and for zero terminal SNR without v.
CheckpointPrediction ReadCheckpointPrediction(const CheckpointShapes& shapes, const SafetensorsFile& file);

}  // namespace skipbench
