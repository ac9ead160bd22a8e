#!/usr/bin/env python3
"""Trains fashion-motion: the shipped image model with temporal layers, on latents of moving items, for so many CPU seconds.

The spatial layers start from the image UNet, the temporal ones as the identity. Started again with the same --out it goes
on where the last checkpoint was.
"""
import argparse
import copy
import math
import os
import pathlib
import time

import numpy as np
import torch
from diffusers import AutoencoderKL, DDIMScheduler, TextToVideoSDPipeline, UNet2DConditionModel, UNet3DConditionModel
from transformers import CLIPTextModel, CLIPTokenizer

from motion import FRAMES, REVERSED, caption, clips

BATCH = 4  # clips: two, each forwards and backwards
RATE = 1.5e-3
EMA = 0.995
PURE, PURE_FROM = 0.5, 850  # share of clips that start from pure noise, and the first of their noise levels
UNCONDITIONAL = 0.1  # share of captions replaced by the empty one, for guidance
SAVE_SECONDS = 300
HEAD_DIM = 16  # of every attention; the image model has 4 heads at every level: the same at 64 channels, 6 instead at 96
NOISE = dict(
    num_train_timesteps=1000,
    beta_start=0.00085,
    beta_end=0.012,
    beta_schedule="scaled_linear",
    steps_offset=1,
    set_alpha_to_one=False,
)
SHIPPED = pathlib.Path(__file__).resolve().parent.parent.parent / "datasets/fashion_scenes/model"


def tokens(tokenizer, texts):
    length = tokenizer.model_max_length
    return tokenizer(texts, padding="max_length", max_length=length, truncation=True, return_tensors="pt").input_ids


@torch.no_grad()
def make_latents(vae, count):
    """Scaled latents [count, 4, FRAMES, 16, 16], and what each clip shows."""
    frames, names = clips(count, 12)
    latents = []
    for part in frames:
        pictures = torch.from_numpy(part).permute(0, 3, 1, 2).float().div(127.5).sub(1)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            latents.append(vae.encode(pictures).latent_dist.mean.float().permute(1, 0, 2, 3))
    return torch.stack(latents) * vae.config.scaling_factor, names


def inflate(image_unet):
    """The image UNet with temporal layers that do nothing yet."""
    config = image_unet.config
    unet = UNet3DConditionModel(
        sample_size=config.sample_size,
        in_channels=config.in_channels,
        out_channels=config.out_channels,
        layers_per_block=config.layers_per_block,
        block_out_channels=config.block_out_channels,
        down_block_types=[name.replace("2D", "3D") for name in config.down_block_types],
        up_block_types=[name.replace("2D", "3D") for name in config.up_block_types],
        cross_attention_dim=config.cross_attention_dim,
        attention_head_dim=HEAD_DIM,
        norm_num_groups=config.norm_num_groups,
    )
    weights = unet.state_dict()
    for name, tensor in image_unet.state_dict().items():
        weights[name].copy_(tensor.reshape(weights[name].shape))  # proj_in and proj_out: 1x1 convolutions become linear
    unet.load_state_dict(weights)
    for name, module in unet.named_modules():
        if name == "transformer_in" or ".temp_attentions." in name and name.split(".")[-2] == "temp_attentions":
            torch.nn.init.zeros_(module.proj_out.weight)
            torch.nn.init.zeros_(module.proj_out.bias)
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0  # the training is short; nothing is learned by heart
    unet.set_default_attn_processor()  # products and softmax: backwards faster than the fused one on so short sequences
    return unet


class Training:
    """Networks, their moving average, the optimizer, and how far they are."""

    def __init__(self, unet, text_encoder):
        self.nets = torch.nn.ModuleDict(dict(u=unet, t=text_encoder))
        self.average = copy.deepcopy(self.nets)
        new = [p for name, p in self.nets.named_parameters() if "temp_" in name or "transformer_in" in name]
        known = {id(p) for p in new}
        old = [p for p in self.nets.parameters() if id(p) not in known]
        groups = [dict(params=new, share=1.0), dict(params=old, share=0.5)]
        self.optimizer = torch.optim.AdamW(groups, RATE, betas=(0.9, 0.99), weight_decay=1e-3)
        self.steps, self.seconds = 0, 0.0

    def state(self):
        return dict(
            nets=self.nets.state_dict(),
            average=self.average.state_dict(),
            optimizer=self.optimizer.state_dict(),
            steps=self.steps,
            seconds=self.seconds,
        )

    def load(self, state):
        self.nets.load_state_dict(state["nets"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.steps, self.seconds = state["steps"], state["seconds"]

    def step(self, latents, ids, done):
        """One step on `latents` [n, 4, F, 16, 16] with token ids; `done` in [0, 1] sets the rate. Returns the loss."""
        for group in self.optimizer.param_groups:
            group["lr"] = RATE * group["share"] * min(1, self.steps / 40) * (0.5 * (1 + math.cos(math.pi * done)) + 0.005)
        noisy, noise, t = add_noise(latents)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            predicted = self.nets.u(noisy, t, self.nets.t(ids)[0]).sample
        # The error of the noise over alpha_bar is that of the velocity (Salimans and Ho 2022). Unweighted, what is decided
        # at high noise, the way that an item takes, has hardly a share in the loss.
        errors = (predicted.float() - noise).pow(2).mean((1, 2, 3, 4))
        loss = (errors / SCHEDULER.alphas_cumprod[t]).mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.nets.parameters(), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad()
        decay = min(EMA, (1 + self.steps) / (10 + self.steps))
        with torch.no_grad():
            torch._foreach_lerp_(list(self.average.parameters()), list(self.nets.parameters()), 1 - decay)
        self.steps += 1
        return loss.item()


SCHEDULER = DDIMScheduler(clip_sample=False, **NOISE)


def add_noise(latents):
    """Noisy latents, the noise to be predicted, and the noise level of each clip; the same noise in both halves of the batch.

    The schedule ends with alpha_bar 0.005. Over a whole clip that is signal enough to see where the item goes, so a network
    trained on it need not listen to the caption; where sampling begins there is no signal at all (Lin et al. 2023, "Common
    diffusion noise schedules and sample steps are flawed"). So a share of the clips starts as sampling does: from noise that
    has nothing of the clip, which the caption alone tells the network to make.
    """
    count = len(latents) // 2
    drawn = torch.randn_like(latents[:count]).repeat(2, 1, 1, 1, 1)
    pure = (torch.rand(count) < PURE).repeat(2)
    ordinary, late = 1000 * torch.rand(count).sqrt(), PURE_FROM + (1000 - PURE_FROM) * torch.rand(count)
    t = torch.where(pure, late.repeat(2), ordinary.repeat(2)).long()
    signal = SCHEDULER.alphas_cumprod[t].sqrt().view(-1, 1, 1, 1, 1)
    noisy = torch.where(pure.view(-1, 1, 1, 1, 1), drawn, SCHEDULER.add_noise(latents, drawn, t))
    return noisy, (noisy - signal * latents) / (1 - signal**2).sqrt(), t


def draw(latents, ids, reversed_ids, empty):
    """A random batch, latents and token ids: each clip as it is and played backwards.

    Both get the same noise (add_noise): what then differs between the two is the word for the direction and what it does,
    which a network is slow to find out from clips that differ in everything.
    """
    chosen = torch.randint(0, len(latents), (BATCH // 2,))
    x = torch.cat([latents[chosen], latents[chosen].flip(2)])
    text = torch.cat([ids[chosen], reversed_ids[chosen]])
    return x, torch.where((torch.rand(BATCH // 2) < UNCONDITIONAL).repeat(2).view(-1, 1), empty, text)


def train(training, latents, ids, reversed_ids, empty, seconds, save):
    """Trains until `seconds` of CPU time are over in all; `save` is called every SAVE_SECONDS.

    CPU time, because the rate falls with it: a training that is paused or shares its core goes on where it was.
    """
    last, saved, losses = time.process_time(), time.time(), []
    while training.seconds < seconds:
        x, text = draw(latents, ids, reversed_ids, empty)
        losses.append(training.step(x, text, training.seconds / seconds))
        training.seconds += time.process_time() - last
        last = time.process_time()
        if training.steps % 10 == 0:
            print(f"{training.steps} {training.seconds:.0f}s loss {np.mean(losses[-100:]):.4f}", flush=True)
        if time.time() - saved > SAVE_SECONDS:
            save()
            saved = time.time()
    save()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5400, help="CPU time of the training in all")
    parser.add_argument("--clips", type=int, default=3000, help="number of training clips (3000)")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--image-model", default=SHIPPED, help="folder of fashion-scenes")
    parser.add_argument("--out", required=True, help="folder of the pipeline (float32), the latents and the checkpoint")
    args = parser.parse_args()
    torch.manual_seed(int(time.time()))
    torch.set_num_threads(args.threads)
    out = pathlib.Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    source = pathlib.Path(args.image_model)
    tokenizer = CLIPTokenizer.from_pretrained(source / "tokenizer")
    vae = AutoencoderKL.from_pretrained(source / "vae", torch_dtype=torch.float32).eval()
    text_encoder = CLIPTextModel.from_pretrained(source / "text_encoder", torch_dtype=torch.float32)
    unet = inflate(UNet2DConditionModel.from_pretrained(source / "unet", torch_dtype=torch.float32))
    if not (out / "latents.pt").exists():
        torch.save(make_latents(vae, args.clips), out / "latents.pt")
    latents, names = torch.load(out / "latents.pt")
    print(f"latents {tuple(latents.shape)}, standard deviation {latents.std()}", flush=True)
    print(f"UNet: {sum(p.numel() for p in unet.parameters()) / 1e6} M parameters", flush=True)
    training = Training(unet.train(), text_encoder.train())
    if (out / "checkpoint.pt").exists():
        training.load(torch.load(out / "checkpoint.pt"))
        print(f"going on after step {training.steps}, {training.seconds:.0f} s", flush=True)

    def save():
        torch.save(training.state(), out / "checkpoint.tmp")
        os.replace(out / "checkpoint.tmp", out / "checkpoint.pt")
        TextToVideoSDPipeline(
            vae=vae,
            text_encoder=training.average.t,
            tokenizer=tokenizer,
            unet=training.average.u,
            scheduler=SCHEDULER,
        ).save_pretrained(out / "trained")

    ids = tokens(tokenizer, [caption(*name) for name in names])
    reversed_ids = tokens(tokenizer, [caption(a, b, REVERSED[c]) for a, b, c in names])
    train(training, latents, ids, reversed_ids, tokens(tokenizer, [""])[0], args.seconds, save)
    print(f"done after {training.steps} steps of {BATCH} clips with {FRAMES} frames")


if __name__ == "__main__":
    main()
