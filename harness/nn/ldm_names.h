// Names of CompVis' latent-diffusion code, OpenCLIP and transformers inside Stable Diffusion's single files, to diffusers'.
// Each returned map has no use for tensors outside its prefix, and leaves a name it does not know as it is, so that strict
// loading reports it.
#pragma once

#include <string>
#include <vector>

#include "harness/nn/weights.h"

namespace skipbench {

// openaimodel.UNetModel under `prefix` ("model.diffusion_model."). The blocks are told by `names`, all names of the file.
NameMap LdmUNetMap(const std::string& prefix, const std::vector<std::string>& names);
// model.AutoencoderKL under `prefix` ("first_stage_model.").
NameMap LdmAutoencoderMap(const std::string& prefix, const std::vector<std::string>& names);
// transformers' CLIPTextModel under `prefix`, with or without "text_model.".
NameMap ClipTextMap(const std::string& prefix);
// OpenCLIP's text tower under `prefix`: q, k and v are stored together, the projection transposed.
NameMap OpenClipTextMap(const std::string& prefix);

}  // namespace skipbench
