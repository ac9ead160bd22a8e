#!/usr/bin/env python3
"""Today's diffusers against skipbench on the re-saved tiny models: latents over all steps, in one table.

    python scripts/resaved/compare.py [--build build] [--model NAME ...]

Needs scripts/requirements/resaved.txt and build/skipbench. Both start from the same noise and run from prompts, class labels
or start images to latents in float32: diffusers through its pipelines, skipbench through its program, from the folders of
tests/fixtures/resaved, and of transformers from those of tests/fixtures/dit, saved once more. Beside the largest difference of a latent stands what float32 is worth: how far diffusers' own run in
float64 is from its run in float32. Exits with 1 when a difference is more than ten times that plus 1e-5.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import h5py
import make_fixtures as fixtures
import torch
import transformer_families as transformers
from safetensors.torch import save_file

FAMILIES = fixtures.FAMILIES | transformers.FAMILIES


def data_of(model, folder):
    """The config's "data" for a model's samples."""
    if model.startswith("ddpm"):
        return {"type": "unconditional", "count": fixtures.SAMPLES}
    if model.startswith(("ldm4", "dit")):
        return {"type": "class_labels", "labels": fixtures.LABELS}
    if not model.startswith("i2vgen"):
        return {"type": "prompts", "prompts": fixtures.PROMPTS}
    lines = [f"start_{i}.png\t{prompt}" for i, prompt in enumerate(fixtures.PROMPTS)]
    (folder / "list.txt").write_text("\n".join(lines) + "\n")
    return {"type": "prompts", "file": "list.txt", "images": str(fixtures.FIXTURES / "video/images")}


def skipbench_latents(program, models, case, noise):
    """[calls, samples, ...] after every call."""
    model, scheduler, options = case
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        save_file({"noise": noise.contiguous()}, folder / "noise.safetensors")
        config = {
            "pipeline": str(models / model),
            "scheduler": {"type": scheduler, **options},
            "steps": fixtures.STEPS,
            "guidance": FAMILIES[model].guidance,
            "data": data_of(model, folder),
            "noise": {"source": "file", "path": "noise.safetensors"},
            "device": "cpu",
            "methods": [{"type": "full_step"}],
            "save": ["latents"],
        }
        if model in transformers.FAMILIES:
            config.update(FAMILIES[model].config)
        elif noise.dim() == 5:
            config["frames"] = fixtures.FRAMES
        if model.startswith("i2vgen"):
            config.update(fps=16, height=noise.shape[-2] * 8, width=noise.shape[-1] * 8)
        elif model.startswith("ddpm"):
            config.update(height=noise.shape[-2], width=noise.shape[-1])
        (folder / "config.json").write_text(json.dumps(config))
        done = subprocess.run([program, "run", folder / "config.json", "--out", folder / "out", "--quiet"], capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"error: skipbench failed on {fixtures.name_of(*case)}:\n{done.stdout}{done.stderr}")
        with h5py.File(folder / "out/results.h5") as results:
            return torch.from_numpy(results["settings/0/latents"][:]).movedim(1, 0)[1:]


def compare(options, saved):
    """`saved`: a folder for the models of transformers."""
    transformers.save_models(saved, [name for name in transformers.FAMILIES if name in options.model])
    print(f"diffusers {fixtures.diffusers.__version__}, transformers {fixtures.transformers.__version__}, torch {torch.__version__}; "
          f"{fixtures.STEPS} steps, {fixtures.SAMPLES} samples, float32\n")
    print("| model | scheduler | calls | largest latent | largest difference, all calls | after the last call | float32 to float64 in diffusers |")
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: |")
    wrong = 0
    for case in [*fixtures.cases(), *transformers.cases()]:
        model, scheduler, given = case
        if model not in options.model:
            continue
        models = saved if model in transformers.FAMILIES else fixtures.FIXTURES / "resaved/models"
        noise, expected, float_noise = fixtures.reference(FAMILIES[model], models / model, *case)
        found = skipbench_latents(options.build / "skipbench", models, case, noise)
        if found.shape != expected.shape:
            sys.exit(f"error: {fixtures.name_of(*case)}: latents of shape {list(found.shape)}, expected {list(expected.shape)}")
        differences = (found.double() - expected.double()).abs().flatten(1).amax(1)
        allowed = 0.0
        for difference, one in zip(differences.tolist(), float_noise):
            allowed = max(allowed, one)
            wrong += difference > 10 * allowed + 1e-5
        name = scheduler + (" (v-prediction)" if given else "")
        print(f"| {model} | {name} | {len(found)} | {float(expected.abs().max()):.3g} | {float(differences.max()):.2g} | {float(differences[-1]):.2g} | "
              f"{max(float_noise):.2g} |", flush=True)
    if wrong:
        sys.exit(f"error: {wrong} calls differ by more than float32 explains")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=fixtures.FIXTURES.parents[1] / "build")
    parser.add_argument("--model", nargs="*", default=list(FAMILIES))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        compare(options, pathlib.Path(name))


if __name__ == "__main__":
    main()
