#!/usr/bin/env bash
# diffusers 0.42.1: FlowMatchEulerDiscreteScheduler has two schedules for one configuration, and which one a model is sampled with
# depends on how its pipeline calls set_timesteps.
#
# The constructor shifts the training noise levels by `shift` and keeps the largest and the smallest as sigma_max and sigma_min.
# set_timesteps(N) spaces N levels evenly between these two, which are shifted already, and shifts them again.
# set_timesteps(sigmas=linspace(1, 1/N, N)) shifts once. StableDiffusion3Pipeline and WanPipeline call the first, FluxPipeline the second.
#
# So with shift 3 and 4 steps SD3 is evaluated at sigma 1, .858, .602, .0089 and FLUX at 1, .9, .75, .5. Of the first kind the last
# evaluation moves the latent by sigma .0089 (.001 with shift 1, however many steps are taken): N steps are N - 1 and a
# touch, which matters where few steps are compared, or where skipped evaluations are counted. Nothing is said at run time.
#
# Exits with 0 while that is so, with 1 when it has changed.
set -euo pipefail

folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check torch==2.11.0 diffusers==0.42.1 transformers==5.24.0 numpy==2.4.6

TRANSFORMERS_VERBOSITY=error HF_HUB_OFFLINE=1 "$folder/env/bin/python" -W ignore - <<'PY'
import inspect
import sys

import numpy as np
from diffusers import FlowMatchEulerDiscreteScheduler, FluxPipeline, StableDiffusion3Pipeline, WanPipeline


def sigmas(shift, steps, given):
    scheduler = FlowMatchEulerDiscreteScheduler(shift=shift)
    scheduler.set_timesteps(sigmas=np.linspace(1, 1 / steps, steps)) if given else scheduler.set_timesteps(steps)
    return [round(float(sigma), 4) for sigma in scheduler.sigmas[:-1]]


own, given = sigmas(3.0, 4, False), sigmas(3.0, 4, True)
last = {(shift, steps): sigmas(shift, steps, False)[-1] for shift in (1.0, 3.0) for steps in (4, 28, 50)}
print("shift 3, 4 steps:", own, "by itself,", given, "where a pipeline gives linspace(1, 1/4, 4)")
for (shift, steps), sigma in last.items():
    print(f"shift {shift:.0f}, {steps} steps: the last evaluation is at sigma {sigma}")
# What each pipeline passes when nobody gives sigmas.
ramp = {cls.__name__: "np.linspace(1.0, 1 / num_inference_steps" in inspect.getsource(cls.__call__)
        for cls in (StableDiffusion3Pipeline, WanPipeline, FluxPipeline)}
print("gives the ramp:", ramp)
as_seen = (
    own == [1.0, 0.8577, 0.6022, 0.0089]
    and given == [1.0, 0.9, 0.75, 0.5]
    and {sigma for (shift, _), sigma in last.items() if shift == 1} == {0.001}
    and {sigma for (shift, _), sigma in last.items() if shift == 3} == {0.0089}
    and ramp == {"StableDiffusion3Pipeline": False, "WanPipeline": False, "FluxPipeline": True}
)
print("as described" if as_seen else "CHANGED")
sys.exit(not as_seen)
PY
