// What a folder in diffusers' layout (model_index.json) becomes: something that turns samples into a denoiser's
// conditioning, and latents into pictures. The sampler between the two knows nothing of networks.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/util/accumulate.h>

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "harness/base/json.h"
#include "harness/base/sample.h"
#include "harness/nn/layers/macs.h"
#include "harness/sampling/denoiser.h"

namespace skipbench {

// Frames of a clip where nobody says how many: diffusers' default for the video pipelines with a U-Net.
inline constexpr int64_t kDefaultFrames = 16;

struct PipelineOptions {
  at::ScalarType dtype = at::kFloat;
  at::Device device = at::kCPU;
  int64_t height = 0, width = 0;               // pixels; 0: the model's own size
  std::optional<std::string> negative_prompt;  // absent is not the same as "" for SDXL
  std::string variant;                         // weight files' variant, "fp16"
  std::filesystem::path vae;  // another autoencoder than the model's own, as FindVae gives it; empty: its own
  std::string tokenizer;      // "slow": CLIPTokenizer without ftfy, sentencepiece for T5; "fast": those of tokenizers;
                              // "": by the files
  std::filesystem::path tokenizer_folder;  // single-file checkpoints, which hold none: see model_source.h
  bool vae_tiling = false;          // decode large pictures in overlapping tiles (differs slightly from the whole)
  bool vae_slicing = false;         // decode one picture at a time
  int64_t max_sequence_length = 0;  // tokens that T5 makes of a text; 0: the pipeline's own
  int64_t frames = 0;               // video: of a clip; 0: the pipeline's own
  double fps = 16;                  // image_to_video: frames per second that the network is told
  int64_t decode_chunk = 8;         // video: frames decoded at once; memory grows with it
  std::string pixels = "round";     // round | truncate: how values become uint8
  uint64_t seed = 0;                // image_to_video: keys the draw of the start image's latent, with the sample's id
  bool shapes_only = false;         // no weights: for counting and planning only

  bool truncates_pixels() const { return pixels == "truncate"; }
};

struct PipelineInfo {
  std::string kind;                          // for people: text_to_image, image_to_video
  std::string class_name;                    // of model_index.json
  std::filesystem::path folder;              // or the single file
  std::vector<std::filesystem::path> files;  // the weight files, for provenance
  std::map<std::string, std::filesystem::path>
      config_files;                   // configs and tokenizers that were read, "unet/config.json"
  std::vector<int64_t> latent_shape;  // [C, H, W]; video: [C, F, H, W]; packed (FLUX): [patches, values of a patch]
  std::vector<int64_t> image_shape;   // [3, H, W], for video of a frame
  int64_t frames = 0;                 // of a clip; 0: pictures
  std::string tokenizer;              // "slow" or "fast": the one that is in force; "" where there is none
  double default_guidance = 1;
  bool guided = false;              // whether there is guidance at all
  bool embedded_guidance = false;   // the network is told its scale: one pass, and no negative prompt
  int64_t max_sequence_length = 0;  // tokens of a text that T5 reads; 0: there is no T5
  // What every sample must have.
  bool needs_caption = false;  // takes a negative prompt too
  bool needs_label = false;
  bool needs_image = false;        // a start image
  bool in_pixels = false;          // the latents are the pictures, in [-1, 1]: there is no autoencoder
  bool can_tile = false;           // vae_tiling and vae_slicing are for it
  bool decodes_in_chunks = false;  // decode_chunk is for it
  std::string scheduler_class;     // the folder's own scheduler, "PNDMScheduler"
  Json scheduler_config = Json::object();
  std::string scheduler_file;      // for messages
  std::filesystem::path vae;       // the autoencoder's folder or file where it is not the model's own
  std::vector<std::string> notes;  // what people should know of the model although it can be used

  // Rows of a prediction at this guidance: two where it is made of a guided pair.
  int GuidanceRows(double guidance) const { return guidance > 1 && !embedded_guidance ? 2 : 1; }
};

class Pipeline {
 public:
  virtual ~Pipeline() = default;
  const PipelineInfo& info() const { return info_; }
  const PipelineOptions& options() const { return options_; }
  // Of the source, once everything is read.
  void SetProvenance(std::vector<std::string> notes, std::map<std::string, std::filesystem::path> config_files) {
    info_.notes = std::move(notes);
    info_.config_files = std::move(config_files);
  }

  // Conditioning of `samples`, in order, encoded once. With guidance > 1 every prediction is a guided pair. With
  // `one_by_one` each sample goes through the encoders alone (bit-identical whatever its neighbours are).
  // Errors name the sample (a caption missing, a class label out of range).
  virtual std::unique_ptr<Denoiser> Encode(std::span<const Sample> samples, double guidance, bool one_by_one) const = 0;

  // Reads what a sample consists of beside its text (a start image) as Encode will, and keeps nothing: throws Error
  // that names the sample and its file, so that hours of sampling do not end at a file that is no picture. Needs no
  // weights.
  virtual void CheckInput(const Sample&) const {}
  // Throws Error where pictures of this size cannot be made although the model can be opened: a network may know too
  // few positions for them.
  virtual void CheckSize() const {}

  // Initial unit noise in the order in which diffusers' pipeline draws it, of the latents' shape, to the latents' own
  // order.
  virtual at::Tensor ArrangeNoise(const at::Tensor& drawn) const { return drawn; }

  // Latents [n, latent_shape] to pictures, uint8 [n, 3, H, W] on the CPU, as ToPictures (pictures.h) makes them;
  // video: to clips [n, F, 3, H, W].
  virtual at::Tensor Decode(const at::Tensor& latents) const = 0;

  // Cost of what the denoising network does at this size for one row: one sample, without guidance.
  virtual MacReport DenoiserMacs(const Work& work) const = 0;
  // What the network can do beside full forwards.
  virtual NetworkAbilities abilities() const = 0;
  // Elements that one row keeps for `site`; Error where the network does not offer it.
  virtual int64_t KeptElements(const CacheSite& site) const = 0;

  // Elements of one latent.
  int64_t latent_elements() const { return c10::multiply_integers(info_.latent_shape); }

 protected:
  PipelineInfo info_;
  PipelineOptions options_;
};

}  // namespace skipbench
