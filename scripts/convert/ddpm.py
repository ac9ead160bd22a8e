#!/usr/bin/env python3
"""DDPM checkpoints of the original PyTorch code (pesser/pytorch_diffusion, ermongroup/ddim), which the DeepCache repository
uses (cifar10 model-790000.ckpt, lsun bedroom model-2388000.ckpt, church model-4432000.ckpt), to a folder in diffusers' layout.

    scripts/convert/ddpm.py ema_cifar10_model/model-790000.ckpt OUT
    scripts/convert/ddpm.py ema_lsun_bedroom_model/model-2388000.ckpt OUT
"""
import argparse
import os
import re
import sys

import common
import ldm_configs
import ldm_names


def config_of(tensors, image_size):
    levels = ldm_configs.count(tensors, r"down_blocks\.(\d+)\.")
    attends = [any(name.startswith(f"down_blocks.{level}.attentions.") for name in tensors) for level in range(levels)]
    return {
        "_class_name": "UNet2DModel", "act_fn": "silu", "attention_head_dim": None, "center_input_sample": False, "downsample_padding": 0,
        "flip_sin_to_cos": False, "freq_shift": 1, "mid_block_scale_factor": 1, "norm_eps": 1e-6, "norm_num_groups": 32,
        "time_embedding_type": "positional", "sample_size": image_size, "in_channels": tensors["conv_in.weight"].shape[1],
        "out_channels": tensors["conv_out.weight"].shape[0], "layers_per_block": ldm_configs.count(tensors, r"down_blocks\.0\.resnets\.(\d+)\."),
        "block_out_channels": [tensors[f"down_blocks.{level}.resnets.0.conv1.weight"].shape[0] for level in range(levels)],
        "down_block_types": ["AttnDownBlock2D" if one else "DownBlock2D" for one in attends],
        "up_block_types": ["AttnUpBlock2D" if one else "UpBlock2D" for one in reversed(attends)],
    }


def convert(args):
    original = common.read_checkpoint(args.checkpoint)
    if not any(re.match(r"temb\.dense\.0\.", name) for name in original):
        sys.exit(f"{args.checkpoint}: has no temb.dense.0; a UNet of the original DDPM code was expected")
    tensors = common.take_all(ldm_names.autoencoder_names(original), original, "the UNet")
    tensors = ldm_names.without_unit_kernels(tensors)
    levels = ldm_configs.count(tensors, r"down_blocks\.(\d+)\.")
    image_size = args.image_size or (32 if levels <= 4 else 256)
    variance = args.variance_type or ("fixed_large" if image_size <= 32 else "fixed_small")
    common.write_model(os.path.join(args.out, "unet"), config_of(tensors, image_size), tensors)
    common.write_json(os.path.join(args.out, "scheduler", "scheduler_config.json"), {
        "_class_name": "DDPMScheduler", "beta_start": 0.0001, "beta_end": 0.02, "beta_schedule": "linear", "num_train_timesteps": 1000,
        "clip_sample": True, "variance_type": variance})
    common.write_json(os.path.join(args.out, "model_index.json"), {
        "_class_name": "DDPMPipeline", "scheduler": ["diffusers", "DDPMScheduler"], "unet": ["diffusers", "UNet2DModel"]})
    print(f"{args.out}: {image_size}x{image_size}, {variance}")


def parser():
    result = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    result.add_argument("checkpoint")
    result.add_argument("out", help="folder to write")
    result.add_argument("--image-size", type=int, help="default: 32 for up to four levels, else 256")
    result.add_argument("--variance-type", choices=["fixed_small", "fixed_large"], help="default: fixed_large at 32x32, else fixed_small")
    return result


if __name__ == "__main__":
    common.run(convert, parser())
