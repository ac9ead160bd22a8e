#!/usr/bin/env python3
"""Reference trajectories of the fashion-scenes model, made with diffusers and transformers in float32.

Writes cases.json and one safetensors file a case; tests/fixtures/README.md says what every field means. The defaults make
what tests/fixtures/fashion_scenes holds; another seed, guidance, first sample or factor on the thresholds makes another
set of the same layout.
"""
import argparse
import json
import math
import os

import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerDiscreteScheduler,
    PNDMScheduler,
    UNet2DConditionModel,
)
from safetensors.torch import save_file
from transformers import CLIPTextModel, CLIPTokenizer

SAMPLES = 4  # of each case
# Scheduler, delta, cap of the adaptive cases.
ADAPTIVE = [
    ("ddim", 0.005, 4),
    ("ddim", 0.02, 4),
    ("ddim", 0.025, 2),
    ("dpmpp_2m", 0.01, 4),
    ("dpmpp_2m", 0.05, 6),
    ("euler", 0.01, 4),
    ("euler", 0.03, 8),
]


class AdaptivePolicy:
    """AdaptiveDiffusion as its code decides; x is one sample's latent."""

    def __init__(self, delta, cap):
        self.delta, self.cap = delta, cap
        self.x, self.differences, self.mask = None, [], []
        self.next, self.margin = True, math.inf

    def decide(self, call):
        return self.next

    def observe(self, call, x):
        if self.x is not None:
            self.differences.append((x - self.x).abs().mean().item())  # d_i, i >= 1
        self.x = x.clone()
        self.next = True
        if call < 3:
            return
        if len(self.mask) > 4 and not any(self.mask[-self.cap :]):
            self.next = True
        else:
            d0, d1, d2 = self.differences[-3:]
            criterion, limit = abs((d2 + d0) / 2 - d1), self.delta * d1
            self.margin = min(self.margin, abs(criterion - limit) / limit)
            self.next = criterion > limit
        self.mask.append(self.next)


class FullPolicy:
    margin = math.inf

    def decide(self, call):
        return True

    def observe(self, call, x):
        pass


class Reference:
    """The model, and the cases made with it so far."""

    def __init__(self, args):
        self.args = args
        self.tokenizer = CLIPTokenizer.from_pretrained(f"{args.model}/tokenizer")
        self.text_encoder = CLIPTextModel.from_pretrained(f"{args.model}/text_encoder", torch_dtype=torch.float32).eval()
        self.unet = UNet2DConditionModel.from_pretrained(f"{args.model}/unet", torch_dtype=torch.float32).eval()
        self.vae = AutoencoderKL.from_pretrained(f"{args.model}/vae", torch_dtype=torch.float32).eval()
        with open(args.captions) as file:
            self.captions = [annotation["caption"] for annotation in json.load(file)["annotations"]]
        self.sample_ids = [args.first + i for i in range(SAMPLES)]
        config = PNDMScheduler.from_pretrained(f"{args.model}/scheduler").config
        self.schedulers = {
            "ddim": lambda: DDIMScheduler.from_config(config, clip_sample=False),
            "euler": lambda: EulerDiscreteScheduler.from_config(config),
            "dpmpp_2m": lambda: DPMSolverMultistepScheduler.from_config(config),
            "pndm": lambda: PNDMScheduler.from_config(config),
        }
        self.cases, self.full_pictures = [], {}

    def noise(self, sample):
        """float32 [4, 16, 16]."""
        return torch.randn(4, 16, 16, generator=torch.Generator("cpu").manual_seed(self.args.seed + sample))

    def tokens(self, texts):
        length = self.tokenizer.model_max_length
        return self.tokenizer(texts, padding="max_length", max_length=length, truncation=True, return_tensors="pt").input_ids

    def decode(self, latent):
        """[1, 4, 16, 16] -> uint8 [64, 64, 3]."""
        decoded = self.vae.decode(latent / self.vae.config.scaling_factor).sample
        return ((decoded / 2 + 0.5).clamp(0, 1) * 255).round().byte()[0].permute(1, 2, 0)

    def trajectory(self, scheduler_name, steps, sample, policy):
        """Latents [calls + 1, 4, 16, 16], calls that predicted [calls], picture [64, 64, 3]."""
        scheduler = self.schedulers[scheduler_name]()
        scheduler.set_timesteps(steps)
        x = self.noise(sample)[None] * scheduler.init_noise_sigma
        context = self.text_encoder(self.tokens(["", self.captions[sample]]))[0]
        latents, predicted, cached = [x], [], None
        for call, t in enumerate(scheduler.timesteps):
            predicted.append(policy.decide(call))
            if predicted[-1]:
                cached = self.unet(scheduler.scale_model_input(torch.cat([x, x]), t), t, context).sample
            unconditional, conditional = cached.chunk(2)
            guided = unconditional + self.args.guidance * (conditional - unconditional)
            x = scheduler.step(guided, t, x).prev_sample
            policy.observe(call, x)
            latents.append(x)
        return torch.cat(latents), torch.tensor(predicted), self.decode(x)

    def add(self, name, scheduler, steps, make_policy, parameters):
        """One case: every sample with a policy of its own."""
        policies = [make_policy() for _ in self.sample_ids]
        runs = [self.trajectory(scheduler, steps, s, p) for s, p in zip(self.sample_ids, policies)]
        latents, predicted, pictures = (torch.stack(parts) for parts in zip(*runs))
        predicted = predicted.to(torch.uint8)
        last = latents.shape[1] - 1
        kept = torch.tensor([i for i in range(last + 1) if i < 4 or i % 10 == 0 or i == last])
        tensors = {"latents": latents[:, kept].contiguous(), "kept": kept, "predicted": predicted, "images": pictures}
        save_file(tensors, f"{self.args.out}/{name}.safetensors")
        case = dict(
            case=name,
            scheduler=scheduler,
            steps=steps,
            guidance=self.args.guidance,
            sample_ids=self.sample_ids,
            captions=[self.captions[i] for i in self.sample_ids],
            nfe=predicted.sum(1).tolist(),
            **parameters,
        )
        if parameters["method"] == "full_step" and steps == 50:
            self.full_pictures[scheduler] = pictures
        else:
            case["psnr_db_vs_full_50"] = psnr(pictures, self.full_pictures[scheduler])
        if parameters["method"] == "adaptive_diffusion":
            case["min_relative_margin"] = [policy.margin for policy in policies]
        self.cases.append(case)
        print(name, case["nfe"], case.get("psnr_db_vs_full_50", ""), case.get("min_relative_margin", ""), flush=True)

    def network_texts(self):
        return ["", *self.captions[:16]]

    def save_networks(self):
        """One call of each network."""
        ids = self.tokens(self.network_texts())
        text = self.text_encoder(ids, output_hidden_states=True)
        sample = torch.randn(2, 4, 16, 16, generator=torch.Generator().manual_seed(7))
        timestep, context = torch.tensor([981, 21]), text[0][1:3].clone()
        tensors = {
            "input_ids": ids,
            "last_hidden_state": text[0].contiguous(),
            "penultimate": text.hidden_states[-2].contiguous(),
            "pooled": text[1],
            "unet_sample": sample,
            "unet_timestep": timestep,
            "unet_context": context,
            "unet_output": self.unet(sample, timestep, context).sample.contiguous(),
            "vae_latent": sample.clone(),
            "vae_decoded": self.vae.decode(sample).sample.contiguous(),
        }
        save_file(tensors, f"{self.args.out}/networks.safetensors")

    def save_cases(self):
        listing = dict(
            seed=self.args.seed,
            noise="torch.randn(4, 16, 16, generator=torch.Generator('cpu').manual_seed(seed + sample_id))",
            network_captions=self.network_texts(),
            cases=self.cases,
        )
        with open(f"{self.args.out}/cases.json", "w") as file:
            json.dump(listing, file, indent=1)


def psnr(a, b):
    """In dB, per picture; uint8 [n, 64, 64, 3]."""
    error = ((a.double() - b.double()) ** 2).mean((1, 2, 3))
    return (10 * torch.log10(255**2 / error)).tolist()


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    data = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../datasets/fashion_scenes")
    parser.add_argument("--model", default=f"{data}/model", help="pipeline folder")
    parser.add_argument("--captions", default=f"{data}/captions.json")
    parser.add_argument("--seed", type=int, default=2024)
    parser.add_argument("--guidance", type=float, default=5.0)
    parser.add_argument("--first", type=int, default=0, help="first sample id")
    parser.add_argument("--delta-scale", type=float, default=1.0, help="factor on every threshold")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    os.makedirs(args.out, exist_ok=True)

    reference = Reference(args)
    for scheduler in reference.schedulers:
        reference.add(f"{scheduler}-full-50", scheduler, 50, FullPolicy, dict(method="full_step"))
    for scheduler in ("ddim", "dpmpp_2m", "euler"):
        reference.add(f"{scheduler}-full-25", scheduler, 25, FullPolicy, dict(method="fewer_steps"))
    for scheduler, delta, cap in ADAPTIVE:
        delta = round(delta * args.delta_scale, 6)
        parameters = dict(method="adaptive_diffusion", criterion="published", scope="sample", delta=delta, max_skips=cap)
        name = f"{scheduler}-adaptive-{delta}-{cap}"
        reference.add(name, scheduler, 50, lambda: AdaptivePolicy(delta, cap), parameters)
    reference.save_networks()
    reference.save_cases()


if __name__ == "__main__":
    main()
