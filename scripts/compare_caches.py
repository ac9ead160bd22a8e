#!/usr/bin/env python3
"""Published caches beside skipbench's on tiny transformers: masks side by side, and how far the final latents are apart.

    python scripts/compare_caches.py [--build build] [--models tests/fixtures/dit/models] [--only TEXT]

Runs, on the CPU in float32, from the same noise and prompts: the hooks of diffusers 0.42.1 (FirstBlockCache, MagCache,
TaylorSeer and its lite mode on FLUX; FirstBlockCache, MagCache and SeaCache on Wan) and cache-dit 1.5.3 (DBCache on FLUX and
DiT, with and without TaylorSeer's calibrator), and skipbench's methods `as_published`. Written for these versions, with
transformers 5.24.0 and torch 2.11: scripts/requirements/resaved.txt, and `pip install cache-dit==1.5.3`.

In a mask 1 is a call of the network that computed everything; Wan, whose rows decide apart, has a line for each. `margin`: the
smallest |criterion - threshold| / threshold of skipbench's decisions (of the conditional row) up to the first one that differs,
or of all; infinite where nothing is compared. Exits with 1 where masks differ although no comparison was nearer to its threshold
than 1e-3, or where the final latents of equal masks differ by more than 1e-4 of the largest.
"""
import argparse
import contextlib
import copy
import io
import json
import logging
import os
import pathlib
import subprocess
import sys
import tempfile
import types

import cache_dit
import diffusers
import diffusers.pipelines.dit.pipeline_dit as pipeline_dit
import h5py
import numpy as np
import torch
import transformers
from diffusers import FirstBlockCacheConfig, MagCacheConfig, SeaCacheConfig, TaylorSeerCacheConfig
from safetensors.torch import save_file

ROOT = pathlib.Path(__file__).resolve().parents[1]
PROMPT = "two people ride bicycles"
NEAR = 1e-3
LATENTS = 1e-4

# What both sides are told: the pipeline and its arguments, skipbench's config, the latents' shape, passes of a step.
MODELS = {
    "flux": types.SimpleNamespace(
        folder="flux-tiny", pipeline=diffusers.FluxPipeline, steps=16, guidance=3.5, passes=1, noise=(1, 24, 16),
        call={"prompt": PROMPT, "height": 32, "width": 48, "max_sequence_length": 16},
        config={"height": 32, "width": 48, "max_sequence_length": 16}),
    "wan": types.SimpleNamespace(
        folder="wan-tiny", pipeline=diffusers.WanPipeline, steps=15, guidance=4.0, passes=2, noise=(1, 4, 3, 8, 6),
        call={"prompt": PROMPT, "height": 64, "width": 48, "num_frames": 9, "max_sequence_length": 16},
        config={"height": 64, "width": 48, "frames": 9, "max_sequence_length": 16}),
    "dit": types.SimpleNamespace(
        folder="dit-tiny", pipeline=diffusers.DiTPipeline, steps=20, guidance=3.0, passes=1, noise=(1, 4, 8, 8),
        call={"class_labels": [7]}, config={}),
}


def make_noise(model):
    return torch.randn(model.noise, generator=torch.Generator().manual_seed(17))


# --- the published side ---


def blocks_of(network):
    """All blocks in the order in which they run."""
    names = ("transformer_blocks", "single_transformer_blocks", "blocks")
    return [block for name in names for block in getattr(network, name, [])]


def run_published(model, pipe, enable, back):
    """Final latents and the mask of each pass; `back`: blocks at the end that run in any case."""
    pipe = copy.deepcopy(pipe)
    calls = []
    last = blocks_of(pipe.transformer)[-1 - back]
    inner = (last.attn if hasattr(last, "attn") else last.attn1).to_q
    pipe.transformer.register_forward_pre_hook(lambda *_: calls.append(0))
    inner.register_forward_pre_hook(lambda *_: calls.__setitem__(-1, 1))
    enable(pipe.transformer)
    latents = []
    step = pipe.scheduler.step

    def recorded(*args, **kwargs):
        result = step(*args, **kwargs)
        latents.append(result[0] if isinstance(result, tuple) else result.prev_sample)
        return result

    pipe.scheduler.step = recorded
    noise = make_noise(model)
    settings = {"num_inference_steps": model.steps, "guidance_scale": model.guidance, **model.call}
    if model.folder.startswith("dit"):
        pipeline_dit.randn_tensor = lambda *_, **__: noise
        pipe(output_type="pt", **settings)
    else:
        pipe(output_type="latent", latents=noise, **settings)
    if len(calls) != model.steps * model.passes:
        sys.exit(f"error: the network of {model.folder} was called {len(calls)} times, expected {model.steps * model.passes}")
    return latents[-1][:1], [calls[p :: model.passes] for p in range(model.passes)]


def hook(config):
    """A cache of diffusers."""
    return lambda network: network.enable_cache(config)


def db_cache(calibrator=None, **options):
    """A cache of cache-dit."""

    def enable(network):
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            cache_dit.enable_cache(network, cache_config=cache_dit.DBCacheConfig(**options), calibrator_config=calibrator)

    return enable


def measured_ratios(model, pipe):
    """MagCache's ratios, as the hook's calibration prints them; for both passes those of the first."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        run_published(model, pipe, hook(MagCacheConfig(calibrate=True, num_inference_steps=model.steps)), 0)
    return [json.loads(line) for line in printed.getvalue().splitlines() if line.startswith("[1.0")][0]


# --- both ---


def case(name, enable, method, back=0):
    return types.SimpleNamespace(name=name, enable=enable, method=method, back=back)


def common_cases(model, ratios):
    """FirstBlockCache and MagCache."""
    for threshold in (0.1, 0.2, 0.4):
        yield case(f"FirstBlockCache {threshold}", hook(FirstBlockCacheConfig(threshold=threshold)),
                   {"type": "first_block_cache", "threshold": threshold})
    for threshold, most, retention in ((0.05, 3, 0.2), (0.15, 4, 0.25), (0.1, 2, 0.1)):
        config = MagCacheConfig(threshold=threshold, max_skip_steps=most, retention_ratio=retention, num_inference_steps=model.steps,
                                mag_ratios=torch.tensor(ratios))
        method = {"type": "mag_cache", "threshold": threshold, "max_skip_steps": most, "retention_ratio": retention, "mag_ratios": ratios}
        yield case(f"MagCache {threshold} K{most} retention {retention}", hook(config), method)


def flux_cases():
    for order, interval, before in ((1, 3, 3), (2, 4, 4), (0, 2, 3)):
        for lite in (False, True):
            config = TaylorSeerCacheConfig(cache_interval=interval, disable_cache_before_step=before, max_order=order, use_lite_mode=lite,
                                           taylor_factors_dtype=torch.float32)
            level = {"level": "output"} if lite else {"level": "modules", "modules": ["attention"]}
            yield case(f"TaylorSeer{' Lite' if lite else ''} order {order} every {interval} from {before}", hook(config),
                       {"type": "taylor_seer", "grid": "diffusers", "cache_interval": interval, "disable_cache_before_step": before,
                        "max_order": order, **level})


def wan_cases():
    for threshold, order, most in ((0.2, 1, 2), (0.4, 1, 2), (0.25, 0, 0), (0.4, 0, 0)):
        options = {"threshold": threshold, "residual_order": order, "max_consecutive_cached": most}
        yield case(f"SeaCache {threshold} order {order} at most {most}", hook(SeaCacheConfig(**options)), {"type": "sea_cache", **options})


def db_cases(model):
    separate = {} if model.folder.startswith("flux") else {"enable_separate_cfg": False}
    for front, back, warmup, most, order in ((1, 0, 3, None, None), (1, 1, 2, 2, None), (1, 0, 4, 3, 1), (2, 0, 2, 1, None)):
        for threshold in (0.12, 0.25):
            options = {"Fn_compute_blocks": front, "Bn_compute_blocks": back, "max_warmup_steps": warmup, "residual_diff_threshold": threshold}
            name = f"DBCache F{front}B{back}W{warmup}"
            if most is not None:
                options["max_continuous_cached_steps"] = most
                name += f"MC{most}"
            method, calibrator = {"type": "db_cache", **options}, None
            if order is not None:
                name += f" TaylorSeer {order}"
                method |= {"calibrator": "taylorseer", "taylorseer_order": order}
                calibrator = cache_dit.TaylorSeerCalibratorConfig(taylorseer_order=order)
            yield case(f"{name} {threshold}", db_cache(calibrator, num_inference_steps=model.steps, **separate, **options), method, back)


def cases_of(name, model, pipe):
    if name == "dit":
        yield from db_cases(model)
        return
    yield from common_cases(model, measured_ratios(model, pipe))
    yield from wan_cases() if name == "wan" else flux_cases()
    if name == "flux":
        yield from db_cases(model)


# --- skipbench's side ---


def method_of(one, model, index):
    """What is not in the source's options is its own way of deciding; a method without quirks refuses `as_published`."""
    method = {"id": f"case{index}", **one.method}
    if method["type"] != "taylor_seer":
        method |= {"as_published": True}
    return method


def run_skipbench(program, model, folder, cases):
    """Of each case: final latents, masks, margins of each call."""
    with tempfile.TemporaryDirectory() as name:
        temp = pathlib.Path(name)
        save_file({"noise": make_noise(model)}, temp / "noise.safetensors")
        data = {"type": "class_labels", "labels": model.call["class_labels"]} if "class_labels" in model.call else {"type": "prompts", "prompts": [PROMPT]}
        config = {"pipeline": str(folder), "steps": model.steps, "guidance": model.guidance, "data": data, "device": "cpu", "save": ["latents"],
                  "noise": {"source": "file", "path": "noise.safetensors"}, **model.config,
                  "methods": [{"type": "full_step"}, *(method_of(one, model, i) for i, one in enumerate(cases))]}
        (temp / "config.json").write_text(json.dumps(config))
        done = subprocess.run([program, "run", temp / "config.json", "--out", temp / "out", "--quiet"], capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"error: skipbench failed on {folder.name}:\n{done.stdout}{done.stderr}")
        with h5py.File(temp / "out/results.h5") as results:
            for k in range(len(cases)):
                setting = results[f"settings/{k + 1}"]
                masks = [setting["action"][0]]
                if model.passes == 2:
                    masks.append(setting["action_unconditional"][0] if "action_unconditional" in setting else masks[0])
                yield torch.from_numpy(setting["latents"][0, -1]), [(m == 1).astype(int).tolist() for m in masks], margins_of(setting, model)


def margins_of(setting, model):
    """[calls]: how near to its threshold the decision for each call was."""
    margins = np.full(model.steps, np.inf)
    if "traces/criterion" in setting:
        criterion, threshold = setting["traces/criterion"][0], setting["traces/threshold"][0]
        margins[1:] = np.fmin(margins[1:], np.abs(criterion / threshold - 1)[:-1])
    return margins


def text_of(mask):
    return "".join(map(str, mask))


def report(one, model, published, found):
    """Prints a pair; whether it is as it should be."""
    expected, masks = published
    latents, own, margins = found
    differs = [i for i in range(model.steps) if any(a[i] != b[i] for a, b in zip(masks, own))]
    margin = margins[: differs[0] + 1 if differs else None].min()
    skipped = 1 - np.mean(masks)
    distance = float((latents.double() - expected[0].double()).abs().max())
    near = margin < NEAR
    good = near if differs else distance <= LATENTS * float(expected.abs().max())
    verdict = "" if good and not differs else "  near a threshold" if good else "  MASKS DIFFER" if differs else "  LATENTS DIFFER"
    print(f"{one.name}: skipped {skipped:.0%}, margin {margin:.1e}, largest difference {distance:.1e} of {float(expected.abs().max()):.2g}{verdict}")
    for row, (a, b) in enumerate(zip(masks, own)):
        label = "  unconditional row" if row else ""
        print(f"    published {text_of(a)}{label}\n    skipbench {text_of(b)}{label}", flush=True)
    return good


def compare(options):
    print(f"diffusers {diffusers.__version__}, cache-dit {cache_dit.__version__}, transformers {transformers.__version__}, torch {torch.__version__}")
    compared = wrong = 0
    for name, model in MODELS.items():
        folder = options.models / model.folder
        pipe = model.pipeline.from_pretrained(folder)
        pipe.set_progress_bar_config(disable=True)
        cases = [one for one in cases_of(name, model, pipe) if options.only.lower() in f"{name} {one.name}".lower()]
        if not cases:
            continue
        print(f"\n{model.folder}, {model.steps} steps")
        for one, found in zip(cases, run_skipbench(options.build / "skipbench", model, folder, cases)):
            wrong += not report(one, model, run_published(model, pipe, one.enable, one.back), found)
            compared += 1
    print(f"\n{compared} pairs compared, {wrong} differ by more than rounding explains")
    return 1 if wrong or not compared else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build")
    parser.add_argument("--models", type=pathlib.Path, default=ROOT / "tests/fixtures/dit/models")
    parser.add_argument("--only", default="", help="only pairs whose model and name contain this")
    options = parser.parse_args()
    torch.set_num_threads(min(2, os.cpu_count()))
    for library in (diffusers, transformers):
        library.utils.logging.disable_progress_bar()
        library.utils.logging.set_verbosity_error()
    for name in logging.root.manager.loggerDict:
        if "cache" in name.lower():
            logging.getLogger(name).setLevel(logging.ERROR)
    with torch.inference_mode():
        sys.exit(compare(options))


if __name__ == "__main__":
    main()
