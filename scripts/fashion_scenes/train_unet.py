#!/usr/bin/env python3
"""Trains the text encoder and the UNet of fashion-scenes together, on the autoencoder's latents, for so many seconds."""
import argparse
import copy
import os
import time

import numpy as np
import torch
from diffusers import AutoencoderKL, DDIMScheduler, PNDMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from scenes import scenes

BATCH = 32
RATE = 1e-3
EMA = 0.999
UNCONDITIONAL = 0.1  # share of captions replaced by the empty one, for guidance
NOISE = dict(
    num_train_timesteps=1000,
    beta_start=0.00085,
    beta_end=0.012,
    beta_schedule="scaled_linear",
    steps_offset=1,
    set_alpha_to_one=False,
)


def tokens(tokenizer, texts):
    return tokenizer(texts, padding="max_length", max_length=32, truncation=True, return_tensors="pt").input_ids


def make_latents(vae, tokenizer, count):
    """Scaled latents [count, 4, 16, 16] and token ids [count, 32] of the training scenes."""
    pictures, captions = scenes(count, 2)
    latents = []
    with torch.no_grad():
        for j in range(0, count, 100):
            batch = torch.from_numpy(pictures[j : j + 100]).permute(0, 3, 1, 2).float().div(127.5).sub(1)
            with torch.autocast("cpu", dtype=torch.bfloat16):
                posterior = vae.encode(batch).latent_dist
            latents.append(posterior.mean.float())
    return torch.cat(latents) * vae.config.scaling_factor, tokens(tokenizer, captions)


def make_text_encoder(tokenizer):
    config = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=96,
        intermediate_size=192,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=32,
        hidden_act="quick_gelu",
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return CLIPTextModel(config)


def make_unet():
    return UNet2DConditionModel(
        sample_size=16,
        in_channels=4,
        out_channels=4,
        layers_per_block=1,
        block_out_channels=(32, 64, 96),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=96,
        attention_head_dim=4,
        norm_num_groups=16,
    )


def train(nets, latents, ids, empty, seconds, save):
    """Trains `nets`; returns their moving average, which `save` gets every 1000 steps."""
    average = copy.deepcopy(nets)
    optimizer = torch.optim.AdamW(nets.parameters(), RATE, betas=(0.9, 0.99), weight_decay=1e-3)
    scheduler = DDIMScheduler(clip_sample=False, **NOISE)
    start, step, losses = time.time(), 0, []
    while (done := (time.time() - start) / seconds) < 1:
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(1, step / 200) * (0.5 * (1 + np.cos(np.pi * done)) + 0.005)
        chosen = torch.randint(0, len(latents), (BATCH,))
        x, caption = latents[chosen], ids[chosen].clone()
        caption[torch.rand(BATCH) < UNCONDITIONAL] = empty
        noise, t = torch.randn_like(x), torch.randint(0, 1000, (BATCH,))
        predicted = nets.u(scheduler.add_noise(x, noise, t), t, nets.t(caption)[0]).sample
        loss = (predicted.float() - noise).pow(2).mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(nets.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        decay = min(EMA, (1 + step) / (10 + step))
        with torch.no_grad():
            torch._foreach_lerp_(list(average.parameters()), list(nets.parameters()), 1 - decay)
        losses.append(loss.item())
        step += 1
        if step % 200 == 0:
            print(f"{step} {time.time() - start:.0f}s loss {np.mean(losses[-200:]):.4f}", flush=True)
        if step % 1000 == 0:
            save(average)
    print(f"done after {step} steps")
    return average


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5000, help="training time (the shipped model: 5000)")
    parser.add_argument("--scenes", type=int, default=30000, help="number of training scenes (30000)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--tokenizer", required=True, help="folder made by make_tokenizer.py")
    parser.add_argument("--vae", required=True, help="folder made by train_vae.py")
    parser.add_argument("--latents", help="file that keeps the encoded scenes for the next training")
    parser.add_argument("--out", required=True, help="folder of the pipeline, float32")
    args = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(args.threads)
    tokenizer = CLIPTokenizer.from_pretrained(args.tokenizer)
    vae = AutoencoderKL.from_pretrained(args.vae).eval()
    if args.latents and os.path.exists(args.latents):
        latents, ids = torch.load(args.latents)
    else:
        latents, ids = make_latents(vae, tokenizer, args.scenes)
        if args.latents:
            torch.save((latents, ids), args.latents)
    print(f"latents {tuple(latents.shape)}, standard deviation {latents.std()}", flush=True)

    nets = torch.nn.ModuleDict(dict(u=make_unet(), t=make_text_encoder(tokenizer)))
    for name, net in (("UNet", nets.u), ("text encoder", nets.t)):
        print(f"{name}: {sum(p.numel() for p in net.parameters()) / 1e6} M parameters", flush=True)

    def save(average):
        StableDiffusionPipeline(
            vae=vae,
            text_encoder=average.t,
            tokenizer=tokenizer,
            unet=average.u,
            scheduler=PNDMScheduler(skip_prk_steps=True, **NOISE),
            safety_checker=None,
            feature_extractor=None,
            requires_safety_checker=False,
        ).save_pretrained(args.out)

    save(train(nets, latents, ids, tokens(tokenizer, [""])[0], args.seconds, save))


if __name__ == "__main__":
    main()
