#!/usr/bin/env python3
"""Trains the autoencoder of fashion-scenes, for so many seconds."""
import argparse
import time

import numpy as np
import torch
from diffusers import AutoencoderKL

from scenes import scenes

BATCH = 24
RATE = 2e-3


def make_model():
    return AutoencoderKL(
        in_channels=3,
        out_channels=3,
        sample_size=64,
        latent_channels=4,
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        block_out_channels=(16, 32, 64),
        layers_per_block=1,
        norm_num_groups=8,
        mid_block_add_attention=True,
    )


def to_input(pictures):
    """uint8 [n, 3, 64, 64] -> [-1, 1]."""
    return pictures.float().div(127.5).sub(1)


def train(vae, pictures, seconds):
    optimizer = torch.optim.AdamW(vae.parameters(), RATE, weight_decay=0)
    start, step = time.time(), 0
    while (done := (time.time() - start) / seconds) < 1:
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(1, step / 100) * (0.5 * (1 + np.cos(np.pi * done)) + 0.01)
        batch = to_input(pictures[torch.randint(0, len(pictures), (BATCH,))])
        batch = batch.contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            posterior = vae.encode(batch).latent_dist
            decoded = vae.decode(posterior.sample()).sample
        l1 = (decoded.float() - batch).abs().mean()
        l2 = (decoded.float() - batch).pow(2).mean()
        kl = posterior.kl().mean() / posterior.mean[0].numel()
        (l1 + l2 + 1e-4 * kl).backward()
        torch.nn.utils.clip_grad_norm_(vae.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        if step % 100 == 0:
            passed = time.time() - start
            print(f"{step} {passed:.0f}s l1 {l1.item():.4f} mse {l2.item():.5f} kl {kl.item():.3f}", flush=True)
        step += 1


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=900, help="training time (the shipped model: 900)")
    parser.add_argument("--scenes", type=int, default=12000, help="number of training scenes (12000)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", required=True, help="folder of the autoencoder")
    args = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(args.threads)
    pictures, _ = scenes(args.scenes, 1)
    pictures = torch.from_numpy(pictures).permute(0, 3, 1, 2)
    vae = make_model()
    print(f"{sum(p.numel() for p in vae.parameters()) / 1e6} M parameters")
    vae = vae.to(memory_format=torch.channels_last)
    train(vae, pictures, args.seconds)
    vae.eval()
    with torch.no_grad():
        first = [pictures[j : j + 200] for j in range(0, min(2000, len(pictures)), 200)]
        latents = torch.cat([vae.encode(to_input(batch)).latent_dist.mean for batch in first])
    print(f"latents: standard deviation {latents.std().item()}, mean {latents.mean().item()}")
    vae.register_to_config(scaling_factor=float(1 / latents.std()))
    vae.to(memory_format=torch.contiguous_format).save_pretrained(args.out)


if __name__ == "__main__":
    main()
