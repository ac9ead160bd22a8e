#!/usr/bin/env python3
"""Stable Diffusion 1.x, 2.x or XL base from one file (.safetensors or .ckpt) to a folder in diffusers' layout.

    scripts/convert/stable_diffusion.py v1-5-pruned-emaonly.safetensors OUT --tokenizer clip-vit-large-patch14/
    scripts/convert/stable_diffusion.py v2-1_768-ema-pruned.ckpt OUT --tokenizer ... --prediction-type v_prediction

The family is told by the tensors. Checkpoints hold neither the vocabulary (--tokenizer: a folder with CLIP's vocab.json and
merges.txt, the same for all of them) nor what the network was trained to predict (--prediction-type).
"""
import argparse
import os
import sys

import common
import ldm_configs
import ldm_names

UNET, VAE = "model.diffusion_model.", "first_stage_model."


def family_of(tensors):
    if any(name.startswith("conditioner.embedders.1.model.") for name in tensors):
        return "xl"
    if any(name.startswith("cond_stage_model.model.") for name in tensors):
        return "2"
    if any(name.startswith("cond_stage_model.transformer.") for name in tensors):
        return "1"
    sys.exit("no text encoder of Stable Diffusion 1, 2 or XL base found (cond_stage_model. or conditioner.embedders.)")


def clip_tensors(tensors):
    """transformers' own names, with or without the outer text_model."""
    tensors = {name: value for name, value in tensors.items() if not name.endswith("position_ids")}
    return {name if name.startswith("text_model.") else "text_model." + name: value for name, value in tensors.items()}


def write_unet(tensors, out, heads, image_size, pooled_width):
    part = common.with_prefix(tensors, UNET)
    unet = common.take_all(ldm_names.unet_names(part), part, "the UNet")
    common.write_model(os.path.join(out, "unet"), ldm_configs.unet_config(unet, heads, image_size, pooled_width), unet)
    return unet


def write_vae(tensors, out, image_size, scaling_factor):
    part = common.with_prefix(tensors, VAE)
    vae = common.take_all(ldm_names.autoencoder_names(part), part, "the autoencoder")
    vae = ldm_names.without_unit_kernels(vae)
    common.write_model(os.path.join(out, "vae"), ldm_configs.autoencoder_config(vae, "AutoencoderKL", image_size, scaling_factor), vae)
    return 2 ** (ldm_configs.count(vae, r"encoder\.down_blocks\.(\d+)\.") - 1)


def write_text(tensors, out, name, activation, eos_token_id, heads):
    common.write_model(os.path.join(out, name), ldm_configs.clip_config(tensors, activation, eos_token_id, heads), tensors, "model")


def write_text_encoders(tensors, family, args):
    """Returns the width of SDXL's pooled text."""
    out = args.out
    if family == "1":
        write_text(clip_tensors(common.with_prefix(tensors, "cond_stage_model.transformer.")), out, "text_encoder", "quick_gelu", 2, args.text_heads)
    elif family == "2":
        part = common.with_prefix(tensors, "cond_stage_model.model.")
        layers = ldm_configs.count(part, r"transformer\.resblocks\.(\d+)\.") - 1
        write_text(ldm_names.open_clip_tensors(part, layers, projection=False), out, "text_encoder", "gelu", 2, args.text_heads)
    else:
        write_text(clip_tensors(common.with_prefix(tensors, "conditioner.embedders.0.transformer.")), out, "text_encoder", "quick_gelu", 2, args.text_heads)
        part = common.with_prefix(tensors, "conditioner.embedders.1.model.")
        layers = ldm_configs.count(part, r"transformer\.resblocks\.(\d+)\.")
        second = ldm_names.open_clip_tensors(part, layers, projection=True)
        write_text(second, out, "text_encoder_2", "gelu", 2, args.text_heads)
        return second["text_projection.weight"].shape[0]
    return None


def scheduler_config(family, prediction_type):
    config = {"_class_name": "EulerDiscreteScheduler" if family == "xl" else "PNDMScheduler", "beta_start": 0.00085, "beta_end": 0.012,
              "beta_schedule": "scaled_linear", "num_train_timesteps": 1000, "steps_offset": 1, "timestep_spacing": "leading",
              "prediction_type": prediction_type}
    if family != "xl":
        config.update({"skip_prk_steps": True, "set_alpha_to_one": False, "clip_sample": False})
    return config


def convert(args):
    tensors = common.read_checkpoint(args.checkpoint)
    family = family_of(tensors)
    pooled_width = write_text_encoders(tensors, family, args)
    heads = args.heads or (8 if family == "1" else None)
    scaling = args.scaling_factor or (0.13025 if family == "xl" else 0.18215)
    image_size = args.image_size or {"1": 512, "2": 768 if args.prediction_type == "v_prediction" else 512, "xl": 1024}[family]
    factor = write_vae(tensors, args.out, image_size, scaling)
    write_unet(tensors, args.out, heads, image_size // factor, pooled_width)
    common.write_tokenizer(args.tokenizer, os.path.join(args.out, "tokenizer"), "<|endoftext|>" if family != "2" else "!")
    index = {"_class_name": "StableDiffusionPipeline", "unet": ["diffusers", "UNet2DConditionModel"], "vae": ["diffusers", "AutoencoderKL"],
             "scheduler": ["diffusers", "EulerDiscreteScheduler" if family == "xl" else "PNDMScheduler"],
             "text_encoder": ["transformers", "CLIPTextModel"], "tokenizer": ["transformers", "CLIPTokenizer"]}
    if family == "xl":
        common.write_tokenizer(args.tokenizer, os.path.join(args.out, "tokenizer_2"), "!")
        index.update({"_class_name": "StableDiffusionXLPipeline", "text_encoder_2": ["transformers", "CLIPTextModelWithProjection"],
                      "tokenizer_2": ["transformers", "CLIPTokenizer"], "force_zeros_for_empty_prompt": True})
    common.write_json(os.path.join(args.out, "scheduler", "scheduler_config.json"), scheduler_config(family, args.prediction_type))
    common.write_json(os.path.join(args.out, "model_index.json"), index)
    print(f"{args.out}: Stable Diffusion {family}, {args.prediction_type}, {image_size}x{image_size}")


def parser():
    result = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    result.add_argument("checkpoint")
    result.add_argument("out", help="folder to write")
    result.add_argument("--tokenizer", required=True, help="folder with CLIP's vocab.json and merges.txt")
    result.add_argument("--prediction-type", default="epsilon", choices=["epsilon", "v_prediction"])
    result.add_argument("--image-size", type=int, help="side of the pictures it was trained on (default: that of the family)")
    result.add_argument("--scaling-factor", type=float, help="of the autoencoder (default: that of the family)")
    result.add_argument("--heads", type=int, help="attention heads of the UNet (default: 8 for 1.x, channels / 64 else)")
    result.add_argument("--text-heads", type=int, help="attention heads of the text encoders (default: width / 64)")
    return result


if __name__ == "__main__":
    common.run(convert, parser())
