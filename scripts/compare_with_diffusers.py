#!/usr/bin/env python3
"""Paired comparison of speed: the shipped model in diffusers and in skipbench, on the CPU, float32.

    scripts/compare_with_diffusers.py [--threads 2] [--rounds 5] [--build build] [--diffusers 0.38.0]
    scripts/compare_with_diffusers.py --setup       makes .env-diffusers (5 GB), which is used from then on

The environment holds today's diffusers, 0.42.1, which is what skipbench is measured against, and 0.38.0 beside it (in a folder
of its own, with the libraries of its time): --diffusers says which.

What is compared:
  unet, batch 2 and 32   one UNet forward with a context for each row (bench_unet_forward)
  50 steps               one caption to one picture: text encoder, 50 guided DPM-Solver++ steps, decoder
                         (StableDiffusionPipeline, and skipbench's latency mode)

Both sides take turns, so that a slow moment of the machine does not fall on one of them; of each, the best time counts.
Needs the release build with its benchmarks (scripts/build).
"""
import argparse
import importlib.metadata
import json
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
ENV = ROOT / ".env-diffusers"
TODAY, EARLIER = "0.42.1", "0.38.0"                                             # versions of diffusers
EARLIER_FOLDER = ENV / f"diffusers-{EARLIER}"
MODEL = ROOT / "datasets/fashion_scenes/model"
CAPTIONS = ROOT / "datasets/fashion_scenes/captions.json"
BATCHES = (2, 32)
STEPS = 50
GUIDANCE = 5.0


def setup():
    """The environment with both versions of diffusers."""
    python = ENV / "bin/python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(ENV)], check=True)
    requirements = ROOT / "scripts/requirements"
    install = [str(python), "-m", "pip", "install", "--disable-pip-version-check"]
    subprocess.run([*install, "-r", str(requirements / "diffusers.txt")], check=True)
    shutil.rmtree(EARLIER_FOLDER, ignore_errors=True)
    subprocess.run([*install, "--target", str(EARLIER_FOLDER), "-r", str(requirements / "diffusers_0_38.txt")], check=True)


def add_version_option(parser):
    parser.add_argument("--diffusers", choices=(TODAY, EARLIER), default=TODAY, help="version to compare with (default: %(default)s)")


def enter_environment(version=TODAY):
    """Goes on in .env-diffusers when the running Python has not this version of diffusers, or no h5py."""
    if version == EARLIER and EARLIER_FOLDER.exists():
        sys.path.insert(0, str(EARLIER_FOLDER))

    def installed(package):
        try:
            return importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            return None

    if installed("diffusers") != version or not installed("h5py"):
        python = ENV / "bin/python"
        if pathlib.Path(sys.prefix) == ENV or not python.exists():
            sys.exit(f"error: this Python has diffusers {installed('diffusers')} and h5py {installed('h5py')}, expected diffusers "
                     f"{version} and h5py; run scripts/compare_with_diffusers.py --setup")
        os.execv(python, [str(python), *sys.argv])


def describe_machine(threads):
    """The processor, and what runs on it."""
    import diffusers
    import torch

    names = [line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")]
    flags = next((line for line in open("/proc/cpuinfo") if line.startswith("flags")), "").split()
    units = [flag for flag in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if flag in flags]
    return (f"{names[0] if names else platform.processor()} ({', '.join(units)}), {threads} threads; diffusers {diffusers.__version__}, "
            f"torch {torch.__version__}")


class Diffusers:
    """The shipped model in diffusers."""

    name = "diffusers"

    def __init__(self, threads):
        import torch
        from diffusers import DPMSolverMultistepScheduler, StableDiffusionPipeline

        torch.set_num_threads(threads)
        self.torch = torch
        pipeline = StableDiffusionPipeline.from_pretrained(MODEL, torch_dtype=torch.float32, safety_checker=None)
        pipeline.scheduler = DPMSolverMultistepScheduler.from_config(pipeline.scheduler.config)
        pipeline.set_progress_bar_config(disable=True)
        self.pipeline = pipeline
        self.caption = json.loads(CAPTIONS.read_text())["annotations"][0]["caption"]

    def unet_seconds(self, batch):
        """Best of the calls of about a second."""
        unet = self.pipeline.unet
        sample = self.torch.randn(batch, 4, 16, 16)
        context = self.torch.randn(batch, 32, unet.config.cross_attention_dim)
        best, end = float("inf"), time.perf_counter() + 1
        with self.torch.inference_mode():
            while time.perf_counter() < end:
                start = time.perf_counter()
                unet(sample, 500, context)
                best = min(best, time.perf_counter() - start)
        return best

    def run_seconds(self):
        best = float("inf")
        for _ in range(2):
            start = time.perf_counter()
            self.pipeline(self.caption, num_inference_steps=STEPS, guidance_scale=GUIDANCE, output_type="np")
            best = min(best, time.perf_counter() - start)
        return best


class Skipbench:
    """The shipped model in skipbench, through its programs."""

    name = "skipbench"

    def __init__(self, threads, build):
        self.build = build
        self.environment = dict(os.environ, OMP_NUM_THREADS=str(threads))
        for program in ("skipbench", "bench_unet_forward"):
            if not (build / program).exists():
                sys.exit(f"error: {build / program} is missing; run scripts/build")

    def execute(self, *arguments):
        done = subprocess.run(arguments, env=self.environment, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"error: {' '.join(map(str, arguments))} failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    def unet_seconds(self, batch):
        """Best repetition of the benchmark whose name ends in the batch size."""
        program = self.build / "bench_unet_forward"
        names = [n for n in self.execute(program, "--benchmark_list_tests").split() if batch_of(n) == batch]
        if len(names) != 1:
            sys.exit(f"error: {program}: expected one benchmark of batch {batch}, found {names}")
        filter_ = "^" + re.escape(names[0]) + "$"
        output = self.execute(program, f"--benchmark_filter={filter_}", "--benchmark_repetitions=5", "--benchmark_min_time=0.2",
                              "--benchmark_format=json")
        unit = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1}
        runs = [r for r in json.loads(output)["benchmarks"] if r["run_type"] == "iteration"]
        return min(r["real_time"] * unit[r["time_unit"]] for r in runs)

    def run_seconds(self):
        import h5py

        config = {
            "name": "compare",
            "pipeline": str(MODEL),
            "scheduler": "dpm_solver_multistep",
            "steps": STEPS,
            "guidance": GUIDANCE,
            "device": "cpu",
            "data": {"type": "coco", "captions": str(CAPTIONS), "count": 1},
            "methods": [{"type": "full_step"}],
            "metrics": [],
            "latency": {"samples": 1, "repeats": 2},
        }
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "compare.json"
            path.write_text(json.dumps(config))
            self.execute(self.build / "skipbench", "run", path, "--out", f"{folder}/out", "--quiet")
            with h5py.File(f"{folder}/out/results.h5") as results:
                return min(results["latency/0/stages/total"][:])


def batch_of(name):
    """The batch size at the end of a benchmark's name: UnetForward/batch:2/real_time -> 2."""
    numbers = re.findall(r"[/:](\d+)", name)
    return int(numbers[-1]) if numbers else None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--setup", action="store_true", help="make the environment with diffusers, and stop")
    parser.add_argument("--threads", type=int, default=min(2, os.cpu_count()))
    parser.add_argument("--rounds", type=int, default=5, help="turns of each side")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build")
    add_version_option(parser)
    args = parser.parse_args()
    if args.setup:
        setup()
        return
    enter_environment(args.diffusers)
    print(describe_machine(args.threads))

    sides = [Diffusers(args.threads), Skipbench(args.threads, args.build.resolve())]
    tasks = [(f"unet, batch {b}", lambda side, b=b: side.unet_seconds(b)) for b in BATCHES]
    tasks.append((f"{STEPS} steps", lambda side: side.run_seconds()))
    print(f"{'':16} {'diffusers':>12} {'skipbench':>12} {'ratio':>7}   best of {args.rounds} turns, {args.threads} threads")
    for task, seconds in tasks:
        best = {side.name: float("inf") for side in sides}
        for _ in range(args.rounds):
            for side in sides:
                best[side.name] = min(best[side.name], seconds(side))
        ratio = best["skipbench"] / best["diffusers"]
        print(f"{task:16} {best['diffusers'] * 1e3:9.2f} ms {best['skipbench'] * 1e3:9.2f} ms {ratio:7.2f}", flush=True)


if __name__ == "__main__":
    main()
