#!/usr/bin/env python3
"""Writes a full-size model with random weights in diffusers' layout: for trying loading, memory and speed without the
published weights.

    scripts/make_random_model.py MODEL OUT [--dtype float16] [--shard-gb 2] [--seed 0]
    scripts/make_random_model.py sd15 OUT.safetensors --single-file --dtype float16

MODEL: sd15, sdxl, ldm4, cifar10 or lsun. --single-file: one file with the original Stable Diffusion's names instead of a
folder (sd15 only; tokenizers lie in folders). Configs of the denoising networks and autoencoders are those under
tests/fixtures/metrics/macs/configs. The weights are scaled so that activations stay finite; pictures are noise.
The tokenizer is the one of the tests' small models: its vocabulary is small, its ids are valid for the real one.
Needs numpy and safetensors.
"""
import argparse
import json
import math
import re
import shutil
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

FIXTURES = Path(__file__).resolve().parent.parent / "tests" / "fixtures"
CONFIGS = FIXTURES / "metrics" / "macs" / "configs"
TOKENIZERS = FIXTURES / "diffusion" / "models" / "sdxl-tiny"


def norm(name, size):
    return [(f"{name}.weight", (size,)), (f"{name}.bias", (size,))]


def linear(name, fan_in, out, bias=True):
    return [(f"{name}.weight", (out, fan_in))] + ([(f"{name}.bias", (out,))] if bias else [])


def conv(name, fan_in, out, kernel=3):
    return [(f"{name}.weight", (out, fan_in, kernel, kernel)), (f"{name}.bias", (out,))]


def resnet(name, fan_in, out, time=0):
    tensors = norm(f"{name}.norm1", fan_in) + conv(f"{name}.conv1", fan_in, out)
    if time:
        tensors += linear(f"{name}.time_emb_proj", time, out)
    tensors += norm(f"{name}.norm2", out) + conv(f"{name}.conv2", out, out)
    return tensors + (conv(f"{name}.conv_shortcut", fan_in, out, 1) if fan_in != out else [])


def attention(name, size):
    tensors = norm(f"{name}.group_norm", size)
    for part in ("to_q", "to_k", "to_v", "to_out.0"):
        tensors += linear(f"{name}.{part}", size, size)
    return tensors


def transformer(name, size, context, depth, matrices):
    project = linear if matrices else lambda *a: conv(*a, 1)
    tensors = norm(f"{name}.norm", size) + project(f"{name}.proj_in", size, size)
    for i in range(depth):
        block = f"{name}.transformer_blocks.{i}"
        for j, source in ((1, size), (2, context)):
            tensors += norm(f"{block}.norm{j}", size) + linear(f"{block}.attn{j}.to_q", size, size, False)
            tensors += linear(f"{block}.attn{j}.to_k", source, size, False) + linear(f"{block}.attn{j}.to_v", source, size, False)
            tensors += linear(f"{block}.attn{j}.to_out.0", size, size)
        tensors += norm(f"{block}.norm3", size)
        tensors += linear(f"{block}.ff.net.0.proj", size, 8 * size) + linear(f"{block}.ff.net.2", 4 * size, size)
    return tensors + project(f"{name}.proj_out", size, size)


def unet(config):
    """UNet2DConditionModel, or UNet2DModel, whose attention has no context."""
    channels, layers = config["block_out_channels"], config["layers_per_block"]
    levels, time = len(channels), 4 * channels[0]
    conditional = config["_class_name"] == "UNet2DConditionModel"
    depths = config.get("transformer_layers_per_block", 1)
    depths = depths if isinstance(depths, list) else [depths] * levels

    def attend(name, level):
        if not conditional:
            return attention(name, channels[level])
        return transformer(name, channels[level], config["cross_attention_dim"], depths[level], config.get("use_linear_projection", False))

    tensors = conv("conv_in", config["in_channels"], channels[0])
    tensors += linear("time_embedding.linear_1", channels[0], time) + linear("time_embedding.linear_2", time, time)
    if config.get("addition_embed_type") == "text_time":
        tensors += linear("add_embedding.linear_1", config["projection_class_embeddings_input_dim"], time)
        tensors += linear("add_embedding.linear_2", time, time)
    skips, size = [channels[0]], channels[0]
    for level, kind in enumerate(config["down_block_types"]):
        for i in range(layers):
            tensors += resnet(f"down_blocks.{level}.resnets.{i}", size, channels[level], time)
            size = channels[level]
            if "Attn" in kind:
                tensors += attend(f"down_blocks.{level}.attentions.{i}", level)
            skips.append(size)
        if level + 1 < levels:
            tensors += conv(f"down_blocks.{level}.downsamplers.0.conv", size, size)
            skips.append(size)
    tensors += resnet("mid_block.resnets.0", size, size, time) + attend("mid_block.attentions.0", levels - 1)
    tensors += resnet("mid_block.resnets.1", size, size, time)
    for block, kind in enumerate(config["up_block_types"]):
        level = levels - 1 - block
        for i in range(layers + 1):
            tensors += resnet(f"up_blocks.{block}.resnets.{i}", size + skips.pop(), channels[level], time)
            size = channels[level]
            if "Attn" in kind:
                tensors += attend(f"up_blocks.{block}.attentions.{i}", level)
        if level > 0:
            tensors += conv(f"up_blocks.{block}.upsamplers.0.conv", size, size)
    return tensors + norm("conv_norm_out", size) + conv("conv_out", size, config["out_channels"])


def autoencoder(config):
    """AutoencoderKL or VQModel."""
    channels, layers, latent = config["block_out_channels"], config["layers_per_block"], config["latent_channels"]
    quantised = config["_class_name"] == "VQModel"

    def middle(half, size):
        tensors = resnet(f"{half}.mid_block.resnets.0", size, size) + resnet(f"{half}.mid_block.resnets.1", size, size)
        return tensors + (attention(f"{half}.mid_block.attentions.0", size) if config.get("mid_block_add_attention", True) else [])

    tensors, size = conv("encoder.conv_in", config["in_channels"], channels[0]), channels[0]
    for level, out in enumerate(channels):
        for i in range(layers):
            tensors += resnet(f"encoder.down_blocks.{level}.resnets.{i}", size, out)
            size = out
        if level + 1 < len(channels):
            tensors += conv(f"encoder.down_blocks.{level}.downsamplers.0.conv", size, size)
    moments = latent if quantised else 2 * latent
    tensors += middle("encoder", size) + norm("encoder.conv_norm_out", size) + conv("encoder.conv_out", size, moments)
    tensors += conv("decoder.conv_in", latent, size) + middle("decoder", size)
    for block, out in enumerate(reversed(channels)):
        for i in range(layers + 1):
            tensors += resnet(f"decoder.up_blocks.{block}.resnets.{i}", size, out)
            size = out
        if block + 1 < len(channels):
            tensors += conv(f"decoder.up_blocks.{block}.upsamplers.0.conv", size, size)
    tensors += norm("decoder.conv_norm_out", size) + conv("decoder.conv_out", size, config["out_channels"])
    code = config.get("vq_embed_dim") or latent
    if quantised:
        tensors.append(("quantize.embedding.weight", (config["num_vq_embeddings"], code)))
        return tensors + conv("quant_conv", latent, code, 1) + conv("post_quant_conv", code, latent, 1)
    return tensors + conv("quant_conv", moments, moments, 1) + conv("post_quant_conv", latent, latent, 1)


def clip_text(config):
    size = config["hidden_size"]
    tensors = [("text_model.embeddings.token_embedding.weight", (config["vocab_size"], size)),
               ("text_model.embeddings.position_embedding.weight", (config["max_position_embeddings"], size))]
    for i in range(config["num_hidden_layers"]):
        layer = f"text_model.encoder.layers.{i}"
        for part in ("q_proj", "k_proj", "v_proj", "out_proj"):
            tensors += linear(f"{layer}.self_attn.{part}", size, size)
        tensors += norm(f"{layer}.layer_norm1", size) + norm(f"{layer}.layer_norm2", size)
        tensors += linear(f"{layer}.mlp.fc1", size, config["intermediate_size"]) + linear(f"{layer}.mlp.fc2", config["intermediate_size"], size)
    tensors += norm("text_model.final_layer_norm", size)
    if config["architectures"] == ["CLIPTextModelWithProjection"]:
        tensors += linear("text_projection", size, config["projection_dim"], False)
    return tensors


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


def original_tensors(parts):
    """sd15's (name, shape) as CompVis' checkpoints have them."""
    tensors = [("model.diffusion_model." + original_unet_name(name), shape) for name, shape in parts["unet"][1]]
    for name, shape in parts["vae"][1]:
        original = original_vae_name(name)
        unit_kernel = "attn_1" in original and len(shape) == 2          # its attention is made of 1x1 convolutions
        tensors.append(("first_stage_model." + original, shape + (1, 1) if unit_kernel else shape))
    return tensors + [("cond_stage_model.transformer." + name, shape) for name, shape in parts["text_encoder"][1]]


def write_json(path, value):
    path.write_text(json.dumps(value, indent=2) + "\n")


def config_of(name):
    return json.loads((CONFIGS / f"{name}.json").read_text())


def scheduler_of(kind, **values_):
    common = {"num_train_timesteps": 1000, "prediction_type": "epsilon"}
    return {"_class_name": kind, **common, **values_}


def components(model):
    """The pipeline's class, its networks (config, tensors, file stem) by component, and its scheduler."""
    stem = "diffusion_pytorch_model"
    latent = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1, timestep_spacing="leading")
    pixels = scheduler_of("DDPMScheduler", beta_start=1e-4, beta_end=0.02, beta_schedule="linear", clip_sample=True, variance_type="fixed_small")
    if model in ("cifar10", "lsun"):
        config = config_of("ddpm_cifar10_32" if model == "cifar10" else "ddpm_bedroom_256")
        return "DDPMPipeline", {"unet": (config, unet(config), stem)}, pixels
    if model == "ldm4":
        net, vae = config_of("ldm4"), config_of("vq_f4_decode")
        # Published with attention in the middle, and without a scale of the latents.
        vae.update(mid_block_add_attention=True, scaling_factor=1.0)
        classes = {"_class_name": "ClassEmbedder", "n_classes": 1001, "embed_dim": 512, "uncond_class": 1000}
        table = [("embedding.weight", (1001, 512))]
        latent.update(beta_start=0.0015, beta_end=0.0195)
        return "ClassConditionalLDMPipeline", {"unet": (net, unet(net), stem), "vqvae": (vae, autoencoder(vae), stem),
                                               "class_embedder": (classes, table, stem)}, \
            scheduler_of("DDIMScheduler", clip_sample=False, set_alpha_to_one=False, **latent)
    xl = model == "sdxl"
    net, vae = config_of("sdxl" if xl else "sd15"), config_of("sdxl_vae_decode" if xl else "sd_vae_decode")
    text = text_config(768, 12, "quick_gelu", "CLIPTextModel")
    parts = {"unet": (net, unet(net), stem), "vae": (vae, autoencoder(vae), stem), "text_encoder": (text, clip_text(text), "model")}
    if not xl:
        return "StableDiffusionPipeline", parts, scheduler_of("PNDMScheduler", skip_prk_steps=True, set_alpha_to_one=False, **latent)
    second = text_config(1280, 32, "gelu", "CLIPTextModelWithProjection")
    parts["text_encoder_2"] = (second, clip_text(second), "model")
    return "StableDiffusionXLPipeline", parts, scheduler_of("EulerDiscreteScheduler", interpolation_type="linear", **latent)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("model", choices=["sd15", "sdxl", "ldm4", "cifar10", "lsun"])
    parser.add_argument("out", type=Path)
    parser.add_argument("--dtype", choices=["float32", "float16"], default="float32")
    parser.add_argument("--shard-gb", type=float, default=0, help="largest size of a weight file (default: one file)")
    parser.add_argument("--single-file", action="store_true", help="sd15: one file with the original code's names")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.single_file:
        if options.model != "sd15" or options.out.suffix != ".safetensors" or options.shard_gb:
            parser.error("--single-file takes sd15, a name that ends in .safetensors, and no shards")
        write_weights(options.out.parent, options.out.stem, original_tensors(components("sd15")[1]), options, np.random.default_rng(options.seed))
        return
    if options.out.exists() and any(options.out.iterdir()):
        parser.error(f"{options.out} is not empty")
    kind, parts, scheduler = components(options.model)
    generator = np.random.default_rng(options.seed)
    index = {"_class_name": kind, "scheduler": ["diffusers", scheduler["_class_name"]]}
    for name, (config, tensors, stem) in parts.items():
        folder = options.out / name
        folder.mkdir(parents=True, exist_ok=True)
        library = "transformers" if stem == "model" else "diffusers"
        index[name] = [library, config["architectures"][0] if stem == "model" else config["_class_name"]]
        write_json(folder / "config.json", config)
        write_weights(folder, stem, tensors, options, generator)
        if stem == "model":
            tokenizer = name.replace("text_encoder", "tokenizer")
            shutil.copytree(TOKENIZERS / tokenizer, options.out / tokenizer, copy_function=shutil.copyfile)
            index[tokenizer] = ["transformers", "CLIPTokenizer"]
    (options.out / "scheduler").mkdir(exist_ok=True)
    write_json(options.out / "scheduler" / "scheduler_config.json", scheduler)
    write_json(options.out / "model_index.json", index)


if __name__ == "__main__":
    main()
