#!/usr/bin/env python3
"""The video networks at their published size with random weights: one forward in diffusers and in skipbench, on the CPU.

    scripts/compare_full_size_video.py --models FOLDER [--only ms_1_7b,i2vgen_xl] [--frames 16] [--size 16] [--rounds 3] [--step]

Networks are made by diffusers from the configs under tests/fixtures/metrics/macs/configs (parameters that diffusers starts at
zero are made random, too) and stand in FOLDER in bfloat16, 3 GB each.

float32: the difference of the outputs; one side after the other (6 GB).
bfloat16: both sides stand in memory together (6 GB) and take turns; of each, the best time counts. The difference of the outputs,
and that of either side from diffusers in float32; seconds, and skipbench's over diffusers'.
Difference: root mean square of the difference over root mean square of the output that it is taken from.

--step: instead, one guided step of 16 frames at 256 x 256 (a batch of two) in skipbench alone, in bfloat16, for its memory.
Needs the release build with its benchmarks (scripts/build).
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
from compare_full_size import Skipbench, difference  # noqa: E402
from compare_with_diffusers import ROOT, add_version_option, describe_machine, enter_environment  # noqa: E402

CONFIGS = ROOT / "tests/fixtures/metrics/macs/configs"
TOKENS = 77


def make_network(torch, folder, name):
    """Writes the network where it is not there yet."""
    import diffusers

    if (folder / "config.json").exists():
        return
    config = json.loads((CONFIGS / f"{name}.json").read_text())
    torch.manual_seed(0)
    torch.set_default_dtype(torch.bfloat16)
    network = getattr(diffusers, config["_class_name"]).from_config(config)
    torch.set_default_dtype(torch.float32)
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.dim() > 1 and not parameter.any():
                parameter.normal_(std=0.2 / parameter[0].numel() ** 0.5)
    network.save_pretrained(folder)
    print(f"{folder}: {sum(p.numel() for p in network.parameters()) / 1e6:.2f} M parameters", flush=True)


def make_inputs(torch, config, batch, frames, size):
    generator = torch.Generator().manual_seed(2024)
    randn = lambda *shape: torch.randn(shape, generator=generator)  # noqa: E731
    width = config["cross_attention_dim"]
    inputs = {"sample": randn(batch, config["in_channels"], frames, size, size), "timestep": torch.tensor([500]),
              "encoder_hidden_states": randn(batch, TOKENS, width)}
    if config["_class_name"] == "I2VGenXLUNet":
        inputs["image_latents"] = randn(batch, config["in_channels"], frames, size, size)
        inputs["image_embeddings"] = randn(batch, width)
        inputs["fps"] = torch.full((batch,), 16.0)
    return inputs


class Diffusers:
    """A network in diffusers."""

    def __init__(self, torch, folder, dtype, inputs):
        import diffusers

        config = json.loads((folder / "config.json").read_text())
        self.torch = torch
        self.network = getattr(diffusers, config["_class_name"]).from_pretrained(folder, torch_dtype=dtype).eval()
        self.arguments = {name: tensor.to(dtype) for name, tensor in inputs.items() if name != "timestep"}
        self.arguments["timestep"] = inputs["timestep"][0]
        if "image_embeddings" in inputs:
            self.arguments["image_embeddings"] = self.arguments["image_embeddings"].unsqueeze(1)

    def forward(self):
        with self.torch.inference_mode():
            start = time.perf_counter()
            output = self.network(**self.arguments).sample
            seconds = time.perf_counter() - start
        self.output = output.float()
        return seconds


def in_float32(torch, args, folder, inputs, scratch):
    """diffusers' output; tells how far skipbench's is from it."""
    theirs = Diffusers(torch, folder, torch.float32, inputs)
    theirs.forward()
    exact = theirs.output
    del theirs
    gc.collect()
    ours = Skipbench(args.build, folder, "float32", inputs, scratch, args.threads)
    ours.forward()
    print(f"  float32: skipbench from diffusers {difference(ours.output(), exact):.2e}", flush=True)
    ours.close()
    return exact


def in_bfloat16(torch, args, folder, inputs, scratch, exact):
    theirs = Diffusers(torch, folder, torch.bfloat16, inputs)
    ours = Skipbench(args.build, folder, "bfloat16", inputs, scratch, args.threads)
    theirs.forward(), ours.forward()                                            # what is done once is done
    best = [float("inf"), float("inf")]
    for _ in range(args.rounds):
        best = [min(best[0], theirs.forward()), min(best[1], ours.forward())]
    output = ours.output()
    ours.close()
    print(f"  bfloat16: skipbench from diffusers {difference(output, theirs.output):.2e}; from float32: diffusers "
          f"{difference(theirs.output, exact):.2e}, skipbench {difference(output, exact):.2e}", flush=True)
    print(f"  bfloat16: diffusers {best[0]:.2f} s, skipbench {best[1]:.2f} s, ratio {best[1] / best[0]:.2f} (best of {args.rounds} turns, "
          f"{args.threads} threads, {ours.loaded['kernels']}); loading {ours.loaded['load_seconds']:.1f} s, its peak memory over the "
          f"weights {ours.loaded['load_peak_bytes'] / ours.loaded['weights_bytes']:.2f}", flush=True)


def guided_step(args, folder, inputs, scratch):
    ours = Skipbench(args.build, folder, "bfloat16", inputs, scratch, args.threads)
    seconds = ours.forward()
    output = ours.output()
    ours.close()
    print(f"  bfloat16, a guided step of 16 frames at 256 x 256: {seconds:.1f} s; weights {ours.loaded['weights_bytes'] / 2**30:.2f} GiB, the step's "
          f"own memory {ours.last['peak_bytes'] / 2**30:.2f} GiB, largest resident size {ours.last['resident_peak_bytes'] / 2**30:.2f} GiB; "
          f"all values finite: {'yes' if output.isfinite().all() else 'NO'}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=pathlib.Path, required=True, help="folder of the random networks")
    parser.add_argument("--only", default="ms_1_7b,i2vgen_xl")
    parser.add_argument("--frames", type=int, default=16)
    parser.add_argument("--size", type=int, default=16, help="height and width of the latents")
    parser.add_argument("--threads", type=int, default=min(2, os.cpu_count()))
    parser.add_argument("--rounds", type=int, default=3, help="turns of each side")
    parser.add_argument("--step", action="store_true", help="one guided step for its memory")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build")
    add_version_option(parser)
    args = parser.parse_args()
    args.build = args.build.resolve()
    enter_environment(args.diffusers)
    import torch

    torch.set_num_threads(args.threads)
    print(describe_machine(args.threads), flush=True)
    for name in args.only.split(","):
        if not (CONFIGS / f"{name}.json").exists():
            raise SystemExit(f"error: --only: {name}: expected ms_1_7b or i2vgen_xl")
        folder = args.models / name / "unet"
        make_network(torch, folder, name)
        gc.collect()
        config = json.loads((folder / "config.json").read_text())
        with tempfile.TemporaryDirectory() as scratch:
            if args.step:
                print(f"{name}:", flush=True)
                guided_step(args, folder, make_inputs(torch, config, 2, 16, 32), pathlib.Path(scratch))
                continue
            print(f"{name}: {args.frames} frames, latents {args.size} x {args.size}:", flush=True)
            inputs = make_inputs(torch, config, 1, args.frames, args.size)
            exact = in_float32(torch, args, folder, inputs, pathlib.Path(scratch))
            in_bfloat16(torch, args, folder, inputs, pathlib.Path(scratch), exact)


if __name__ == "__main__":
    main()
