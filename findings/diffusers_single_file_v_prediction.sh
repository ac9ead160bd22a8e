#!/usr/bin/env bash
# diffusers 0.42.1: from_single_file does not see that a checkpoint predicts v; it gets a scheduler for epsilon, without a word.
#
# Three marks are in use for Stable Diffusion and SDXL checkpoints that predict v: empty tensors named "v_pred" and "ztsnr" (zero
# terminal SNR), which ComfyUI and A1111 look for, and the entry modelspec.prediction_type "v" of the file's metadata. diffusers takes
# the kind of model from names and shapes of its tensors, and everything else from the published folder of that kind, whose scheduler
# predicts epsilon: with all three marks as without them. No warning names the tensors that nobody took, and the metadata are not
# read at all. Whoever has such a file must give the pipeline a scheduler by hand.
#
# The hub is stood in for by a cache that holds the two published files that decide; the models are as small as they can be.
# Exits with 0 while that is so, with 1 when it has changed.
set -euo pipefail

folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check torch==2.11.0 diffusers==0.42.1 transformers==5.24.0 safetensors==0.8.0 numpy==2.4.6

HF_HOME="$folder/hub" HF_HUB_OFFLINE=1 "$folder/env/bin/python" -W ignore - "$folder" <<'PY'
import json
import logging
import pathlib
import sys

import diffusers
import torch
import transformers
from diffusers import AutoencoderKL, StableDiffusionXLPipeline, UNet2DConditionModel
from safetensors.torch import save_file

transformers.utils.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()
diffusers.utils.logging.disable_progress_bar()
folder = pathlib.Path(sys.argv[1])
said = []
handler = logging.Handler(logging.WARNING)
handler.emit = lambda record: said.append(record.getMessage())
diffusers.utils.logging.add_handler(handler)

# stabilityai/stable-diffusion-xl-base-1.0, as far as it matters here.
published = folder / "hub/hub/models--stabilityai--stable-diffusion-xl-base-1.0"
snapshot = published / "snapshots" / ("0" * 40)
(snapshot / "scheduler").mkdir(parents=True)
(published / "refs").mkdir()
(published / "refs/main").write_text(snapshot.name)
(snapshot / "model_index.json").write_text(json.dumps({
    "_class_name": "StableDiffusionXLPipeline", "_diffusers_version": "0.19.0.dev0", "force_zeros_for_empty_prompt": True,
    "scheduler": ["diffusers", "EulerDiscreteScheduler"], "text_encoder": ["transformers", "CLIPTextModel"],
    "text_encoder_2": ["transformers", "CLIPTextModelWithProjection"], "tokenizer": ["transformers", "CLIPTokenizer"],
    "tokenizer_2": ["transformers", "CLIPTokenizer"], "unet": ["diffusers", "UNet2DConditionModel"], "vae": ["diffusers", "AutoencoderKL"]}))
(snapshot / "scheduler/scheduler_config.json").write_text(json.dumps({
    "_class_name": "EulerDiscreteScheduler", "beta_end": 0.012, "beta_schedule": "scaled_linear", "beta_start": 0.00085,
    "interpolation_type": "linear", "num_train_timesteps": 1000, "prediction_type": "epsilon", "steps_offset": 1,
    "timestep_spacing": "leading", "use_karras_sigmas": False}))

tensors = {"conditioner.embedders.1.model.transformer.resblocks.9.mlp.c_proj.bias": torch.zeros(4),      # says SDXL
           "model.diffusion_model.input_blocks.0.0.weight": torch.zeros(4, 4, 3, 3)}
save_file(tensors, folder / "epsilon.safetensors")
save_file(tensors | {"v_pred": torch.zeros(0), "ztsnr": torch.zeros(0)}, folder / "v.safetensors",
          {"modelspec.architecture": "stable-diffusion-xl-v1-base", "modelspec.prediction_type": "v"})

# What else a pipeline has is given: none of it decides what is predicted.
parts = {"unet": UNet2DConditionModel(block_out_channels=(8,), norm_num_groups=4, down_block_types=("DownBlock2D",), up_block_types=("UpBlock2D",),
                                      layers_per_block=1, cross_attention_dim=8, mid_block_type=None),
         "vae": AutoencoderKL(block_out_channels=(8,), norm_num_groups=4), "text_encoder": None, "text_encoder_2": None, "tokenizer": None, "tokenizer_2": None}
found = {}
for name in ("epsilon", "v"):
    scheduler = StableDiffusionXLPipeline.from_single_file(folder / f"{name}.safetensors", **parts).scheduler
    found[name] = (scheduler.config.prediction_type, scheduler.config.rescale_betas_zero_snr)
print("prediction_type, rescale_betas_zero_snr:", found)
print("warnings:", said)

as_seen = found == {"epsilon": ("epsilon", False), "v": ("epsilon", False)} and not any("pred" in text or "ztsnr" in text for text in said)
print("as described" if as_seen else "CHANGED")
sys.exit(not as_seen)
PY
