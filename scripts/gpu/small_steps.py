"""gpu_check's steps that look at one thing each: the machine, the tests, the quickstart, the criterion, pictures, errors."""
import json
import os
import platform
import re
import subprocess
import time

from gpu.checking import HERE, Skipped, text_of
from gpu.torch_libraries import torch_folder, version_of


def machine(check, seen):
    try:
        smi = subprocess.run(["nvidia-smi", "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"], text=True,
                             stdout=subprocess.PIPE, check=False).stdout.strip()
    except OSError:
        smi = "none"
    _, torch_version, cuda = version_of(torch_folder())
    seen.update(gpus=check.gpus, nvidia_smi=smi, torch=torch_version, cuda=cuda, cores=os.cpu_count(), python=platform.python_version(),
                libc=" ".join(platform.libc_ver()))
    if check.on_gpu and "torch" not in check.missing:
        import torch

        seen["cudnn"] = torch.backends.cudnn.version()
    check.code(json.dumps(seen, indent=1) + "\n" + check.run("skipbench", "doctor"))


def tests(check, seen):
    for program in ("test_gpu", "test_runtime", "test_sampling"):
        exit_code, output = check.run(program, "--gtest_brief=1", check=False, limit=120)
        counts = {word: int(n) for word, n in re.findall(r"\[  (PASSED|SKIPPED|FAILED) *\] (\d+) tests?", output)}
        failures = re.findall(r"^\[  FAILED  \] (\S+).*\(\d+ ms\)", output, re.M)
        seen[program] = {"exit": exit_code, **counts, "failures": failures}
        check.say(f"- {program}: exit {exit_code}, {counts}")
        if exit_code not in (0, 77):
            check.code(output[-6000:])
    red = [name for name, one in seen.items() if one["exit"] not in (0, 77)]
    if red:
        raise RuntimeError(f"tests failed: {', '.join(red)}")


def quickstart(check, seen):
    """On the device against the CPU by `skipbench compare`; in half precision by decisions and PSNR; on every other GPU too."""
    config, outs = HERE / "configs/quickstart.json", {}
    kinds = [("cpu", "cpu", "float32"), ("gpu", check.device, "float32"), ("gpu_float16", check.device, "float16"), ("gpu_bfloat16", check.device, "bfloat16")]
    kinds += [(f"gpu_{i}", f"cuda:{i}", "float32") for i in range(check.gpus if check.on_gpu else 0) if f"cuda:{i}" != check.device]
    short = ["--set", 'metrics=["psnr","ssim"]']              # what the other metrics measure to is not in the bundle
    short += [] if check.on_gpu else ["--set", "data.count=2", "--set", "steps=12", "--set", 'methods=[{"type":"full_step"},{"type":"adaptive_diffusion","delta":0.02}]']
    for name, device, dtype in kinds:
        outs[name] = check.scratch / f"quickstart_{name}"
        table = check.run("skipbench", "run", config, "--out", outs[name], "--overwrite", "-q", "--set", f"device={device}", "--set", f"dtype={dtype}", *short)
        check.say(f"{name}:")
        check.say()
        check.code("\n".join(line for line in table.splitlines() if line.strip().startswith("|"))[:6000])
        check.say()
    for name in [n for n, _, dtype in kinds if dtype == "float32" and n != "cpu"]:
        exit_code, output = check.run("skipbench", "compare", outs["cpu"], outs[name], check=False)
        seen[f"compare_exit_{name}"] = exit_code
        check.say(f"compare cpu {name}: exit {exit_code}")
        check.code(output[-5000:])
    check.needs_packages("decisions and PSNR sample by sample", "numpy", "h5py")
    for name in list(outs)[1:]:
        seen[name] = alike(check, outs["cpu"], outs[name], name)


def alike(check, base_folder, folder, name):
    """Decisions that are the same, and PSNR of the pictures, setting by setting."""
    import h5py
    import numpy as np

    seen = {}
    with h5py.File(base_folder / "results.h5") as base, h5py.File(folder / "results.h5") as other:
        for key in base["settings"]:
            a, b = base["settings"][key], other["settings"][key]
            same = float(np.mean(np.all(a["action"][:] == b["action"][:], axis=1)))
            error = ((a["images"][:].astype(float) - b["images"][:].astype(float)) ** 2).mean(axis=(1, 2, 3))
            with np.errstate(divide="ignore"):
                psnr = 10 * np.log10(255.0**2 / error)
            label = text_of(a.attrs["label"])
            seen[label] = {"samples_with_the_same_decisions": same, "psnr_min": float(psnr.min()), "psnr_median": float(np.median(psnr))}
            check.say(f"- {name}, {label}: decisions the same in {same:.0%} of the samples, PSNR to the CPU's pictures min {psnr.min():.1f}, median {np.median(psnr):.1f} dB")
    return seen


def criterion(check, seen):
    """On the first GPU that the program sees: of several the one that was asked for."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", ",".join(map(str, range(check.gpus)))).split(",") if check.on_gpu else []
    env = {"CUDA_VISIBLE_DEVICES": visible[check.gpu_index]} if check.on_gpu else None
    output = check.run("bench_difference_sums", "--benchmark_format=json", "--benchmark_min_time=0.05", env=env)
    for row in json.loads(output[output.index("{"):])["benchmarks"]:
        seen[row["name"]] = {"us_per_call": row["us_per_call"], "GB_per_s": row["GB_per_s"]}
        check.say(f"- {row['name']}: {row['us_per_call']:.2f} us, {row['GB_per_s']:.1f} GB/s")


METHODS = {"unet": [{"type": "full_step"}, {"type": "fewer_steps", "steps": [10]}, {"type": "adaptive_diffusion", "delta": 0.01, "max_skips": 4},
                    {"type": "deepcache", "interval": 3, "branch": 0}],
           "transformer": [{"type": "full_step"}, {"type": "fewer_steps", "steps": [10]}, {"type": "adaptive_diffusion", "delta": 0.01, "max_skips": 4},
                           {"type": "taylor_seer", "interval": 3, "level": "output", "max_order": 1}, {"type": "interval", "interval": 2, "level": "modules"},
                           {"type": "first_block_cache", "threshold": 0.1}]}


def pictures(check, seen, model):
    """A whole run of 20 steps to PNG, with latency by events and the allocator's peak."""
    check.need(25, model)
    methods = METHODS["transformer" if model == "dit" else "unet"]
    config = check.config(model, model, methods=methods, save=["png"], latency={"samples": 1, "repeats": 2, "warmup": 1})
    out = check.scratch / f"run_{model}"
    start = time.monotonic()
    output = check.run("skipbench", "run", config, "--out", out, "--overwrite", "-q")
    seen["wall_s"] = time.monotonic() - start
    check.code("\n".join(line for line in output.splitlines() if line.strip())[:5000])
    seen["pngs"] = sorted(str(p.relative_to(out)) for p in out.rglob("*.png"))
    seen["table"] = json.loads(check.run("skipbench", "table", out, "--format", "json"))
    check.say(f"{seen['wall_s']:.1f} s in all; pictures: {', '.join(seen['pngs'])}")
    if not seen["pngs"]:
        raise RuntimeError(f"{out}: no PNG")


def errors(check, seen):
    """A device that is not there, and a batch that does not fit: what the program says."""
    config = check.config("sd15", "no_device", device="cuda:7")
    ask(check, seen, "no_device", config, 30)
    if not check.on_gpu:
        raise Skipped("a batch that does not fit: --device cpu")
    model, rows = ("sdxl" if "sdxl" in check.models else "sd15"), 96
    config = check.config(model, "too_large", steps=2, batch_size=rows, data={"type": "prompts", "prompts": [f"picture {i}" for i in range(rows)]})
    ask(check, seen, "too_large", config, 60)
    if "lower batch_size" not in seen["too_large"]["said"]:
        raise Skipped("a batch that does not fit: the GPU has memory for it")


def ask(check, seen, name, config, limit):
    exit_code, output = check.run("skipbench", "run", config, "--out", check.scratch / name, "--overwrite", "-q", check=False, limit=limit)
    seen[name] = {"exit": exit_code, "said": output.strip()[-600:]}
    check.say(f"- {name}: exit {exit_code}")
    check.code(seen[name]["said"])
    if name == "no_device" and exit_code == 0:
        raise RuntimeError("a run on a device that is not there ended well")
