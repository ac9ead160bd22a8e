"""gpu_check's steps about time that is not the network's: waits of the host and the GPU's idle time by CUPTI, and the harness' part
of a step."""
import json
import pathlib
import subprocess

from gpu.checking import HERE, text_of
from gpu.torch_libraries import library_folders, torch_folder

NOTHING_SKIPPED = {"full_step": {"type": "full_step"}, "adaptive_diffusion": {"type": "adaptive_diffusion", "delta": 1e-9, "max_skips": 4},
                   "first_block_cache": {"type": "first_block_cache", "threshold": 1e-9}}
STEPS = 50


def union(intervals):
    """Total length of what the intervals cover."""
    total, end = 0, -1
    for a, b in sorted(intervals):
        if b > end:
            total += b - max(a, end)
            end = b
    return total


def read_activity(path):
    """Kernels (start, end), copies (start, end, kind, bytes), waits (start, end, type) and ranges (start, end, name) that
    activity.cpp wrote."""
    kernels, copies, waits, ranges, open_ranges = [], [], [], [], {}
    for line in pathlib.Path(path).read_text(errors="replace").splitlines():
        word = line.split(None, 3)
        if not word:
            continue
        if word[0] == "K":
            kernels.append((int(word[1]), int(word[2])))
        elif word[0] == "C":
            kind, size = word[3].split()
            copies.append((int(word[1]), int(word[2]), int(kind), int(size)))
        elif word[0] == "S":
            waits.append((int(word[1]), int(word[2]), int(word[3])))
        elif word[0] == "B":
            open_ranges[int(word[2])] = (int(word[1]), word[3].strip())
        elif word[0] == "E" and int(word[2]) in open_ranges:
            begin, name = open_ranges.pop(int(word[2]))
            ranges.append((begin, int(word[1]), name))
    return kernels, copies, waits, ranges


def window_of(kernels, ranges):
    """The denoiser's range; without NVTX what lies between gaps of 100 ms, the longest of it."""
    for begin, end, name in ranges:
        if name == "denoiser":
            return begin, end
    edges = sorted(kernels)
    runs, begin = [], edges[0][0]
    for (_, b), (c, _) in zip(edges, edges[1:]):
        if c - b > 100e6:
            runs.append((begin, b))
            begin = c
    runs.append((begin, edges[-1][1]))
    return max(runs, key=lambda run: run[1] - run[0])


def summarise(activity, steps):
    """Of one run's records: kernels, idle shares, copies to the host and waits in the denoiser."""
    kernels, copies, host_waits, ranges = activity
    if not kernels:
        raise RuntimeError("CUPTI recorded no kernel")
    window = window_of(kernels, ranges)
    inside = [k for k in kernels if k[1] > window[0] and k[0] < window[1]]
    first, last = min(k[0] for k in inside), max(k[1] for k in inside)
    busy = union(inside + [(a, b) for a, b, _, _ in copies if a >= first and b <= last])
    steady = sorted(inside)[len(inside) // 10:]          # the first tenth holds cuDNN's and cuBLAS' choices
    steady_first, steady_last = steady[0][0], max(k[1] for k in steady)
    to_host = [c for c in copies if c[2] == 2 and first <= c[0] <= last]
    waited = [w for w in host_waits if window[0] <= w[0] <= last]
    return {"kernels": len(inside), "kernels_per_step": len(inside) / steps, "span_s": (last - first) / 1e9, "gpu_idle": 1 - busy / (last - first),
            "gpu_idle_after_first_tenth": 1 - union(steady) / (steady_last - steady_first), "copies_to_host": len(to_host),
            "bytes_to_host": sum(c[3] for c in to_host), "host_waits": len(waited),
            "host_waits_by_type": {str(t): sum(w[2] == t for w in waited) for t in sorted({w[2] for w in waited})}}


def waits(check, seen):
    """Runs of 50 steps that skip nothing: SD 1.5 as a full run and watched by a method, DiT also with a cache that probes."""
    check.needs_gpu("CUPTI")
    if not (HERE / "lib/libskipbench_activity.so").exists():
        raise RuntimeError("the bundle has no libskipbench_activity.so (scripts/gpu_bundle found no cupti.h)")
    cupti = next((str(p) for folder in library_folders(torch_folder()) for p in pathlib.Path(folder).glob("libcupti.so*")), None)
    for model, names in (("sd15", ("full_step", "adaptive_diffusion")), ("dit", ("full_step", "first_block_cache"))):
        for name in names if model in check.models else ():
            check.need(12, f"{model}, {name}")
            config = check.config(model, f"waits_{model}_{name}", steps=STEPS, methods=[NOTHING_SKIPPED[name]], metrics=[])
            file = check.scratch / f"activity_{model}_{name}.txt"
            env = {"CUDA_INJECTION64_PATH": str(HERE / "lib/libskipbench_activity.so"), "SKIPBENCH_ACTIVITY": str(file)}
            if cupti:
                env["NVTX_INJECTION64_PATH"] = cupti
            check.run("skipbench", "run", config, "--out", check.scratch / f"waits_{model}_{name}", "--overwrite", "-q", env=env)
            one = seen[f"{model}, {name}"] = summarise(read_activity(file), STEPS)
            check.say(f"- {model}, {name}: {one['kernels']} kernels ({one['kernels_per_step']:.0f} a step) in {one['span_s']:.3f} s, GPU idle {one['gpu_idle']:.1%} "
                      f"({one['gpu_idle_after_first_tenth']:.1%} after the first tenth); {one['copies_to_host']} copies to the host ({one['bytes_to_host']} bytes), "
                      f"the host waited {one['host_waits']} times {one['host_waits_by_type']}")


def step_seconds(check, model, names, steps, env=None):
    """Seconds of the denoiser a step by events, nothing watching: best of the repeats, by method."""
    import h5py

    config = check.config(model, "step_times", steps=steps, metrics=[], latency={"samples": 1, "repeats": 3, "warmup": 1},
                          methods=[NOTHING_SKIPPED[name] for name in names])
    out = check.scratch / "step_times"
    check.run("skipbench", "run", config, "--out", out, "--overwrite", "-q", env=env)
    with h5py.File(out / "results.h5") as file:
        return {text_of(record.attrs["label"]): float(min(record["stages/denoiser"][:])) / steps for record in file["latency"].values()}


def step_times(check, seen):
    """As graphs and kernel by kernel."""
    for name, graphs in (("graphs", "1"), ("kernel by kernel", "0")):
        check.need(15, name)
        for label, seconds in step_seconds(check, "sd15", ("full_step", "adaptive_diffusion"), STEPS, {"SKIPBENCH_CUDA_GRAPHS": graphs}).items():
            seen[f"{label}, {name}"] = seconds
            check.say(f"- denoiser, {label}, {name}: {1e3 * seconds:.3f} ms a step")


def forward_seconds(check, model, turns=30):
    """The network's own forward on the rows of one guided sample (two), in float16: best of the turns. Each waits for the device."""
    from safetensors.numpy import save_file

    from gpu.against_diffusers import inputs_for

    folder, config = check.network(model)
    save_file(inputs_for(config), check.scratch / "overhead_inputs.safetensors")
    command = [HERE / "run", "bench_full_size_forward", folder, "float16", check.scratch / "overhead_inputs.safetensors", check.scratch / "overhead_output.safetensors",
               check.device]
    done = subprocess.run(command, input="forward\n" * turns, text=True, stdout=subprocess.PIPE, timeout=max(5, check.left()), check=True)
    return min(json.loads(line)["seconds"] for line in done.stdout.splitlines()[1:])


def overhead(check, seen):
    """What a step of a full run takes beyond the network's forward on the same rows: scheduler, guidance, sums, the sampler. The
    forward is timed from the host, the run by events, so that waiting for the device counts for the forward."""
    steps = STEPS if check.on_gpu else 6
    for model in [m for m in ("sdxl", "sd15", "dit") if m in check.models]:
        check.need(20, model)
        forwards, runs = [], []
        for turn in range(2):                             # by turns, so that a slow moment does not fall on one side alone
            if turn and check.left() < 40:
                break
            forwards.append(forward_seconds(check, model, 15 if check.on_gpu else 3))
            (step,) = step_seconds(check, model, ("full_step",), steps).values()
            runs.append(step)
        forward, step = min(forwards), min(runs)
        share, spread = 1 - forward / step, max(max(forwards) / forward, max(runs) / step) - 1
        seen[model] = {"step_ms": 1e3 * step, "forward_ms": 1e3 * forward, "share_beyond_the_forward": share, "turns_differ_by": spread}
        check.say(f"- {model}, full_step: {1e3 * step:.3f} ms a step, of it {1e3 * forward:.3f} ms the network's forward: {share:.2%} beyond it"
                  + (f"; less than the turns differ by ({spread:.1%}), so nothing is known" if abs(share) < spread else ""))
