#!/usr/bin/env python3
"""CompVis' class-conditional LDM-4 (cin256-v2, model.ckpt) to a folder that skipbench reads.

    scripts/convert/ldm.py model.ckpt OUT

diffusers has no pipeline of this kind; the folder has unet/, vqvae/, scheduler/ as in diffusers and class_embedder/ (one
embedding per class; the last row stands for "no class"). The averaged weights (model_ema.) are used if the file has them.
"""
import argparse
import os
import sys

import common
import ldm_configs
import ldm_names

UNET, VQ, CLASSES = "model.diffusion_model.", "first_stage_model.", "cond_stage_model.embedding.weight"


def unet_tensors(tensors, use_ema):
    """Averaged weights are kept flat, without the dots."""
    part = common.with_prefix(tensors, UNET)
    if not use_ema or not any(name.startswith("model_ema.diffusion_model") for name in tensors):
        return part
    averaged = {name: tensors.get("model_ema." + ("diffusion_model." + name).replace(".", "")) for name in part}
    missing = [name for name, value in averaged.items() if value is None]
    if missing:
        sys.exit(f"the averaged weights lack {len(missing)} tensors, for example {missing[0]}; --no-ema takes the others")
    return averaged


def convert(args):
    tensors = common.read_checkpoint(args.checkpoint)
    for prefix in (UNET, VQ, CLASSES):
        if not any(name.startswith(prefix) for name in tensors):
            sys.exit(f"{args.checkpoint}: has no {prefix}; a class-conditional latent diffusion model was expected")
    part = unet_tensors(tensors, not args.no_ema)
    unet = common.take_all(ldm_names.unet_names(part), part, "the UNet")
    part = common.with_prefix(tensors, VQ)
    vq = ldm_names.without_unit_kernels(common.take_all(ldm_names.autoencoder_names(part), part, "the autoencoder"))
    factor = 2 ** (ldm_configs.count(vq, r"encoder\.down_blocks\.(\d+)\.") - 1)
    common.write_model(os.path.join(args.out, "unet"), ldm_configs.unet_config(unet, args.heads, args.image_size // factor), unet)
    common.write_model(os.path.join(args.out, "vqvae"), ldm_configs.autoencoder_config(vq, "VQModel", args.image_size, 1.0), vq)
    rows, width = tensors[CLASSES].shape
    common.write_model(os.path.join(args.out, "class_embedder"),
                       {"_class_name": "ClassEmbedder", "n_classes": rows, "embed_dim": width, "uncond_class": rows - 1},
                       {"embedding.weight": tensors[CLASSES]})
    common.write_json(os.path.join(args.out, "scheduler", "scheduler_config.json"), {
        "_class_name": "DDIMScheduler", "beta_start": 0.0015, "beta_end": 0.0195, "beta_schedule": "scaled_linear",
        "num_train_timesteps": 1000, "clip_sample": False, "set_alpha_to_one": False, "steps_offset": 1, "timestep_spacing": "leading",
        "prediction_type": "epsilon"})
    common.write_json(os.path.join(args.out, "model_index.json"), {
        "_class_name": "ClassConditionalLDMPipeline", "unet": ["diffusers", "UNet2DConditionModel"], "vqvae": ["diffusers", "VQModel"],
        "scheduler": ["diffusers", "DDIMScheduler"], "class_embedder": ["local", "ClassEmbedder"]})


def parser():
    result = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    result.add_argument("checkpoint")
    result.add_argument("out", help="folder to write")
    result.add_argument("--image-size", type=int, default=256)
    result.add_argument("--heads", type=int, default=1, help="attention heads (cin256-v2: 1)")
    result.add_argument("--no-ema", action="store_true", help="the last weights instead of the averaged ones")
    return result


if __name__ == "__main__":
    common.run(convert, parser())
