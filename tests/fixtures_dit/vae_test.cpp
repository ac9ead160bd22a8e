// Autoencoders of transformers against diffusers: what their denoisers' latents become, and the pictures.
#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include "harness/models/autoencoder_kl.h"
#include "harness/models/autoencoder_kl_wan.h"
#include "harness/models/load.h"
#include "tests/fixtures_dit/dit_cases.h"

namespace skipbench {
namespace {

using testing::DitCase;
using testing::ExpectClose;

void CheckPictures(const DitCase& c) {
  const auto tensors = c.tensors();
  const auto vae = LoadFolder<AutoencoderKL>(c.model() / "vae");
  const AutoencoderKL::Config& config = vae->config();
  EXPECT_EQ(config.use_post_quant_conv, c.config().at("quant_conv").get<bool>());
  const at::Tensor z = tensors.at("latent") / config.scaling_factor + config.shift_factor;
  ExpectClose(c, "vae_input", z, tensors.at("vae_input"));
  ExpectClose(c, "decoded", vae->Decode(tensors.at("vae_input")), tensors.at("decoded"));
}

void CheckClips(const DitCase& c) {
  const auto tensors = c.tensors();
  const auto vae = LoadFolder<AutoencoderKLWan>(c.model() / "vae");
  const int64_t latent_frames = c.config().at("latent_frames"), frames = c.config().at("frames");
  EXPECT_EQ(vae->config().Frames(latent_frames), frames);
  EXPECT_EQ(vae->config().LatentFrames(frames), latent_frames);
  const at::Tensor& z = tensors.at("vae_input");
  ExpectClose(c, "vae_input", vae->FromDenoiser(tensors.at("latent")), z);
  ExpectClose(c, "decoded", vae->Decode(z), tensors.at("decoded"));
  std::vector<at::Tensor> unclamped;
  vae->DecodeFrames(z, [&](int64_t frame, const at::Tensor& pictures) {
    EXPECT_EQ(frame, static_cast<int64_t>(unclamped.size()));
    unclamped.push_back(pictures.clone());
  });
  ExpectClose(c, "unclamped", at::stack(unclamped, 2), tensors.at("unclamped"));
  // Clips of a batch do not know each other.
  const at::Tensor both = vae->Decode(at::cat({z, 0.5 * z}));
  ExpectClose(c, "first of two", both.narrow(0, 0, 1), tensors.at("decoded"));
}

class Autoencoders : public testing::DitTest {};

TEST_P(Autoencoders, EqualDiffusers) {
  const c10::InferenceMode inference;
  const DitCase& c = GetParam();
  c.config().at("cls") == "AutoencoderKLWan" ? CheckClips(c) : CheckPictures(c);
}
DIT_CASES(Autoencoders, "vae");

}  // namespace
}  // namespace skipbench
