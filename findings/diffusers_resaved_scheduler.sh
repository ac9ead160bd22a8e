#!/usr/bin/env bash
# diffusers 0.42.1: saving a scheduler again changes the pictures that other schedulers make from the same folder, and the file
# of a default DPMSolverMultistepScheduler is not JSON.
#
# 1. save_pretrained spells out every default of the class that is saved. The published scheduler_config.json of Stable Diffusion
#    1.5 (PNDMScheduler) has no timestep_spacing; PNDM's default is "leading", that of EulerDiscreteScheduler and
#    DPMSolverMultistepScheduler is "linspace". After PNDMScheduler.from_pretrained(...).save_pretrained(...), the file says
#    "leading", and from_config takes it over: with 50 steps, Euler starts at timestep 981 and DPM-Solver++ at 951, both at 999
#    before. No option was given anywhere, and no message says so.
# 2. DPMSolverMultistepScheduler().save_pretrained writes "lambda_min_clipped": -Infinity, which RFC 8259 does not know and
#    orjson 3.11.5 refuses; Python's json module reads it.
#
# Exits with 0 while that is so, with 1 when it has changed.
set -euo pipefail

folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check torch==2.11.0 diffusers==0.42.1 numpy==2.4.6 orjson==3.11.5

HF_HUB_OFFLINE=1 "$folder/env/bin/python" -W ignore - "$folder" <<'PY'
import json
import pathlib
import sys

import orjson
from diffusers import DPMSolverMultistepScheduler, EulerDiscreteScheduler, PNDMScheduler

folder = pathlib.Path(sys.argv[1])
before, after, dpm = folder / "before", folder / "after", folder / "dpm"
before.mkdir()
(before / "scheduler_config.json").write_text(json.dumps({
    "_class_name": "PNDMScheduler", "_diffusers_version": "0.6.0", "beta_end": 0.012, "beta_schedule": "scaled_linear", "beta_start": 0.00085,
    "num_train_timesteps": 1000, "set_alpha_to_one": False, "skip_prk_steps": True, "steps_offset": 1, "trained_betas": None, "clip_sample": False}))
PNDMScheduler.from_pretrained(before).save_pretrained(after)


def first(cls, path):
    scheduler = cls.from_pretrained(path)
    scheduler.set_timesteps(50)
    return round(float(scheduler.timesteps[0]))


starts = {cls.__name__: (first(cls, before), first(cls, after)) for cls in (PNDMScheduler, EulerDiscreteScheduler, DPMSolverMultistepScheduler)}
for name, (old, new) in starts.items():
    print(f"{name}, 50 steps: starts at {old} from the published file, at {new} from the same file saved again")
DPMSolverMultistepScheduler().save_pretrained(dpm)
text = (dpm / "scheduler_config.json").read_text()
print(*[line.strip() for line in text.splitlines() if "Infinity" in line])
try:
    orjson.loads(text)
    strict = True
except orjson.JSONDecodeError as error:
    print("orjson:", error)
    strict = False
as_seen = (
    starts == {"PNDMScheduler": (981, 981), "EulerDiscreteScheduler": (999, 981), "DPMSolverMultistepScheduler": (999, 951)}
    and not strict
    and json.loads(text)["lambda_min_clipped"] == -float("inf")
)
print("as described" if as_seen else "CHANGED")
sys.exit(not as_seen)
PY
