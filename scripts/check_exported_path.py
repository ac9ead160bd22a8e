#!/usr/bin/env python3
"""Runs what `skipbench path export` writes: the snippet in diffusers' pipelines, the mask in cache-dit, beside skipbench itself.

    python scripts/check_exported_path.py [--build build] [--model NAME ...]

Needs scripts/requirements/resaved.txt (cache-dit 1.5.3 too for its rows; without it they are left out) and build/skipbench.
For tiny FLUX (embedded guidance), DiT (guidance in one batch), Wan (a pass for each row) and Stable Diffusion (U-Net; PNDM
repeats a timestep), skipbench runs a fixed path, exports it, and diffusers runs from the same noise with the snippet attached: latents of both after every
call, with the network's calls, for three prompts in a row. Beside the largest difference stands what float32 is worth: how
far diffusers in float64 is from float32. cache-dit adds residuals of blocks and has other latents; of it the calls are
compared in which all blocks ran. Exits with 1 when a difference is more than ten times float32's worth plus 1e-5, or a mask was
not followed.
"""
import argparse
import importlib.util
import json
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts/resaved"))

import h5py  # noqa: E402
import make_fixtures as fixtures  # noqa: E402
import torch  # noqa: E402
import transformer_families as transformers  # noqa: E402
from safetensors.torch import save_file  # noqa: E402

MASK = [1, 1, 0, 1, 0, 0, 1, 0]
CASES = [
    ("flux-tiny", "flow_match_euler"),
    ("dit-tiny", "ddim"),
    ("dit-tiny", "dpm_solver_multistep"),
    ("wan-tiny", "unipc_multistep"),
    ("wan-tiny", "flow_match_euler"),
    ("sd15-tiny", "dpm_solver_multistep"),
    ("sd15-tiny", "pndm"),
]
FAMILIES = fixtures.FAMILIES | transformers.FAMILIES
fixtures.SCHEDULERS["pndm"] = fixtures.diffusers.PNDMScheduler
PROMPTS_IN_A_ROW = 3


def is_transformer(model):
    return model in transformers.FAMILIES


def mask_of(scheduler):
    return MASK[:1] + MASK if scheduler == "pndm" else MASK  # PNDM makes a call more


def execute(*arguments):
    done = subprocess.run([str(one) for one in arguments], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"error: {' '.join(map(str, arguments))} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def run_skipbench(program, folder, models, model, scheduler, noise):
    """Latents [calls, samples, ...] of the fixed path; leaves the result in folder/out."""
    family = FAMILIES[model]
    save_file({"noise": noise.contiguous()}, folder / "noise.safetensors")
    data = {"type": "class_labels", "labels": fixtures.LABELS} if model.startswith("dit") else {"type": "prompts", "prompts": fixtures.PROMPTS}
    config = {
        "pipeline": str(models / model),
        "scheduler": scheduler,
        "steps": fixtures.STEPS,
        "guidance": family.guidance,
        "data": data,
        "noise": {"source": "file", "path": "noise.safetensors"},
        "device": "cpu",
        "methods": [{"type": "full_step"}, {"type": "fixed_path", "mask": mask_of(scheduler), "name": "path"}],
        "save": ["latents"],
    }
    if is_transformer(model):
        config.update(family.config)
    (folder / "config.json").write_text(json.dumps(config))
    execute(program, "run", folder / "config.json", "--out", folder / "out", "--quiet")
    with h5py.File(folder / "out/results.h5") as results:
        return torch.from_numpy(results["settings/1/latents"][:]).movedim(1, 0)[1:]


def exported(program, folder, form):
    """The names that an exported snippet defines."""
    text = execute(program, "path", "export", folder / "out", "--setting", "path", "--format", form)
    names = {}
    exec(compile(text, form, "exec"), names)
    return names


def pipeline_of(models, model, scheduler, dtype):
    family = FAMILIES[model]
    pipe = family.open(models / model, dtype)
    family.set_scheduler(pipe, scheduler, {})
    pipe.set_progress_bar_config(disable=True)
    return pipe


def networks_of(pipe):
    return pipe.transformer if getattr(pipe, "transformer", None) is not None else pipe.unet


def blocks_of(network):
    """Its last block, which runs only where all do."""
    for name in ("single_transformer_blocks", "transformer_blocks", "blocks"):
        if len(getattr(network, name, None) or []) > 0:
            return getattr(network, name)[-1]
    return network.conv_out


def run_diffusers(pipe, family, noise, prompts):
    """For each prompt: latents after every call, and the calls in which the network's last block ran."""
    block, runs = blocks_of(networks_of(pipe)), []
    ran, calls = [], []
    handle = block.register_forward_hook(lambda *_: ran.append(len(calls)))
    step = pipe.scheduler.step

    def counting(*args, **kwargs):
        calls.append(None)
        return step(*args, **kwargs)

    for _ in range(prompts):
        ran.clear()
        calls.clear()
        pipe.scheduler.step = counting
        with fixtures.Calls(pipe.scheduler) as noted:
            family.run(pipe, noise.to(next(networks_of(pipe).parameters()).dtype))
        latents = torch.stack([family.shaped(one) for one in noted.latents])
        runs.append((latents, [int(call in ran) for call in range(len(calls))]))
    pipe.scheduler.step = step
    handle.remove()
    return runs


def text(mask):
    return "".join(map(str, mask))


def check(program, saved, model, scheduler):
    models = saved if is_transformer(model) else fixtures.FIXTURES / "resaved/models"
    family, mask = FAMILIES[model], mask_of(scheduler)
    torch.manual_seed(17)
    noise = torch.randn(fixtures.SAMPLES, *family.shape)
    wrong = []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        expected = run_skipbench(program, folder, models, model, scheduler, noise).double()
        snippet = exported(program, folder, "diffusers")
        if snippet["MASK"] != mask:
            wrong.append(f"exported mask {snippet['MASK']}, expected {mask}")
        by_type = []
        for dtype in (torch.float32, torch.float64):
            pipe = pipeline_of(models, model, scheduler, dtype)
            detach = snippet["attach"](pipe)
            by_type.append(run_diffusers(pipe, family, noise, PROMPTS_IN_A_ROW))
            detach()
        float_worth = (by_type[0][0][0].double() - by_type[1][0][0].double()).abs().max().item()
        largest = 0.0
        for latents, ran in by_type[0]:
            if ran != mask:
                wrong.append(f"the network ran in {text(ran)}")
            if latents.shape != expected.shape:
                sys.exit(f"error: {model}: latents of shape {list(latents.shape)}, expected {list(expected.shape)}")
            largest = max(largest, (latents.double() - expected).abs().max().item())
        plain = run_diffusers(pipeline_of(models, model, scheduler, torch.float32), family, noise, 1)[0][0].double()
        moved = (plain - expected).abs().max().item()
        if largest > 10 * float_worth + 1e-5:
            wrong.append("latents differ")
        cache_dit = "-"
        if importlib.util.find_spec("cache_dit") and is_transformer(model):
            pipe = pipeline_of(models, model, scheduler, torch.float32)
            exported(program, folder, "cache-dit")["enable"](pipe)
            masks = [ran for _, ran in run_diffusers(pipe, family, noise, PROMPTS_IN_A_ROW)]
            cache_dit = "followed" if all(one == mask for one in masks) else ", ".join(map(text, masks))
            if cache_dit != "followed":
                wrong.append("cache-dit did not follow the mask")
    print(f"| {model} | {scheduler} | {text(mask)} | {largest:.2g} | {float_worth:.2g} | {moved:.2g} | {cache_dit} | {'; '.join(wrong) or 'the same'} |", flush=True)
    return bool(wrong)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build")
    parser.add_argument("--model", nargs="*", default=list(dict.fromkeys(model for model, _ in CASES)))
    options = parser.parse_args()
    if importlib.util.find_spec("cache_dit"):
        import logging

        import cache_dit  # noqa: F401

        for name in list(logging.root.manager.loggerDict):
            if name.upper().startswith("CACHE"):
                logging.getLogger(name).setLevel(logging.ERROR)
    print(f"diffusers {fixtures.diffusers.__version__}, torch {torch.__version__}; {fixtures.STEPS} steps, {fixtures.SAMPLES} samples, "
          f"{PROMPTS_IN_A_ROW} times in a row\n")
    print("| model | scheduler | path | largest difference to skipbench | float32 to float64 in diffusers | path to full run | cache-dit | |")
    print("| --- | --- | --- | ---: | ---: | ---: | --- | --- |")
    with tempfile.TemporaryDirectory() as name:
        saved = pathlib.Path(name)
        transformers.save_models(saved, [model for model in options.model if is_transformer(model)])
        wrong = sum(check(options.build / "skipbench", saved, *case) for case in CASES if case[0] in options.model)
    if wrong:
        sys.exit(f"error: {wrong} cases differ")


if __name__ == "__main__":
    main()
