#!/usr/bin/env python3
"""Full-size denoising networks with random weights: loading, and one forward, in diffusers and in skipbench, on the CPU.

    scripts/compare_full_size.py --models FOLDER [--only sd15:bfloat16,sdxl:bfloat16] [--rounds 3] [--threads 2]
    scripts/compare_with_diffusers.py --setup       makes .env-diffusers (5 GB), which is used from then on

What is compared, batch 1, the same weights and the same random inputs on both sides:
  cifar10, lsun, ldm4, sd15 (512 x 512)   in float32 and bfloat16
  sdxl (1024 x 1024)                      in bfloat16

FOLDER/<model>/unet is a network written by scripts/make_random_model.py; what is missing is made first (SDXL in float16,
the others in float32; 13 GB in all).

Both sides stand in memory together and take turns; of each, the best time counts. Told for every network:
  load       skipbench: seconds, and the largest growth of anonymous memory meanwhile over the weights in the run's type
  time       of a forward, and skipbench's over diffusers'
  peak       share of the machine's best matrix product of the same type in the same run (torch.mm, several sizes) that the
             forward's multiply-accumulates (convention `matmuls`) amount to
  difference of the outputs: root mean square of the difference over root mean square of diffusers' output; in bfloat16
             also of either side from diffusers' float32 output where that was run, too
Needs the release build with its benchmarks (scripts/build), and memory for twice the weights (SDXL: 11 GB).
"""
import argparse
import gc
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from compare_with_diffusers import ROOT, add_version_option, describe_machine, enter_environment  # noqa: E402

MODELS = {"cifar10": 32, "lsun": 256, "ldm4": 64, "sd15": 64, "sdxl": 128}      # height and width of the network's input
SEED = 2024


class Fail(SystemExit):
    def __init__(self, text):
        super().__init__(f"error: {text}")


def parse_tasks(text):
    tasks = []
    for part in text.split(","):
        model, _, dtype = part.partition(":")
        if model not in MODELS or dtype not in ("float32", "bfloat16"):
            raise Fail(f"--only: {part}: expected MODEL:DTYPE with one of {', '.join(MODELS)} and float32 or bfloat16")
        tasks.append((model, dtype))
    return tasks


def make_model(build, folder, model):
    if list((folder / "unet").glob("*.safetensors")):                          # configs come first, weights last
        return
    sizes = ["--dtype", "float16", "--shard-gb", "2"] if model == "sdxl" else ["--shard-gb", "1"]
    subprocess.run([sys.executable, ROOT / "scripts/make_random_model.py", model, folder, *sizes, "--lister",
                    build / "bench_network_tensors"], check=True)


def make_inputs(torch, config, size):
    """Random inputs in float32, by the names that both sides know them by."""
    generator = torch.Generator().manual_seed(SEED)
    randn = lambda *shape: torch.randn(shape, generator=generator)  # noqa: E731
    inputs = {"sample": randn(1, config.in_channels, size, size), "timestep": torch.tensor([500])}
    if config.get("cross_attention_dim"):
        tokens = 1 if config.cross_attention_dim == 512 else 77                 # a class, or a caption
        inputs["encoder_hidden_states"] = randn(1, tokens, config.cross_attention_dim)
    if config.get("addition_embed_type") == "text_time":
        inputs["text_embeds"] = randn(1, config.projection_class_embeddings_input_dim - 6 * config.addition_time_embed_dim)
        inputs["time_ids"] = torch.tensor([[8.0 * size, 8.0 * size, 0, 0, 8.0 * size, 8.0 * size]])
    return inputs


class Diffusers:
    """A network in diffusers."""

    def __init__(self, torch, folder, dtype, channels_last):
        import diffusers

        config = json.loads((folder / "config.json").read_text())
        self.torch = torch
        self.dtype = getattr(torch, dtype)
        self.unet = getattr(diffusers, config["_class_name"]).from_pretrained(folder, torch_dtype=self.dtype)
        self.unet.eval()
        if channels_last:
            self.unet.to(memory_format=torch.channels_last)

    def set_inputs(self, inputs):
        cast = {k: v.to(self.dtype) if k in ("sample", "encoder_hidden_states", "text_embeds") else v for k, v in inputs.items()}
        added = {k: cast[k] for k in ("text_embeds", "time_ids") if k in cast}
        self.arguments = {"sample": cast["sample"], "timestep": cast["timestep"][0]}
        if "encoder_hidden_states" in cast:
            self.arguments["encoder_hidden_states"] = cast["encoder_hidden_states"]
        if added:
            self.arguments["added_cond_kwargs"] = added

    def forward(self):
        with self.torch.inference_mode():
            start = time.perf_counter()
            output = self.unet(**self.arguments).sample
            seconds = time.perf_counter() - start
        self.output = output.float()
        return seconds


class Skipbench:
    """A network in a process of its own (benchmarks/full_size_forward.cpp)."""

    def __init__(self, build, folder, dtype, inputs, scratch, threads):
        from safetensors.torch import save_file

        program = build / "bench_full_size_forward"
        if not program.exists():
            raise Fail(f"{program} is missing; run scripts/build")
        self.output_file = scratch / "output.safetensors"
        save_file(inputs, scratch / "inputs.safetensors")
        self.process = subprocess.Popen([program, folder, dtype, scratch / "inputs.safetensors", self.output_file], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        env=dict(os.environ, OMP_NUM_THREADS=str(threads)))
        self.loaded = self.answer()

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise Fail(f"bench_full_size_forward ended with code {self.process.wait()}")
        return json.loads(line)

    def forward(self):
        self.process.stdin.write("forward\n")
        self.process.stdin.flush()
        self.last = self.answer()
        return self.last["seconds"]

    def output(self):
        from safetensors.torch import load_file

        return load_file(self.output_file)["sample"]

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def matmul_peak(torch, dtype):
    """Multiply-accumulates per second of the best of a few large products."""
    best = 0
    for m, k, n in ((1024, 1024, 1024), (2048, 2048, 2048), (4096, 1280, 1280), (4096, 1280, 5120)):
        a, b = torch.randn(m, k).to(dtype), torch.randn(n, k).to(dtype).t()
        for _ in range(5):
            start = time.perf_counter()
            torch.mm(a, b)
            best = max(best, m * k * n / (time.perf_counter() - start))
    return best


def count_macs(build, folder):
    done = subprocess.run([build / "skipbench", "macs", folder], capture_output=True, text=True)
    found = re.search(r"\*\*total\*\* \| \*\*[\d.]+\*\* \| \*\*([\d.]+)\*\*", done.stdout)
    if not found:
        raise Fail(f"skipbench macs {folder}:\n{done.stdout}{done.stderr}")
    return float(found[1]) * 1e9


def difference(a, b):
    return ((a - b).square().mean().sqrt() / b.square().mean().sqrt()).item()


def compare(torch, args, model, dtype, exact):
    """One line of the table; `exact` collects diffusers' float32 outputs by model."""
    folder = args.models / model
    make_model(args.build, folder, model)
    theirs = Diffusers(torch, folder / "unet", dtype, args.channels_last)
    inputs = make_inputs(torch, theirs.unet.config, MODELS[model])
    theirs.set_inputs(inputs)
    with tempfile.TemporaryDirectory() as scratch:
        ours = Skipbench(args.build, folder / "unet", dtype, inputs, pathlib.Path(scratch), args.threads)
        theirs.forward(), ours.forward()                                        # what is done once is done
        best = [float("inf"), float("inf")]
        for _ in range(args.rounds):
            for _ in range(1 if best[0] > 0.3 else 10):
                best[0] = min(best[0], theirs.forward())
            for _ in range(1 if best[1] > 0.3 else 10):
                best[1] = min(best[1], ours.forward())
        output = ours.output()
        ours.close()
    peak = matmul_peak(torch, theirs.dtype)
    macs = count_macs(args.build, folder)
    row = {"model": model, "dtype": dtype, "diffusers_s": best[0], "skipbench_s": best[1], "ratio": best[1] / best[0],
           "diffusers_share": macs / best[0] / peak, "skipbench_share": macs / best[1] / peak, "peak_gmacs": peak / 1e9,
           "difference": difference(output, theirs.output), "load_s": ours.loaded["load_seconds"],
           "load_peak_over_weights": ours.loaded["load_peak_bytes"] / ours.loaded["weights_bytes"],
           "weights_gb": ours.loaded["weights_bytes"] / 1e9, "forward_growth_gb": ours.last["peak_bytes"] / 1e9,
           "kernels": ours.loaded["kernels"]}
    if dtype == "float32":
        exact[model] = theirs.output
    elif model in exact:
        row["from_float32"] = [difference(theirs.output, exact[model]), difference(output, exact[model])]
    return row


def show(row):
    text = (f"| {row['model']} | {row['dtype']} | {row['load_s']:.1f} s, {row['load_peak_over_weights']:.2f} | {row['diffusers_s']:.3f} s "
            f"| {row['skipbench_s']:.3f} s | **{row['ratio']:.2f}** | {row['diffusers_share']:.0%} | {row['skipbench_share']:.0%} "
            f"| {row['difference']:.1e} |")
    if "from_float32" in row:
        text += " {:.1e}, {:.1e} |".format(*row["from_float32"])
    else:
        text += " |"
    print(text, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=pathlib.Path, required=True, help="folder of the random models")
    everything = ",".join(f"{m}:{d}" for m in MODELS for d in ("float32", "bfloat16") if (m, d) != ("sdxl", "float32"))
    parser.add_argument("--only", default=everything, help="MODEL:DTYPE,... (default: all)")
    parser.add_argument("--threads", type=int, default=min(2, os.cpu_count()))
    parser.add_argument("--rounds", type=int, default=3, help="turns of each side")
    parser.add_argument("--channels-last", action="store_true", help="diffusers' network in channels_last memory format")
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
    rows, exact = [], {}
    print(f"{args.threads} threads, best of {args.rounds} turns; load: seconds, peak of anonymous memory / weights; shares of the best torch.mm")
    print("| network | type | load | diffusers | skipbench | ratio | diffusers' share | skipbench's share | difference | of each from float32 |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for model, dtype in tasks:
        rows.append(compare(torch, args, model, dtype, exact))
        gc.collect()
        show(rows[-1])
        if args.json:
            args.json.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
