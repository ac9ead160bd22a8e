#!/usr/bin/env python3
"""Transformers at their published width with random weights: one forward in diffusers and in skipbench, on the CPU.

    scripts/compare_full_size_transformers.py --models FOLDER [--only dit:float32,wan:bfloat16] [--rounds 3] [--threads 2]

What is compared, the same weights and the same random inputs on both sides, each in float32 and bfloat16:
  dit       DiT-XL/2, 256 x 256             pixart    PixArt-alpha XL/2, 512 x 512, 120 tokens
  sd3       SD3-medium, 4 of its 24 blocks, 512 x 512, 333 tokens
  flux      FLUX.1-dev, two double and two single blocks, 512 x 512, 512 tokens
  wan       Wan2.1-T2V-1.3B, 17 frames of 256 x 256, 512 tokens

Networks are made by diffusers from configs (parameters that it starts at zero are made random, too) and stand in FOLDER in float32, up
to 6 GB each. Both sides stand in memory together and take turns; of each, the best time counts. Told for every network:
  load       skipbench: the largest growth of anonymous memory meanwhile over the weights in the run's type
  time       of a forward, and skipbench's over diffusers'
  difference of the outputs: root mean square of the difference over root mean square of diffusers' output
Needs the release build with its benchmarks (scripts/build), and memory for twice the weights.
"""
import argparse
import gc
import json
import os
import pathlib
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from compare_full_size import Fail, Skipbench, difference  # noqa: E402
from compare_with_diffusers import ROOT, add_version_option, describe_machine, enter_environment  # noqa: E402

DTYPES = ("float32", "bfloat16")
NETWORKS = {                                                                    # class, config, latent, tokens
    "dit": ("DiTTransformer2DModel", {"out_channels": 8, "sample_size": 32}, (4, 32, 32), 0),
    "pixart": ("PixArtTransformer2DModel", {"caption_channels": 4096, "cross_attention_dim": 1152, "sample_size": 64}, (4, 64, 64), 120),
    "sd3": ("SD3Transformer2DModel", {"num_layers": 4, "num_attention_heads": 24, "caption_projection_dim": 1536, "pos_embed_max_size": 192}, (16, 64, 64), 333),
    "flux": ("FluxTransformer2DModel", {"num_layers": 2, "num_single_layers": 2, "guidance_embeds": True}, (16, 64, 64), 512),
    "wan": ("WanTransformer3DModel", {"num_attention_heads": 12, "ffn_dim": 8960, "num_layers": 30}, (16, 5, 32, 32), 512),
}


def parse_tasks(text):
    tasks = []
    for part in text.split(","):
        name, _, dtype = part.partition(":")
        if name not in NETWORKS or dtype not in DTYPES:
            raise Fail(f"--only: {part}: expected NETWORK:DTYPE with one of {', '.join(NETWORKS)} and {' or '.join(DTYPES)}")
        tasks.append((name, dtype))
    return tasks


def make_network(torch, folder, name):
    """Writes the network where it is not there yet."""
    import diffusers

    if (folder / "config.json").exists():
        return
    torch.manual_seed(0)
    network = getattr(diffusers, NETWORKS[name][0])(**NETWORKS[name][1])
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.dim() > 1 and not parameter.any():
                parameter.normal_(std=0.2 / parameter[0].numel() ** 0.5)
    network.save_pretrained(folder)
    print(f"{folder}: {sum(p.numel() for p in network.parameters()) / 1e6:.2f} M parameters", flush=True)


def make_inputs(torch, name):
    """Random inputs in float32, by the names that skipbench knows them by."""
    cls, config, latent, tokens = NETWORKS[name]
    generator = torch.Generator().manual_seed(2024)
    randn = lambda *shape: torch.randn(shape, generator=generator)  # noqa: E731
    inputs = {"sample": randn(1, *latent), "timestep": torch.tensor([500.0])}
    if name == "dit":
        return {**inputs, "class_labels": torch.tensor([207])}
    inputs["encoder_hidden_states"] = randn(1, tokens, config.get("caption_channels", 4096))
    if name == "pixart":
        inputs["encoder_attention_mask"] = (torch.arange(tokens) < 40).long()[None]
    if name in ("sd3", "flux"):
        inputs["pooled_projections"] = randn(1, 2048 if name == "sd3" else 768)
    if name == "flux":
        inputs["guidance"] = torch.tensor([3.5])
    return inputs


def pack(x):
    b, c, h, w = x.shape
    return x.view(b, c, h // 2, 2, w // 2, 2).permute(0, 2, 4, 1, 3, 5).reshape(b, h // 2 * (w // 2), 4 * c)


def unpack(x, h, w):
    return x.view(x.shape[0], h // 2, w // 2, -1, 2, 2).permute(0, 3, 1, 4, 2, 5).reshape(x.shape[0], -1, h, w)


class Diffusers:
    """A network in diffusers."""

    def __init__(self, torch, folder, name, dtype, inputs):
        import diffusers

        self.torch, self.name, self.dtype = torch, name, getattr(torch, dtype)
        self.network = getattr(diffusers, NETWORKS[name][0]).from_pretrained(folder, torch_dtype=self.dtype).eval()
        floats = ("sample", "encoder_hidden_states", "pooled_projections")
        arguments = {k: v.to(self.dtype) if k in floats else v for k, v in inputs.items()}
        arguments["hidden_states"] = arguments.pop("sample")
        if name == "pixart":
            arguments["added_cond_kwargs"] = {"resolution": None, "aspect_ratio": None}
        if name == "flux":
            self.size = inputs["sample"].shape[2:]
            h, w = (n // 2 for n in self.size)
            ids = torch.zeros(h, w, 3)
            ids[..., 1] += torch.arange(h)[:, None]
            ids[..., 2] += torch.arange(w)[None]
            tokens = inputs["encoder_hidden_states"].shape[1]
            arguments.update(hidden_states=pack(arguments["hidden_states"]), timestep=inputs["timestep"] / 1000,
                             img_ids=ids.reshape(-1, 3), txt_ids=torch.zeros(tokens, 3))
        self.arguments = arguments

    def forward(self):
        with self.torch.inference_mode():
            start = time.perf_counter()
            output = self.network(**self.arguments, return_dict=False)[0]
            seconds = time.perf_counter() - start
        self.output = (unpack(output, *self.size) if self.name == "flux" else output).float()
        return seconds


def compare(torch, args, name, dtype):
    folder = args.models / name
    make_network(torch, folder, name)
    inputs = make_inputs(torch, name)
    theirs = Diffusers(torch, folder, name, dtype, inputs)
    with tempfile.TemporaryDirectory() as scratch:
        ours = Skipbench(args.build, folder, dtype, inputs, pathlib.Path(scratch), args.threads)
        theirs.forward(), ours.forward()                                        # what is done once is done
        best = [float("inf"), float("inf")]
        for _ in range(args.rounds):
            best = [min(best[0], theirs.forward()), min(best[1], ours.forward())]
        output = ours.output()
        ours.close()
    return {"network": name, "dtype": dtype, "diffusers_s": best[0], "skipbench_s": best[1], "ratio": best[1] / best[0],
            "difference": difference(output, theirs.output), "weights_gb": ours.loaded["weights_bytes"] / 1e9,
            "load_peak_over_weights": ours.loaded["load_peak_bytes"] / ours.loaded["weights_bytes"], "kernels": ours.loaded["kernels"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=pathlib.Path, required=True, help="folder of the random networks")
    parser.add_argument("--only", default=",".join(f"{n}:{d}" for n in NETWORKS for d in DTYPES), help="NETWORK:DTYPE,... (default: all)")
    parser.add_argument("--threads", type=int, default=min(2, os.cpu_count()))
    parser.add_argument("--rounds", type=int, default=3, help="turns of each side")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build")
    parser.add_argument("--json", type=pathlib.Path, help="writes the figures there, too")
    add_version_option(parser)
    args = parser.parse_args()
    args.build = args.build.resolve()
    tasks = parse_tasks(args.only)
    enter_environment(args.diffusers)
    import torch

    torch.set_num_threads(args.threads)
    print(describe_machine(args.threads), flush=True)
    print(f"{args.threads} threads, best of {args.rounds} turns; load: peak of anonymous memory / weights")
    print("| network | type | load | diffusers | skipbench | ratio | difference |\n|---|---|---:|---:|---:|---:|---:|")
    rows = []
    for name, dtype in tasks:
        row = compare(torch, args, name, dtype)
        rows.append(row)
        gc.collect()
        print(f"| {name} | {dtype} | {row['load_peak_over_weights']:.2f} | {row['diffusers_s']:.3f} s | {row['skipbench_s']:.3f} s "
              f"| **{row['ratio']:.2f}** | {row['difference']:.1e} |", flush=True)
        if args.json:
            args.json.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
