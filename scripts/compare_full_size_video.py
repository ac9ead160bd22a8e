#!/usr/bin/env python3
"""The video networks at their published size with random weights: one forward in diffusers and in skipbench, on the CPU.

    scripts/compare_full_size_video.py --models FOLDER [--only ms_1_7b,i2vgen_xl] [--frames 4] [--size 16] [--step]

Networks are made by diffusers from the configs under tests/fixtures/metrics/macs/configs (parameters that diffusers starts at
zero are made random, too) and stand in FOLDER in bfloat16, 3 GB each. Told for every network: the root mean square difference
of the outputs over that of diffusers' output, in bfloat16, and of either side from diffusers in float32; seconds; memory.
--step: instead of a comparison one guided step of 16 frames at 256 x 256 (a batch of two) in skipbench alone, for its memory.
The sides run one after the other; the largest needs about 8 GB (float32). Needs the release build with its benchmarks.
"""
import argparse
import gc
import json
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from compare_with_diffusers import ROOT, enter_environment  # noqa: E402

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


def in_diffusers(torch, folder, dtype, inputs):
    """Output and seconds of the second of two forwards."""
    import diffusers

    config = json.loads((folder / "config.json").read_text())
    network = getattr(diffusers, config["_class_name"]).from_pretrained(folder, torch_dtype=dtype).eval()
    arguments = {name: tensor.to(dtype) for name, tensor in inputs.items() if name != "timestep"}
    if "image_embeddings" in arguments:
        arguments["image_embeddings"] = arguments["image_embeddings"].unsqueeze(1)
    with torch.inference_mode():
        for _ in range(2):
            start = time.perf_counter()
            output = network(timestep=inputs["timestep"][0], **arguments).sample
            seconds = time.perf_counter() - start
    del network
    gc.collect()
    return output.float(), seconds


def in_skipbench(build, folder, inputs, forwards):
    """Output, the last answer of benchmarks/full_size_forward.cpp, and the largest resident size of its process in bytes."""
    from safetensors.torch import load_file, save_file

    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        save_file(inputs, scratch / "inputs.safetensors")
        done = subprocess.run([build / "bench_full_size_forward", folder, "bfloat16", scratch / "inputs.safetensors", scratch / "output.safetensors"],
                              input="forward\n" * forwards, text=True, capture_output=True)
        if done.returncode != 0:
            raise SystemExit(f"error: bench_full_size_forward: {done.stderr}")
        output = load_file(scratch / "output.safetensors")["sample"]
    peak = 1024 * resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return output, json.loads(done.stdout.splitlines()[-1]), peak


def difference(a, b):
    return ((a - b).square().mean().sqrt() / b.square().mean().sqrt()).item()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=pathlib.Path, required=True, help="folder of the random networks")
    parser.add_argument("--only", default="ms_1_7b,i2vgen_xl")
    parser.add_argument("--frames", type=int, default=4)
    parser.add_argument("--size", type=int, default=16, help="height and width of the latents")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--step", action="store_true")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build")
    args = parser.parse_args()
    enter_environment()
    import torch

    torch.set_num_threads(args.threads)
    for name in args.only.split(","):
        folder = args.models / name / "unet"
        make_network(torch, folder, name)
        gc.collect()
        config = json.loads((folder / "config.json").read_text())
        if args.step:
            output, last, peak = in_skipbench(args.build.resolve(), folder, make_inputs(torch, config, 2, 16, 32), 1)
            print(f"{name}: a guided step of 16 frames at 256 x 256: {last['seconds']:.1f} s, largest resident size {peak / 2**30:.2f} GiB, "
                  f"finite: {bool(output.isfinite().all())}", flush=True)
            continue
        inputs = make_inputs(torch, config, 1, args.frames, args.size)
        exact, _ = in_diffusers(torch, folder, torch.float32, inputs)
        theirs, seconds = in_diffusers(torch, folder, torch.bfloat16, inputs)
        ours, last, peak = in_skipbench(args.build.resolve(), folder, inputs, 2)
        print(f"{name}: {args.frames} frames, latents {args.size} x {args.size}, bfloat16: skipbench from diffusers {difference(ours, theirs):.2e}; "
              f"from float32: diffusers {difference(theirs, exact):.2e}, skipbench {difference(ours, exact):.2e}; "
              f"seconds: diffusers {seconds:.2f}, skipbench {last['seconds']:.2f}; largest resident size of skipbench {peak / 2**30:.2f} GiB", flush=True)


if __name__ == "__main__":
    main()
