#!/usr/bin/env python3
"""Writes a full-size model with random weights in diffusers' layout: for trying loading, memory and speed without the
published weights.

    scripts/make_random_model.py MODEL OUT [--dtype float16] [--shard-gb 2] [--seed 0]
    scripts/make_random_model.py sd15 OUT.safetensors --single-file --dtype float16

MODEL: sd15, sdxl, ldm4, cifar10, lsun, dit (DiT-XL/2, 256 x 256), or a folder with the configs of any model (model_index.json, COMPONENT/config.json),
whose networks skipbench knows: which parameters they have it is asked itself (bench_network_tensors, which scripts/build makes).
--single-file: one file with the original Stable Diffusion's names instead of a folder (sd15 only; tokenizers lie in folders).
Configs of the networks of those named are those under tests/fixtures/metrics/macs/configs, DiT's apart. The weights
are scaled so that activations stay finite; pictures are noise. Their tokenizer is the one of the tests' small models:
its vocabulary is small, its ids are valid for the real one. Needs numpy and safetensors.
"""
import argparse
import json
import math
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

ROOT = Path(__file__).resolve().parent.parent
FIXTURES = ROOT / "tests" / "fixtures"
CONFIGS = FIXTURES / "metrics" / "macs" / "configs"
TOKENIZERS = FIXTURES / "diffusion" / "models" / "sdxl-tiny"


PRESETS = ("sd15", "sdxl", "ldm4", "cifar10", "lsun", "dit")
DIT_XL_2 = {"_class_name": "DiTTransformer2DModel", "num_attention_heads": 16, "attention_head_dim": 72, "in_channels": 4, "out_channels": 8,
            "num_layers": 28, "sample_size": 32, "patch_size": 2, "num_embeds_ada_norm": 1000, "attention_bias": True,
            "activation_fn": "gelu-approximate", "norm_type": "ada_norm_zero", "norm_elementwise_affine": False, "norm_eps": 1e-5}


def tensors_of(configs, program):
    """Of every config (a network's config.json as a dictionary), the network's parameters: [(name, shape), ...]."""
    if not Path(program[0]).exists():
        sys.exit(f"{program[0]} is missing; run scripts/build")
    with tempfile.TemporaryDirectory() as scratch:
        files = []
        for i, config in enumerate(configs):
            files.append(Path(scratch) / f"{i}.json")
            write_json(files[-1], config)
        done = subprocess.run([*program, *files], capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr.strip())
    return [[(name, tuple(shape)) for name, shape in json.loads(line)] for line in done.stdout.splitlines()]


def text_config(size, layers, activation, architecture):
    return {"architectures": [architecture], "model_type": "clip_text_model", "vocab_size": 49408, "hidden_size": size,
            "intermediate_size": 4 * size, "num_hidden_layers": layers, "num_attention_heads": size // 64, "hidden_act": activation,
            "max_position_embeddings": 77, "layer_norm_eps": 1e-5, "projection_dim": size, "eos_token_id": 2}


def values(generator, name, shape, dtype):
    """Norms are the identity, biases 0, matrices keep the variance; what a residual branch ends in adds little."""
    if len(shape) == 1:
        norm_layer = any(part in name for part in ("norm", "in_layers.0.", "out_layers.0.", "model.out.0."))
        return (np.ones if norm_layer and name.endswith("weight") else np.zeros)(shape, dtype)
    scale = 0.02 if "embedding.weight" in name else 1 / math.sqrt(math.prod(shape[1:]))
    if any(end in name for end in ("conv2.", "to_out.", "ff.net.2.", "out_proj.", "fc2.", "proj_out.", "out_layers.3.")):
        scale *= 0.2
    return (generator.standard_normal(shape, np.float32) * np.float32(scale)).astype(dtype)


def write_weights(folder, stem, tensors, options, generator):
    """One file, or shards of at most `shard_gb` with their index."""
    limit = options.shard_gb * 1e9 if options.shard_gb else math.inf
    size = np.dtype(options.dtype).itemsize
    shards, filled = [[]], 0
    for name, shape in tensors:
        count = math.prod(shape) * size
        if shards[-1] and filled + count > limit:
            shards.append([])
            filled = 0
        shards[-1].append((name, shape))
        filled += count
    weight_map = {}
    for i, shard in enumerate(shards):
        file = f"{stem}.safetensors" if len(shards) == 1 else f"{stem}-{i + 1:05d}-of-{len(shards):05d}.safetensors"
        save_file({name: values(generator, name, shape, options.dtype) for name, shape in shard}, folder / file, {"format": "pt"})
        weight_map.update({name: file for name, _ in shard})
    total = sum(math.prod(shape) for _, shape in tensors)
    if len(shards) > 1:
        write_json(folder / f"{stem}.safetensors.index.json", {"metadata": {"total_size": total * size}, "weight_map": weight_map})
    print(f"{folder}: {total / 1e6:.2f} M parameters, {total * size / 1e9:.2f} GB in {len(shards)} file(s)")


def replaced(name, rules):
    for pattern, replacement in rules:
        name = re.sub(pattern, replacement, name)
    return name


def original_unet_name(name):
    resnet_rules = [("norm1", "in_layers.0"), ("conv1", "in_layers.2"), ("time_emb_proj", "emb_layers.1"), ("norm2", "out_layers.0"),
                    ("conv2", "out_layers.3"), ("conv_shortcut", "skip_connection")]
    found = re.fullmatch(r"(down|up)_blocks\.(\d)\.(\w+)\.(\d)\.(.*)", name)
    if found:
        half, block, kind, layer, rest = found.groups()
        first = 3 * int(block) + (half == "down")
        side = "input_blocks" if half == "down" else "output_blocks"
        if kind == "resnets":
            return f"{side}.{first + int(layer)}.0.{replaced(rest, resnet_rules)}"
        if kind == "attentions":
            return f"{side}.{first + int(layer)}.1.{rest}"
        if kind == "downsamplers":
            return f"{side}.{first + 2}.0.op.{rest.removeprefix('conv.')}"
        return f"{side}.{first + 2}.{1 if block == '0' else 2}.{rest}"
    found = re.fullmatch(r"mid_block\.resnets\.(\d)\.(.*)", name)
    if found:
        return f"middle_block.{2 * int(found[1])}.{replaced(found[2], resnet_rules)}"
    return replaced(name, [(r"^mid_block\.attentions\.0", "middle_block.1"), (r"^time_embedding\.linear_1", "time_embed.0"),
                           (r"^time_embedding\.linear_2", "time_embed.2"), ("^conv_in", "input_blocks.0.0"),
                           ("^conv_norm_out", "out.0"), ("^conv_out", "out.2")])


def original_vae_name(name):
    name = re.sub(r"^decoder\.up_blocks\.(\d)", lambda found: f"decoder.up.{3 - int(found[1])}", name)
    return replaced(name, [("down_blocks", "down"), (r"resnets\.", "block."), (r"downsamplers\.0", "downsample"), (r"upsamplers\.0", "upsample"),
                           (r"mid_block\.block\.0", "mid.block_1"), (r"mid_block\.block\.1", "mid.block_2"), ("conv_shortcut", "nin_shortcut"),
                           ("conv_norm_out", "norm_out"), (r"mid_block\.attentions\.0\.group_norm", "mid.attn_1.norm"),
                           (r"mid_block\.attentions\.0\.to_([qkv])", r"mid.attn_1.\1"),
                           (r"mid_block\.attentions\.0\.to_out\.0", "mid.attn_1.proj_out")])


def original_tensors(tensors):
    """sd15's (name, shape) by component, as CompVis' checkpoints have them."""
    original = [("model.diffusion_model." + original_unet_name(name), shape) for name, shape in tensors["unet"]]
    for name, shape in tensors["vae"]:
        vae_name = original_vae_name(name)
        unit_kernel = "attn_1" in vae_name and len(shape) == 2          # its attention is made of 1x1 convolutions
        original.append(("first_stage_model." + vae_name, shape + (1, 1) if unit_kernel else shape))
    return original + [("cond_stage_model.transformer." + name, shape) for name, shape in tensors["text_encoder"]]


def write_json(path, value):
    path.write_text(json.dumps(value, indent=2) + "\n")


def config_of(name):
    return json.loads((CONFIGS / f"{name}.json").read_text())


def scheduler_of(kind, **values_):
    common = {"num_train_timesteps": 1000, "prediction_type": "epsilon"}
    return {"_class_name": kind, **common, **values_}


def preset(model):
    """The pipeline's class, the configs of its networks by component, and its scheduler."""
    latent = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1, timestep_spacing="leading")
    if model in ("cifar10", "lsun"):
        pixels = scheduler_of("DDPMScheduler", beta_start=1e-4, beta_end=0.02, beta_schedule="linear", clip_sample=True, variance_type="fixed_small")
        return "DDPMPipeline", {"unet": config_of("ddpm_cifar10_32" if model == "cifar10" else "ddpm_bedroom_256")}, pixels
    if model == "ldm4":
        # Published with attention in the middle of the autoencoder, and without a scale of the latents.
        vae = {**config_of("vq_f4_decode"), "mid_block_add_attention": True, "scaling_factor": 1.0}
        classes = {"_class_name": "ClassEmbedder", "n_classes": 1001, "embed_dim": 512, "uncond_class": 1000}
        latent.update(beta_start=0.0015, beta_end=0.0195)
        return "ClassConditionalLDMPipeline", {"unet": config_of("ldm4"), "vqvae": vae, "class_embedder": classes}, \
            scheduler_of("DDIMScheduler", clip_sample=False, set_alpha_to_one=False, **latent)
    if model == "dit":
        return "DiTPipeline", {"transformer": DIT_XL_2, "vae": config_of("sd_vae_decode")}, \
            scheduler_of("DDIMScheduler", beta_start=1e-4, beta_end=0.02, beta_schedule="linear", clip_sample=False)
    text = text_config(768, 12, "quick_gelu", "CLIPTextModel")
    if model == "sd15":
        return "StableDiffusionPipeline", {"unet": config_of("sd15"), "vae": config_of("sd_vae_decode"), "text_encoder": text}, \
            scheduler_of("PNDMScheduler", skip_prk_steps=True, set_alpha_to_one=False, **latent)
    second = text_config(1280, 32, "gelu", "CLIPTextModelWithProjection")
    return "StableDiffusionXLPipeline", {"unet": config_of("sdxl"), "vae": config_of("sdxl_vae_decode"), "text_encoder": text, "text_encoder_2": second}, \
        scheduler_of("EulerDiscreteScheduler", interpolation_type="linear", **latent)


def write_preset(model, out):
    """The files of a model that is known here, but for its weights."""
    kind, networks, scheduler = preset(model)
    index = {"_class_name": kind, "scheduler": ["diffusers", scheduler["_class_name"]]}
    for name, config in networks.items():
        (out / name).mkdir(parents=True, exist_ok=True)
        write_json(out / name / "config.json", config)
        of_transformers = "architectures" in config
        index[name] = ["transformers", config["architectures"][0]] if of_transformers else ["diffusers", config["_class_name"]]
        if of_transformers:
            tokenizer = name.replace("text_encoder", "tokenizer")
            shutil.copytree(TOKENIZERS / tokenizer, out / tokenizer, copy_function=shutil.copyfile)
            index[tokenizer] = ["transformers", "CLIPTokenizer"]
    (out / "scheduler").mkdir(exist_ok=True)
    write_json(out / "scheduler" / "scheduler_config.json", scheduler)
    write_json(out / "model_index.json", index)


def copy_configs(folder, out):
    """The files of the model in `folder`, but for its weights."""
    shutil.copytree(folder, out, copy_function=shutil.copyfile, dirs_exist_ok=True,
                    ignore=shutil.ignore_patterns("*.safetensors", "*.safetensors.index*.json", "*.bin", "*.ckpt", "*.msgpack", "*.onnx*"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("model", help=f"{', '.join(PRESETS)}, or a folder with a model's configs")
    parser.add_argument("out", type=Path)
    parser.add_argument("--dtype", choices=["float32", "float16"], default="float32")
    parser.add_argument("--shard-gb", type=float, default=0, help="largest size of a weight file (default: one file)")
    parser.add_argument("--single-file", action="store_true", help="sd15: one file with the original code's names")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--lister", nargs="+", default=[ROOT / "build/bench_network_tensors"], help="the command that lists networks' parameters")
    options = parser.parse_args()
    generator = np.random.default_rng(options.seed)
    if options.single_file:
        if options.model != "sd15" or options.out.suffix != ".safetensors" or options.shard_gb:
            parser.error("--single-file takes sd15, a name that ends in .safetensors, and no shards")
        configs = preset("sd15")[1]
        tensors = dict(zip(configs, tensors_of(configs.values(), options.lister)))
        write_weights(options.out.parent, options.out.stem, original_tensors(tensors), options, generator)
        return
    if options.out.exists() and any(options.out.iterdir()):
        parser.error(f"{options.out} is not empty")
    if options.model in PRESETS:
        write_preset(options.model, options.out)
    elif (Path(options.model) / "model_index.json").exists():
        copy_configs(options.model, options.out)
    else:
        parser.error(f"{options.model}: neither a model that is known here nor a folder with a model_index.json")
    folders = sorted(file.parent for file in options.out.glob("*/config.json"))
    configs = [json.loads((folder / "config.json").read_text()) for folder in folders]
    for folder, config, tensors in zip(folders, configs, tensors_of(configs, options.lister)):
        write_weights(folder, "model" if "architectures" in config else "diffusion_pytorch_model", tensors, options, generator)


if __name__ == "__main__":
    main()
