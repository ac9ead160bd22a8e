// The keys of an experiment's config, for `skipbench list config`. A test checks them against what the reader knows.
#pragma once

#include <string>
#include <vector>

namespace skipbench::cli {

struct ConfigKey {
  std::string name;
  std::string meaning;
};

inline const std::vector<ConfigKey>& ConfigKeys() {
  static const std::vector<ConfigKey> keys = {
      {"name", "of the experiment (default: the file's name)"},
      {"pipeline", "a folder in diffusers' layout or a single-file Stable Diffusion 1.x or SDXL checkpoint (.safetensors), relative to the config; or "
                   "a name on the model search path; required"},
      {"variant", "of the weight files, e.g. \"fp16\"; components without it are read from their plain files, and a note says so (default: none)"},
      {"vae", "another autoencoder than the model's own: a folder with its config.json, a model's folder, a .safetensors file (CompVis' or diffusers' names), "
              "or a name on the model search path (default: the model's own)"},
      {"tokenizer", "slow: CLIPTokenizer without ftfy; fast: CLIPTokenizerFast; default: slow, but fast where the folder holds tokenizer.json alone (transformers 5)"},
      {"tokenizer_folder", "of a single-file checkpoint: vocab.json and merges.txt, or tokenizer.json (default: SKIPBENCH_TOKENIZER_FOLDER, or \"tokenizer\" beside it)"},
      {"scheduler", "type, or {\"type\": ..., options}; a list sweeps (default: the pipeline's own)"},
      {"steps", "1 .. 1000; a list sweeps (default 50)"},
      {"guidance", "scale of classifier-free guidance, off at 1 or less; a list sweeps (default: the pipeline's)"},
      {"negative_prompt", "text (default: none)"},
      {"height", "pixels (default: the model's own)"},
      {"width", "pixels (default: the model's own)"},
      {"vae_tiling", "true: decode large pictures in overlapping tiles; text_to_image only (default false)"},
      {"vae_slicing", "true: decode one picture at a time; text_to_image only (default false)"},
      {"frames", "of a clip, 2 .. 1024; video pipelines only (default 16)"},
      {"fps", "frames per second, 1 .. 120: what image_to_video networks are told, and the speed of clips written as files; video only (default 16)"},
      {"decode_chunk", "frames that go through the decoder together, 1 .. 1024; video only (default 8, with batch_invariant 1)"},
      {"dtype", "float32 (default), bfloat16 or float16"},
      {"device", "auto (default), cpu, cuda or cuda:N"},
      {"threads", "CPU threads (default 0: LibTorch's choice)"},
      {"data", "{\"type\": ..., ...}: see `skipbench list datasets`; required"},
      {"seed", "integer >= 0 (default 0)"},
      {"noise", "{\"source\": \"counter\" (default) | \"torch_cpu\" | \"file\", \"path\", \"tensor\", \"step_noise\": {\"path\", \"tensor\"}}"},
      {"methods", "list of {\"type\": ..., \"id\": ..., options}, or of types (one alone needs no list); a list for an option sweeps; required"},
      {"metrics", "list of names, or one: see `skipbench list metrics` (default: none)"},
      {"metric_weights", "list of folders, or one, with the metrics' weights (also: SKIPBENCH_METRIC_WEIGHTS)"},
      {"metric_reference", "what distances of sets are measured to: a folder of pictures or a statistics file (.npz), or {\"METRIC\": path, ...} "
                           "(default: the data's own reference; without one, the shipped pictures for the shipped network's metrics, else none)"},
      {"metric_reference_options", "{\"skip_broken\": true: leave out reference pictures that cannot be read, and count them (default false); "
                                   "\"frames\": of reference clips the first so many frames (default all; they have to be as many as the run's)}"},
      {"save", "list (or one) of latents, noise_predictions, images (into the results), png (as files); of clips also apng and mp4"},
      {"traces", "true: record for every sample and call the differences of order one to three of latents and noise predictions, and the latent's "
                 "distance to the full-step trajectory (default false)"},
      {"batch_size", "samples of one network call (default 16)"},
      {"memory", "most that open trajectories (latents, outputs, cached features) may take, e.g. \"2GiB\": fewer samples at a time, then one branch "
                 "after the other (default: no bound; --dry-run says what a run needs)"},
      {"wave_size", "samples between two commits (default: batch_size)"},
      {"group_size", "consecutive samples that decide together where a method's scope is \"group\" (default 1)"},
      {"batch_invariant", "true: results bit-identical whatever the batch, at some cost (default false)"},
      {"search_memory", "MiB that a search for paths keeps of intermediate states; with less it predicts some of them again (default 1024)"},
      {"path_study", "compare estimated skip paths with searched ones: {\"skips\", \"samples\", \"search\", \"estimators\", \"random_paths\", \"seed\", "
                     "\"permutations\"}; harness/experiment/README.md says more (default: not)"},
      {"latency", "{\"samples\": 1, \"repeats\": 3, \"warmup\": 1}: measure latency and memory (default: not)"},
      {"contact_sheet", "samples shown in contact_sheet.png; needs \"images\" in save (default 0: none)"},
  };
  return keys;
}

}  // namespace skipbench::cli
