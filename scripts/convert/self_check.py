#!/usr/bin/env python3
"""Checks the conversions: small random networks of the original code (originals.py) are saved as people's checkpoints are,
converted by the scripts, loaded with diffusers and transformers, and must compute the same.

    python3 -m venv DIR && DIR/bin/pip install -r scripts/requirements/resaved.txt
    DIR/bin/python scripts/convert/self_check.py

The environment that scripts/setup makes has LibTorch, but none of PyTorch's Python packages, so it cannot run this.
"""
import collections
import json
import os
import sys
import tempfile

try:
    import numpy as np
    import torch
    import transformers
    from diffusers import AutoencoderKL, UNet2DConditionModel, UNet2DModel, VQModel
except ImportError as error:
    sys.exit(f"self_check.py needs PyTorch, diffusers and transformers, and {sys.executable} cannot import {error.name}; this line makes one that can:\n"
             "  python3 -m venv DIR && DIR/bin/pip install -r scripts/requirements/resaved.txt && DIR/bin/python scripts/convert/self_check.py")

import common
import ddpm
import ldm
import metric_weights
import originals
import stable_diffusion

FAILED = []


def compare(what, a, b, tolerance=2e-5):
    difference = ((a - b).abs().max() / b.abs().max()).item() if a.shape == b.shape else float("inf")
    print(f"  {what}: {difference:.1e}")
    if not difference <= tolerance:
        FAILED.append(what)


def expect_exit(what, call, text):
    try:
        call()
    except SystemExit as error:
        if text in str(error.code):
            return print(f"  {what}: refused")
        print(f"  {what}: refused with another message: {error.code}")
    FAILED.append(what)


def write(path, tensors):
    """Tensors of PyTorch as a safetensors file."""
    common.write_tensors(path, {name: value.detach().contiguous().numpy() for name, value in tensors.items()})


def read(path):
    """A checkpoint's tensors for PyTorch."""
    return {name: torch.from_numpy(np.array(value)) for name, value in common.read_checkpoint(path).items()}


def random_model(model):
    """No tensor keeps a trivial value (norms would hide a swapped scale)."""
    for parameter in model.parameters():
        parameter.data.add_(0.1 * torch.randn_like(parameter))
    return model.eval()


def under(prefix, model):
    return {prefix + name: value for name, value in model.state_dict().items()}


def check_unet(folder, original, context, added=None):
    model = UNet2DConditionModel.from_pretrained(os.path.join(folder, "unet"))
    x, t = torch.randn(2, model.config.in_channels, 16, 16), torch.tensor([3, 801])
    conditioning = {}
    if added is not None:
        time_ids = torch.randint(0, 1024, (2, 6))
        sinusoids = originals.sinusoids(time_ids.flatten(), model.config.addition_time_embed_dim, True).reshape(2, -1)
        conditioning = {"added_cond_kwargs": {"text_embeds": added, "time_ids": time_ids}}
        added = torch.cat([added, sinusoids], dim=1)
    compare("unet", model(x, t, encoder_hidden_states=context, **conditioning).sample, original(x, t, context, added))


def check_vae(folder, original):
    model = AutoencoderKL.from_pretrained(os.path.join(folder, "vae"))
    image, latent = torch.randn(1, 3, 32, 32), torch.randn(1, 4, 8, 8)
    compare("vae encoder", model.encode(image).latent_dist.parameters, original.encode(image))
    compare("vae decoder", model.decode(latent).sample, original.decode(latent))


def clip(width, heads, activation):
    return random_model(transformers.CLIPTextModel(transformers.CLIPTextConfig(
        vocab_size=100, hidden_size=width, intermediate_size=2 * width, num_hidden_layers=2, num_attention_heads=heads, hidden_act=activation)))


def load_clip(folder, kind):
    return kind.from_pretrained(folder)


def tokenizer_folder(folder):
    os.makedirs(folder, exist_ok=True)
    for name in ("vocab.json", "merges.txt"):
        open(os.path.join(folder, name), "w").write("{}")
    return folder


def run(script, *arguments):
    script.convert(script.parser().parse_args([str(one) for one in arguments]))


def check_sd1(folder, tokenizer):
    print("Stable Diffusion 1.x, safetensors, its U-Net compiled")
    unet = random_model(originals.UNetModel(4, 32, [1, 2, 2], 2, {0, 1}, 32, 8, False, [1, 1, 1]))
    vae = random_model(originals.Autoencoder(32, [1, 2, 2], 2, 4))
    text = clip(32, 4, "quick_gelu")
    path = os.path.join(folder, "sd1.safetensors")
    state = under("cond_stage_model.transformer.", text)
    state["cond_stage_model.transformer.text_model.embeddings.position_ids"] = torch.arange(77)[None]
    write(path, {**under("model.diffusion_model._orig_mod.", unet), **under("first_stage_model.", vae), **state,
                 "alphas_cumprod": torch.ones(1000)})
    out = os.path.join(folder, "sd1")
    run(stable_diffusion, path, out, "--tokenizer", tokenizer, "--text-heads", 4)
    check_unet(out, unet, torch.randn(2, 7, 32))
    check_vae(out, vae)
    ids = torch.randint(0, 99, (2, 77))
    compare("text encoder", load_clip(os.path.join(out, "text_encoder"), transformers.CLIPTextModel)(ids).last_hidden_state, text(ids).last_hidden_state)


def check_sd2(folder, tokenizer):
    print("Stable Diffusion 2.x, Lightning checkpoint")
    unet = random_model(originals.UNetModel(4, 64, [1, 2], 2, {0, 1}, 64, None, True, [1, 1]))
    vae = random_model(originals.Autoencoder(32, [1, 2], 1, 4))
    text = random_model(originals.OpenClipText(100, 64, 2, 3, 48))
    path = os.path.join(folder, "sd2.ckpt")
    torch.save({"state_dict": {**under("model.diffusion_model.", unet), **under("first_stage_model.", vae),
                               **under("cond_stage_model.model.", text)}, "callbacks": Callback(), "global_step": 5}, path)
    out = os.path.join(folder, "sd2")
    run(stable_diffusion, path, out, "--tokenizer", tokenizer, "--text-heads", 2, "--prediction-type", "v_prediction")
    check_unet(out, unet, torch.randn(2, 7, 64))
    check_vae(out, vae)
    ids = torch.randint(0, 99, (2, 77))
    hidden, _ = text(ids, skipped=1)
    compare("text encoder", load_clip(os.path.join(out, "text_encoder"), transformers.CLIPTextModel)(ids).last_hidden_state, text.ln_final(hidden))
    assert json.load(open(os.path.join(out, "scheduler/scheduler_config.json")))["prediction_type"] == "v_prediction"


def check_sdxl(folder, tokenizer):
    print("Stable Diffusion XL")
    text, second = clip(32, 4, "quick_gelu"), random_model(originals.OpenClipText(100, 64, 2, 3, 48))
    unet = random_model(originals.UNetModel(4, 64, [1, 2, 2], 2, {1, 2}, 96, None, True, [1, 1, 2], added=48 + 6 * 32))
    vae = random_model(originals.Autoencoder(32, [1, 2], 1, 4))
    path = os.path.join(folder, "xl.safetensors")
    write(path, {**under("model.diffusion_model.", unet), **under("first_stage_model.", vae),
                                **under("conditioner.embedders.0.transformer.", text), **under("conditioner.embedders.1.model.", second)})
    out = os.path.join(folder, "xl")
    run(stable_diffusion, path, out, "--tokenizer", tokenizer, "--text-heads", 2)
    check_unet(out, unet, torch.randn(2, 7, 96), torch.randn(2, 48))
    check_vae(out, vae)
    ids = torch.randint(0, 99, (2, 77))
    loaded = load_clip(os.path.join(out, "text_encoder_2"), transformers.CLIPTextModelWithProjection)(ids, output_hidden_states=True)
    hidden, pooled = second(ids, skipped=1)
    compare("text encoder 2, hidden", loaded.hidden_states[-2], hidden)
    compare("text encoder 2, pooled", loaded.text_embeds, pooled)


def check_ldm(folder):
    print("LDM-4, with averaged weights")
    last, averaged = (random_model(originals.UNetModel(3, 32, [1, 2, 3], 2, {1, 2}, 24, 1, False, [1, 1, 1])) for _ in range(2))
    vq = random_model(originals.Autoencoder(32, [1, 2, 2], 2, 3, codes=40))
    state = {**under("model.diffusion_model.", last), **under("first_stage_model.", vq),
             "cond_stage_model.embedding.weight": torch.randn(11, 24), "model_ema.decay": torch.tensor(0.99)}
    state.update({"model_ema." + ("diffusion_model." + name).replace(".", ""): value for name, value in averaged.state_dict().items()})
    state["first_stage_model.loss.discriminator.main.0.weight"] = torch.randn(2, 2)
    path = os.path.join(folder, "ldm.ckpt")
    torch.save({"state_dict": state}, path)
    for option, unet in ((["--no-ema"], last), ([], averaged)):
        out = os.path.join(folder, "ldm" + "".join(option))
        run(ldm, path, out, *option)
        check_unet(out, unet, torch.randn(2, 1, 24))
    model = VQModel.from_pretrained(os.path.join(out, "vqvae"))
    image, latent = torch.randn(1, 3, 32, 32), torch.randn(1, 3, 8, 8)
    compare("vq encoder", model.encode(image).latents, vq.encode(image))
    compare("vq decoder", model.decode(latent, force_not_quantize=True).sample, vq.decode(latent))
    codes = read(os.path.join(out, "vqvae", "diffusion_pytorch_model.safetensors"))["quantize.embedding.weight"]
    compare("codes", codes, vq.quantize.embedding.weight)
    rows = read(os.path.join(out, "class_embedder", "diffusion_pytorch_model.safetensors"))["embedding.weight"]
    compare("class embedder", rows, state["cond_stage_model.embedding.weight"], 0)


def check_ddpm(folder):
    print("DDPM")
    for name, mult, attention, wrap in (("cifar", [1, 2, 2, 2], {1}, lambda s: s),
                                        ("lsun", [1, 1, 2, 2, 3, 3], {4}, lambda s: [{}, {}, 1, 2, {"module." + k: v for k, v in s.items()}])):
        model = random_model(originals.Model(3, 32, mult, 2, attention))
        path = os.path.join(folder, name + ".ckpt")
        torch.save(wrap(model.state_dict()), path)
        out = os.path.join(folder, name)
        run(ddpm, path, out)
        x, t = torch.randn(2, 3, 32, 32), torch.tensor([7, 950])
        compare(name, UNet2DModel.from_pretrained(os.path.join(out, "unet"))(x, t).sample, model(x, t))


class Callback:
    """Lightning checkpoints carry objects of classes that are not to be imported."""

    def __init__(self):
        self.best = [collections.Counter("abc"), {"monitor": "val/loss"}]


class Hostile:
    def __reduce__(self):
        return os.system, ("touch " + Hostile.marker,)


def check_pickles(folder):
    print("Pickles")
    Hostile.marker = os.path.join(folder, "executed")
    path = os.path.join(folder, "hostile.ckpt")
    torch.save({"state_dict": {"features.0.weight": torch.ones(64), "features.10.weight": torch.ones(3)}, "x": Hostile()}, path)
    out = os.path.join(folder, "features.safetensors")
    run(metric_weights, path, out)
    print("  executed:", os.path.exists(Hostile.marker))
    if os.path.exists(Hostile.marker):
        FAILED.append("a pickle's code was executed")
    legacy = os.path.join(folder, "legacy.pth")
    torch.save({"lin0.model.1.weight": torch.ones(2), "lin4.model.1.weight": torch.ones(1), "other": torch.ones(1)}, legacy,
               _use_new_zipfile_serialization=False)
    run(metric_weights, legacy, out)
    assert sorted(common.read_checkpoint(out)) == ["lin0.model.1.weight", "lin4.model.1.weight"]
    expect_exit("a DDPM script given features", lambda: run(ddpm, legacy, folder), "temb.dense.0")
    expect_exit("an LDM script given features", lambda: run(ldm, legacy, folder), "model.diffusion_model.")
    expect_exit("an SD script given features", lambda: run(stable_diffusion, legacy, folder, "--tokenizer", folder), "no text encoder")
    torch.save([1, 2], os.path.join(folder, "list.pt"))
    expect_exit("a list", lambda: run(metric_weights, os.path.join(folder, "list.pt"), out), "holds no tensors")
    expect_exit("nothing", lambda: run(metric_weights, os.path.join(folder, "none.pt"), out), "no such file")


def main():
    torch.manual_seed(0)
    torch.set_grad_enabled(False)
    with tempfile.TemporaryDirectory() as folder:
        tokenizer = tokenizer_folder(os.path.join(folder, "tokenizer"))
        check_sd1(folder, tokenizer)
        check_sd2(folder, tokenizer)
        check_sdxl(folder, tokenizer)
        check_ldm(folder)
        check_ddpm(folder)
        check_pickles(folder)
    sys.exit(f"FAILED: {', '.join(FAILED)}" if FAILED else print("all conversions are exact"))


if __name__ == "__main__":
    main()
