#!/usr/bin/env python3
"""Trains fashion-flow: a small SD3 transformer with its two text encoders, by flow matching in the shipped autoencoder's latents.

There is no T5: its tokens are zeros, as StableDiffusion3Pipeline makes them without one. Started again with the same --out
the training goes on where the last checkpoint was.
"""
import argparse
import copy
import math
import os
import pathlib
import sys
import time

import numpy as np
import torch
from diffusers import AutoencoderKL, FlowMatchEulerDiscreteScheduler, SD3Transformer2DModel, StableDiffusion3Pipeline
from transformers import CLIPTextConfig, CLIPTextModelWithProjection, CLIPTokenizer

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "fashion_scenes"))
from scenes import scenes  # noqa: E402

BATCH = 32
RATE = 1e-3
EMA = 0.999
UNCONDITIONAL = 0.1  # share of captions replaced by the empty one, for guidance
# Zeros in T5's place: few, because they cost as much as other tokens, and in one step of sixteen as many as the pipeline
# makes when nobody asks for fewer.
T5_TOKENS, T5_TOKENS_DEFAULT, DEFAULT_EVERY = 4, 256, 16
WIDTHS = (96, 64)  # of the text encoders
SAVE_STEPS = 250
SHIPPED = HERE.parent.parent / "datasets/fashion_scenes/model"


def tokens(tokenizer, texts):
    length = tokenizer.model_max_length
    return tokenizer(texts, padding="max_length", max_length=length, truncation=True, return_tensors="pt").input_ids


@torch.no_grad()
def make_latents(vae, tokenizer, count):
    """Scaled latents [count, 4, 16, 16] and token ids of the training scenes."""
    pictures, captions = scenes(count, 2)
    latents = []
    for j in range(0, count, 100):
        batch = torch.from_numpy(pictures[j : j + 100]).permute(0, 3, 1, 2).float().div(127.5).sub(1)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            latents.append(vae.encode(batch).latent_dist.mean.float())
    return torch.cat(latents) * vae.config.scaling_factor, tokens(tokenizer, captions)


def make_text_encoder(tokenizer, width):
    return CLIPTextModelWithProjection(
        CLIPTextConfig(
            vocab_size=len(tokenizer),
            hidden_size=width,
            intermediate_size=2 * width,
            projection_dim=width,
            num_hidden_layers=3,  # the last but one hidden state is what the transformer is given
            num_attention_heads=4,
            max_position_embeddings=tokenizer.model_max_length,
            hidden_act="quick_gelu",
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )


def make_transformer():
    return SD3Transformer2DModel(
        sample_size=16,
        patch_size=2,
        in_channels=4,
        out_channels=4,
        num_layers=6,
        num_attention_heads=4,
        attention_head_dim=32,
        caption_projection_dim=128,
        joint_attention_dim=sum(WIDTHS),
        pooled_projection_dim=sum(WIDTHS),
        pos_embed_max_size=16,
        qk_norm="rms_norm",
    )


class Training:
    """Networks, their moving average, the optimizer, and how far they are."""

    def __init__(self, tokenizer, steps):
        names = [f"t{i}" for i in range(len(WIDTHS))]
        self.nets = torch.nn.ModuleDict({n: make_text_encoder(tokenizer, w) for n, w in zip(names, WIDTHS)})
        self.nets["x"] = make_transformer()
        self.average = copy.deepcopy(self.nets)
        self.optimizer = torch.optim.AdamW(self.nets.parameters(), RATE, betas=(0.9, 0.99), weight_decay=1e-3)
        self.step, self.steps = 0, steps

    def state(self):
        nets = dict(nets=self.nets.state_dict(), average=self.average.state_dict())
        return dict(nets, optimizer=self.optimizer.state_dict(), step=self.step)

    def load(self, state):
        for name in ("nets", "average", "optimizer"):
            getattr(self, name).load_state_dict(state[name])
        self.step = state["step"]

    def predict(self, noisy, sigma, ids, t5_tokens):
        """The velocity, from what StableDiffusion3Pipeline.encode_prompt makes of the token ids."""
        texts = [self.nets[f"t{i}"](ids, output_hidden_states=True) for i in range(len(WIDTHS))]
        clip = torch.cat([text.hidden_states[-2] for text in texts], -1)
        t5 = torch.zeros(len(ids), t5_tokens, clip.shape[-1], dtype=clip.dtype)
        pooled = torch.cat([text.text_embeds for text in texts], -1)
        return self.nets["x"](noisy, torch.cat([clip, t5], 1), pooled, 1000 * sigma).sample

    def advance(self, latents, ids):
        """One step; returns the loss."""
        rate = RATE * min(1, (self.step + 1) / 300) * (0.5 * (1 + math.cos(math.pi * self.step / self.steps)) + 0.005)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        noise = torch.randn_like(latents)
        sigma = torch.sigmoid(torch.randn(len(latents)))  # logit-normal (Esser et al. 2024, section 3.1)
        share = sigma.view(-1, 1, 1, 1)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            t5_tokens = T5_TOKENS if self.step % DEFAULT_EVERY else T5_TOKENS_DEFAULT
            velocity = self.predict((1 - share) * latents + share * noise, sigma, ids, t5_tokens)
        loss = (velocity.float() - (noise - latents)).pow(2).mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.nets.parameters(), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad()
        decay = min(EMA, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            torch._foreach_lerp_(list(self.average.parameters()), list(self.nets.parameters()), 1 - decay)
        self.step += 1
        return loss.item()


def train(training, latents, ids, empty, save):
    start, first, losses = time.time(), training.step, []
    while training.step < training.steps:
        generator = torch.manual_seed(training.step)  # a training that went on is the same as one that was not stopped
        chosen = torch.randint(0, len(latents), (BATCH,), generator=generator)
        caption = torch.where(torch.rand(BATCH, 1) < UNCONDITIONAL, empty, ids[chosen])
        losses.append(training.advance(latents[chosen], caption))
        if training.step % 50 == 0:
            seconds = (time.time() - start) / (training.step - first)
            print(f"{training.step} loss {np.mean(losses[-200:]):.4f}, {seconds:.2f} s a step", flush=True)
        if training.step % SAVE_STEPS == 0:
            save()
    save()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=9000, help="steps of 32 scenes in all (9000)")
    parser.add_argument("--scenes", type=int, default=30000, help="number of training scenes (30000)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--image-model", default=SHIPPED, help="folder of fashion-scenes: tokenizer and autoencoder")
    parser.add_argument("--out", required=True, help="folder of the pipeline (float32), the latents and the checkpoint")
    args = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(args.threads)
    out, source = pathlib.Path(args.out), pathlib.Path(args.image_model)
    out.mkdir(parents=True, exist_ok=True)
    tokenizer = CLIPTokenizer.from_pretrained(source / "tokenizer")
    vae = AutoencoderKL.from_pretrained(source / "vae", torch_dtype=torch.float32).eval()
    vae.register_to_config(shift_factor=0.0)  # which the pipeline adds
    if not (out / "latents.pt").exists():
        torch.save(make_latents(vae, tokenizer, args.scenes), out / "latents.pt")
    latents, ids = torch.load(out / "latents.pt")
    print(f"latents {tuple(latents.shape)}, mean {latents.mean()}, standard deviation {latents.std()}", flush=True)
    training = Training(tokenizer, args.steps)
    for name, net in training.nets.items():
        print(f"{name}: {sum(p.numel() for p in net.parameters()) / 1e6} M parameters", flush=True)
    if (out / "checkpoint.pt").exists():
        training.load(torch.load(out / "checkpoint.pt"))
        print(f"going on after step {training.step}", flush=True)

    def save():
        torch.save(training.state(), out / "checkpoint.tmp")
        os.replace(out / "checkpoint.tmp", out / "checkpoint.pt")
        StableDiffusion3Pipeline(
            vae=vae,
            text_encoder=training.average["t0"],
            tokenizer=tokenizer,
            text_encoder_2=training.average["t1"],
            tokenizer_2=tokenizer,
            text_encoder_3=None,
            tokenizer_3=None,
            transformer=training.average["x"],
            scheduler=FlowMatchEulerDiscreteScheduler(),
        ).save_pretrained(out / "trained")

    train(training, latents, ids, tokens(tokenizer, [""])[0], save)
    print(f"done after {training.step} steps")


if __name__ == "__main__":
    main()
