#!/usr/bin/env python3
"""What published caching rules decide and forecast on tensors in bfloat16, for tests/fixtures_caches.

Two sequences of bfloat16 tensors, signals and outputs (written as the integers of their bits), go through diffusers'
FirstBlockCache and TaylorSeer, cache-dit's DBCache and its Taylor calibrator (the packages' own functions), and
through TeaCache's, ComfyUI's EasyCache's and Spectrum's lines, in the order of their sources' operations. A case has `method` as in a config, and
`mask` (1 = the network ran) with `criterion` (what was compared; null where nothing was), or `forecasts` of the calls
that were not computed. `float64` is the mask that the same rule gives in float64: thresholds are chosen so that it differs.

Needs torch, diffusers (0.42.1) and cache-dit (1.5.3).

    scripts/make_bfloat16_cases.py tests/fixtures/caches/bfloat16.json
"""

import json
import math
import sys
import types

import numpy as np
import torch

CALLS, SHAPE = 12, (1, 2, 17, 9)
SHOWN = 34  # elements of a forecast that are written


def sequence(phase, drift):
    """A wave that drifts, faster at the ends, in bfloat16."""
    place = torch.arange(math.prod(SHAPE), dtype=torch.float64)
    wave = [
        torch.sin(0.37 * place + phase + drift * i + 0.02 * (i - 5) ** 2) * (1 + 0.03 * i) + 0.1 * torch.cos(place * i)
        for i in range(CALLS)
    ]
    return [w.reshape(SHAPE).to(torch.bfloat16) for w in wave]


SIGNALS, OUTPUTS = sequence(0.3, 0.11), sequence(1.1, 0.07)


def first_block_cache(threshold, dtype):
    from diffusers.hooks.first_block_cache import FBCHeadBlockHook

    state = types.SimpleNamespace(head_block_residual=None)
    hook = FBCHeadBlockHook(types.SimpleNamespace(get_state=lambda: state), threshold)
    mask, seen = [], []
    for signal in SIGNALS:
        signal, before = signal.to(dtype), state.head_block_residual
        seen.append(
            None if before is None else ((signal - before).abs().mean() / before.abs().mean()).item()
        )
        mask.append(int(hook._should_compute_remaining_blocks(signal)))
        if mask[-1]:
            state.head_block_residual = signal
    return mask, seen


def db_cache(threshold, dtype):
    from cache_dit.caching.cache_contexts.cache_manager import CachedContextManager

    diffs = []
    manager = types.SimpleNamespace(
        add_residual_diff=diffs.append,
        enable_separate_cfg=lambda: False,
        is_separate_cfg_step=lambda: False,
        cfg_diff_compute_separate=lambda: True,
        get_current_step_residual_diff=lambda: None,
        get_important_condition_threshold=lambda: 0.0,
    )
    mask, seen, before = [], [], None
    for signal in SIGNALS:
        signal = signal.to(dtype)
        similar = before is not None and CachedContextManager.similarity(
            manager, before, signal, threshold=threshold, prefix="Fn"
        )
        mask.append(int(not similar))
        seen.append(diffs[-1] if before is not None else None)
        if not similar:
            before = signal
    return mask, seen


def tea_cache(threshold, coefficients, dtype):
    rescale, total, before, mask, seen = np.poly1d(coefficients), 0, None, [], []
    for i, signal in enumerate(SIGNALS):
        signal = signal.to(dtype)
        compute, compared = True, None
        if i in (0, CALLS - 1):
            total = 0
        else:
            total += rescale(((signal - before).abs().mean() / before.abs().mean()).cpu().item())
            compared, compute = float(total), not total < threshold
            if compute:
                total = 0
        before = signal
        mask.append(int(compute))
        seen.append(compared)
    return mask, seen


def easy_cache(threshold, dtype):
    """ComfyUI's easycache_forward_wrapper with the whole run as its window."""
    x_before = out_before = norm = rate = None
    total, mask, seen = 0.0, [], []
    for x, out in zip(SIGNALS, OUTPUTS):
        x, out = x.to(dtype), out.to(dtype)
        change, compared, skip = None, None, False
        if x_before is not None:
            change = (x[..., ::8, ::8] - x_before).flatten().abs().mean()
        if norm is not None and rate is not None:
            total += (rate * change) / norm
            compared, skip = float(total), bool(total < threshold)
            if not skip:
                total = 0.0
        mask.append(int(not skip))
        seen.append(compared)
        if skip:
            continue
        if norm is not None:
            rate = (out[..., ::8, ::8] - out_before).flatten().abs().mean() / change
        x_before, out_before = x[..., ::8, ::8].clone(), out[..., ::8, ::8].clone()
        norm = out.flatten().abs().mean()
    return mask, seen


def decisions(name, rule, method, option, low, high):
    """A threshold between the two at which the two types part."""
    for k in range(400):
        threshold = round(low + (high - low) * k / 400, 6)
        mask, seen = rule(threshold, torch.bfloat16)
        exact, _ = rule(threshold, torch.float64)
        if mask != exact and 0 < sum(mask[2:]) < CALLS - 3:
            break
    print(f"{name:28s}{''.join(map(str, mask))} float64 {''.join(map(str, exact))} threshold {threshold}")
    return {
        "name": name,
        "method": {**method, "as_published": True, option: threshold},
        "mask": mask,
        "criterion": seen,
        "float64": exact,
    }


def taylor_diffusers(order, dtype, mask):
    from diffusers.hooks.taylorseer_cache import TaylorSeerState

    state, made = TaylorSeerState(torch.bfloat16, order), []
    for i, full in enumerate(mask):
        state.current_step = i
        if full:
            state.update((OUTPUTS[i].to(dtype),))
        made.append(None if full else state.predict()[0])
    return made


def taylor_cache_dit(order, dtype, mask, first):
    from cache_dit.caching.cache_contexts.calibrators.taylorseer import TaylorSeerState

    state, made = TaylorSeerState(order), []
    for i, full in enumerate(mask):
        state.current_step = i + 2 - first  # its counter has to exceed 1
        if full:
            state.update(OUTPUTS[i].to(dtype))
        made.append(None if full else state.approximate())
    return made


def spectrum(m, lam, w, order, dtype, mask):
    """hanjq17/Spectrum, utils/basis_utils.py."""
    low = torch.bfloat16
    calls, values, made = [], [], []

    def design(t):
        mid = 0.5 * (torch.zeros(1).to(t) + (torch.ones(1) * 50).to(t))
        tau = ((t - mid) * 2.0 / (torch.ones(1) * 50).to(t)).reshape(-1, 1)
        columns = [torch.ones_like(tau), tau]
        for _ in range(2, m + 1):
            columns.append(2 * tau * columns[-1] - columns[-2])
        return torch.cat(columns[: m + 1], dim=1)

    for i, full in enumerate(mask):
        if full:
            calls.append(torch.as_tensor(float(i), dtype=low))
            values.append(OUTPUTS[i].to(dtype).reshape(1, -1))
            made.append(None)
            continue
        t, h = torch.stack(calls), torch.cat(values)
        x = design(t).to(torch.float32)
        lower = torch.linalg.cholesky(x.T @ x + lam * torch.eye(m + 1))
        coefficients = torch.cholesky_solve(x.T @ h.to(torch.float32), lower).to(low)
        now = torch.as_tensor(float(i), dtype=low)
        fit = design(now[None]) @ coefficients
        k = ((now - t[-1]) / (t[-1] - t[-2]).clamp_min(1e-8)).to(h.dtype)
        local = h[-1] + k * (h[-1] - h[-2])
        if order >= 2 and len(calls) >= 3:
            local = local + 0.5 * k * (k - 1.0) * (h[-1] - 2 * h[-2] + h[-3])
        if order >= 3 and len(calls) >= 4:
            local = local + (k * (k - 1.0) * (k - 2.0) / 6.0) * (h[-1] - 3 * h[-2] + 3 * h[-3] - h[-4])
        made.append((1 - w) * local + w * fit)
    return made


def numbers(tensor):
    return [float(f"{v:.9g}") for v in tensor.to(torch.float64).flatten().tolist()]


def forecasts(name, method, dtype, mask, made):
    """Of a part of the elements."""
    part = [None if m is None else numbers(m.flatten()[:SHOWN]) for m in made]
    return {
        "name": name,
        "method": {**method, "as_published": True},
        "dtype": str(dtype).removeprefix("torch."),
        "mask": mask,
        "forecasts": part,
    }


def main():
    quartic = [498.651651, -283.781631, 55.8554382, -3.82021401, 0.264230861]
    tea = {"type": "tea_cache", "coefficients": quartic}
    whole = {"type": "easy_cache", "rule": "comfyui", "start_percent": 0.0, "end_percent": 1.0}
    cases = [
        decisions("first_block_cache", first_block_cache, {"type": "first_block_cache"}, "threshold", 0.05, 0.6),
        decisions(
            "db_cache",
            db_cache,
            {"type": "db_cache", "Fn_compute_blocks": 1, "max_warmup_steps": 0},
            "residual_diff_threshold",
            0.05,
            0.6,
        ),
        decisions("tea_cache", lambda t, d: tea_cache(t, quartic, d), tea, "rel_l1_thresh", 0.3, 3),
        decisions("easy_cache", easy_cache, whole, "thresh", 0.2, 3),
    ]
    low, single = torch.bfloat16, torch.float32
    taylor = {"type": "taylor_seer", "level": "residual"}
    hook = {**taylor, "grid": "diffusers", "cache_interval": 4, "disable_cache_before_step": 2}
    every = [int(i < 2 or (i - 3) % 4 == 0) for i in range(CALLS)]
    third = [int(i < 3 or (i - 2) % 3 == 0) for i in range(CALLS)]
    for order in (0, 1, 3):
        for dtype in (low, single):
            name = f"taylor_diffusers_{order}_{'bf16' if dtype is low else 'f32'}"
            made = taylor_diffusers(order, dtype, every)
            cases.append(forecasts(name, {**hook, "max_order": order}, dtype, every, made))
    for order in (1, 2):
        method = {**taylor, "interval": 3, "first_enhance": 3, "max_order": order}
        made = taylor_cache_dit(order, low, third, 2)  # the repository's rule: no differences before first_enhance - 1
        cases.append(forecasts(f"taylor_paper_{order}", method, low, third, made))
    calibrated = {"type": "db_cache", "Fn_compute_blocks": 1, "calibrator": "taylorseer", "taylorseer_order": 2}
    calibrated.update({"steps_computation_mask": third, "steps_computation_policy": "static", "max_warmup_steps": 0})
    cases.append(forecasts("taylor_cache_dit", calibrated, low, third, taylor_cache_dit(2, low, third, 3)))
    grid = {**taylor, "grid": "spectrum", "forecast": "spectrum", "warmup_steps": 4, "flex_window": 0.5}
    sparse = [1, 1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 0]
    for name, m, w, order, dtype in (
        ("spectrum_bf16", 4, 1.0, 1, low),
        ("spectrum_f32", 4, 1.0, 1, single),
        ("spectrum_mixed_bf16", 3, 0.5, 3, low),
        ("spectrum_mixed_f32", 3, 0.5, 2, single),
    ):
        method = {**grid, "m": m, "w": w, **({"taylor_order": order} if w < 1 else {})}
        cases.append(forecasts(name, method, dtype, sparse, spectrum(m, 0.1, w, order, dtype, sparse)))
    fixture = {
        "shape": list(SHAPE),
        "signals": [s.flatten().view(torch.int16).tolist() for s in SIGNALS],
        "outputs": [o.flatten().view(torch.int16).tolist() for o in OUTPUTS],
        "cases": cases,
    }
    with open(sys.argv[1], "w") as out:
        json.dump(fixture, out)
        out.write("\n")


if __name__ == "__main__":
    main()
