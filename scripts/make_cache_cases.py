#!/usr/bin/env python3
"""Masks and last latents of published caching rules on a toy, for tests/fixtures_caches.

Forecasts (HiCache, FoCa, Spectrum), SADA's step rule and ComfyUI's EasyCache, each as a loop over tensors as its source
runs it, in float64 (Spectrum: time, coefficients and fit in bfloat16, as there), on a network that is a formula:

    f(x, t) = share x + (1 - share) sin(2 x + t / 250)        elementwise; t: what the scheduler tells the network

x_T[k] = 1.2 sin(1.7 k + 0.3), times the scheduler's initial sigma. A case has: `method` as in a config, `scheduler`
(type, options, steps), `share`, `shape`, `mask` (1 = the network ran), `final`; `margin`, the distance of the closest
decision from the other side, relative to the sizes compared; `tolerance` of `final` where values are rounded
to bfloat16, which falls either way. Needs numpy.

    scripts/make_cache_cases.py tests/fixtures/caches/cases.json
"""

import json
import math
import sys

import numpy as np

BETAS = {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012}


def train_betas():
    return np.linspace(BETAS["beta_start"] ** 0.5, BETAS["beta_end"] ** 0.5, 1000) ** 2


ALPHA_BAR = np.cumprod(1 - train_betas())


class Ddim:
    """Leading timesteps from offset 1, epsilon, eta 0."""

    def __init__(self, steps):
        self.description = {
            "type": "ddim",
            "steps": steps,
            "options": {**BETAS, "clip_sample": False, "steps_offset": 1, "set_alpha_to_one": False},
        }
        self.stride = 1000 // steps
        self.times = [i * self.stride + 1 for i in range(steps)][::-1]
        self.initial = 1.0

    def scaled(self, x, i):
        return x

    def step(self, x, e, i):
        t = self.times[i]
        a = ALPHA_BAR[t]
        b = ALPHA_BAR[t - self.stride] if t >= self.stride else ALPHA_BAR[0]
        x0 = (x - math.sqrt(1 - a) * e) / math.sqrt(a)
        return math.sqrt(b) * x0 + math.sqrt(1 - b) * e


class FlowEuler:
    """Given sigmas, the velocity, Euler's method."""

    def __init__(self, steps, shift=1.0):
        ramp = np.linspace(1, 1 / steps, steps)
        sigmas = shift * ramp / (1 + (shift - 1) * ramp)
        self.sigmas = list(sigmas) + [0.0]
        self.description = {
            "type": "flow_match_euler",
            "steps": steps,
            "options": {"sigma_ramp": True, "shift": shift},
        }
        self.times = [1000 * s for s in sigmas]
        self.initial = 1.0

    def scaled(self, x, i):
        return x

    def step(self, x, v, i):
        return x + (self.sigmas[i + 1] - self.sigmas[i]) * v


def network(share):
    return lambda x, t: share * x + (1 - share) * np.sin(2 * x + t / 250)


def start(shape):
    return 1.2 * np.sin(1.7 * np.arange(math.prod(shape)) + 0.3).reshape(shape)


# --- forecasts on a grid ---


class HiCache:
    """hicache_pp 1.3.0, hermite.py: finite differences, scaled physicists' Hermite polynomials of +k."""

    def __init__(self, order, sigma):
        self.order, self.sigma = order, sigma
        self.differences, self.activated = {}, []

    def update(self, i, f):
        self.activated.append(i)
        new = {0: f}
        if self.differences:
            distance = self.activated[-1] - self.activated[-2]
            for n in range(self.order):
                if n not in self.differences:
                    break
                new[n + 1] = (new[n] - self.differences[n]) / distance
        self.differences = new

    def forecast(self, i):
        k = i - self.activated[-1]
        result = self.differences[0]
        for n in range(1, len(self.differences)):
            x = self.sigma * k
            before, hermite = 1.0, 2 * x
            for m in range(1, n):
                before, hermite = hermite, 2 * x * hermite - 2 * m * before
            result = result + self.differences[n] / math.factorial(n) * self.sigma**n * hermite
        return result


class FoCa:
    """cache-dit 1.5.3, calibrators/foca.py."""

    def __init__(self):
        self.last, self.now, self.before, self.full, self.full_before = -1, None, None, None, None

    def update(self, i, f):
        self.last = i
        self.full_before, self.full = self.full, f
        self.before, self.now = self.now, f

    def forecast(self, i):
        if self.before is None or self.full_before is None:
            return self.full
        elapsed = float(i - self.last)
        slopes = (self.full - self.full_before) + (self.now - self.before)
        if elapsed <= 3:
            result = self.full + elapsed / 2 * slopes
        else:
            w = 3 / elapsed
            result = w * (self.full + 1.5 * slopes) + (1 - w) * self.full
        self.before, self.now = self.now, result
        return result


def bfloat16(x):
    bits = np.asarray(x, np.float32).view(np.uint32).astype(np.uint64)
    bits = (bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000
    return bits.astype(np.uint32).view(np.float32).astype(np.float64)


class Spectrum:
    """hanjq17/Spectrum, utils/basis_utils.py; the solver in float64."""

    def __init__(self, m, lam, w, taylor_order):
        self.m, self.lam, self.w, self.taylor_order = m, lam, w, taylor_order
        self.t, self.h = [], []

    def update(self, i, f):
        self.t.append(float(i))
        self.h.append(f)

    def design(self, t):
        tau = bfloat16(bfloat16(np.asarray(t) - 25.0) * 2 / 50)
        columns = [np.ones_like(tau), tau]
        for _ in range(2, self.m + 1):
            columns.append(bfloat16(bfloat16(2 * tau * columns[-1]) - columns[-2]))
        return np.stack(columns[: self.m + 1], axis=1)

    def fit(self, i):
        x, h = self.design(self.t), np.stack([f.ravel() for f in self.h])
        coefficients = bfloat16(np.linalg.solve(x.T @ x + self.lam * np.eye(self.m + 1), x.T @ h))
        return bfloat16(self.design([float(i)]) @ coefficients).reshape(self.h[0].shape)

    def local(self, i):
        if len(self.t) < 2:
            return self.h[-1]
        k = float(bfloat16((i - self.t[-1]) / (self.t[-1] - self.t[-2])))
        result = self.h[-1] + k * (self.h[-1] - self.h[-2])
        if self.taylor_order >= 2 and len(self.t) >= 3:
            result = result + 0.5 * k * (k - 1) * (self.h[-1] - 2 * self.h[-2] + self.h[-3])
        return result

    def forecast(self, i):
        return (1 - self.w) * self.local(i) + bfloat16(self.w * self.fit(i))


def interval_grid(steps, interval, first):
    mask, counter = [], 0
    for i in range(steps):
        full = i < first or counter >= interval - 1
        counter = 0 if full else counter + 1
        mask.append(int(full))
    return mask


def spectrum_grid(steps, warmup, window, flex):
    mask, cached = [], 0
    for i in range(steps):
        full = True
        if i >= warmup:
            full = (cached + 1) % math.floor(window) == 0
            if full:
                window += flex
        cached = 0 if full else cached + 1
        mask.append(int(full))
    return mask


def forecast_case(name, method, scheduler, forecaster, mask, share=0.7, shape=(12,), tolerance=None):
    f, x = network(share), start(shape) * scheduler.initial
    for i, full in enumerate(mask):
        if full:
            out = f(scheduler.scaled(x, i), scheduler.times[i])
            forecaster.update(i, out)
        else:
            out = forecaster.forecast(i)
        x = scheduler.step(x, out, i)
    made = case(name, method, scheduler, share, shape, mask, x, None)
    return made if tolerance is None else {**made, "tolerance": tolerance}


def case(name, method, scheduler, share, shape, mask, x, margin):
    return {
        "name": name,
        "method": method,
        "scheduler": scheduler.description,
        "share": share,
        "shape": list(shape),
        "mask": mask,
        "margin": margin,
        "final": [float(f"{v:.9g}") for v in x.ravel()],
    }


# --- SADA, sada/solver.py at bbbadce ---


class SadaControl:
    """What the three solvers share: after step i, whether step i + 1 is skipped, and how."""

    def __init__(self, args):
        self.start, self.end = max(args.get("acc_start", 10), 3), args.get("acc_end", 47)
        self.most = args.get("max_interval", 4)
        self.term, self.int = args.get("lagrange_term", 0), args.get("lagrange_int", 4)
        self.change = args.get("lagrange_step", 24)
        self.skips, self.margin = 0, math.inf

    def decide(self, i, momentum, size):
        """-> (skip, by Lagrange)"""
        criterion_end = self.change if self.term else self.end
        if self.skips >= self.most:
            self.skips = 0
            return False, False
        if i in range(self.start, criterion_end):
            if size > 0:
                self.margin = min(self.margin, abs(momentum) / size)
            if momentum <= 0:
                self.skips += 1
                return True, False
        elif self.term and i % self.int != 0 and i in range(self.change, self.end):
            self.skips += 1
            return True, True
        self.skips = 0
        return False, False


def lagrange(points, values, at):
    result = 0
    for i, value in enumerate(values):
        for j, other in enumerate(points):
            if j != i:
                value = value * (at - other) / (points[i] - other)
        result = result + value
    return result


def product(a, b):
    return (a * b).mean(), math.sqrt((a * a).mean() * (b * b).mean())


def sada_dpm(name, method, steps, share, prediction="epsilon", shape=(12,)):
    """PatchedDPMSolverMultistepScheduler: DPM-Solver++(2M), midpoint, linspace timesteps, last sigma 0."""
    times = [int(t) for t in np.linspace(0, 999, steps + 1).round()[::-1][:-1]]
    sigmas = [math.sqrt((1 - ALPHA_BAR[t]) / ALPHA_BAR[t]) for t in times] + [0.0]
    alpha = [1 / math.sqrt(s * s + 1) for s in sigmas]
    sigma = [s * a for s, a in zip(sigmas, alpha)]
    lam = [math.log(a) - math.log(s) if s > 0 else math.inf for a, s in zip(alpha, sigma)]
    betas, delta = train_betas(), 1 / steps

    def x0_of(out, x, i):
        return (x - sigma[i] * out) / alpha[i] if prediction == "epsilon" else alpha[i] * x - sigma[i] * out

    control, f_net, x = SadaControl(method), network(share), start(shape)
    skip, rebuilt, out, f1, f2, kept, mask, values = False, None, None, None, None, [], [], []
    for i in range(steps):
        if not skip:
            out = f_net(x, times[i])
        m0 = rebuilt if skip else x0_of(out, x, i)
        mask.append(int(not skip))
        if control.term and i % control.int == 1:
            kept = (kept + [(i, m0)])[-control.term :]
        values = (values + [m0])[-2:]
        if i == 0 or i == steps - 1:  # of order one
            h = lam[i + 1] - lam[i]
            following = sigma[i + 1] / sigma[i] * x - alpha[i + 1] * math.expm1(-h) * m0
        else:
            h, h0 = lam[i + 1] - lam[i], lam[i] - lam[i - 1]
            d1 = (values[1] - values[0]) / (h0 / h)
            following = sigma[i + 1] / sigma[i] * x - alpha[i + 1] * math.expm1(-h) * (m0 + 0.5 * d1)
        half = 0.5 * betas[times[i]] * steps
        if prediction == "epsilon":
            f = -half * x + half / sigma[i] * out
        else:
            f = half / sigma[i] * math.sqrt(ALPHA_BAR[times[i]]) * out
        skip, by_lagrange, extrapolated = False, False, None
        if f2 is not None:
            extrapolated = x - 0.625 * delta * f - 0.75 * delta * f1 + 0.375 * delta * f2
            skip, by_lagrange = control.decide(i, *product(following - extrapolated, (f - f1) - (f1 - f2)))
        if skip:
            rebuilt = (
                lagrange([t for t, _ in kept], [v for _, v in kept], i + 1)
                if by_lagrange
                else x0_of(out, extrapolated, i + 1)
            )
        f1, f2, x = f, f1, following
    scheduler = argparse_like("dpm_solver_multistep", steps, {**BETAS, "prediction_type": prediction})
    return case(name, method, scheduler, share, shape, mask, x, control.margin)


def sada_euler(name, method, steps, share, prediction="epsilon", shape=(12,)):
    """PatchedEulerDiscreteScheduler: leading timesteps from offset 1."""
    times = [i * (1000 // steps) + 1 for i in range(steps)][::-1]
    sigmas = [math.sqrt((1 - ALPHA_BAR[t]) / ALPHA_BAR[t]) for t in times] + [0.0]
    alpha = [1 / math.sqrt(s * s + 1) for s in sigmas]
    betas, delta = train_betas(), 1 / steps
    control, f_net = SadaControl(method), network(share)
    x = start(shape) * math.sqrt(sigmas[0] ** 2 + 1)
    skip, rebuilt, out, f1, f2, kept, mask = False, None, None, None, None, [], []
    for i in range(steps):
        s, a = sigmas[i], alpha[i]
        if not skip:
            out = f_net(x * a, times[i])
        if skip:
            x0 = rebuilt
        elif prediction == "epsilon":
            x0 = x - s * out
        else:
            x0 = -s * a * out + x / (s * s + 1)
        mask.append(int(not skip))
        if control.term and i % control.int == 1:
            kept = (kept + [(i, x0 / a)])[-control.term :]
        following = x + (x - x0) / s * (sigmas[i + 1] - s)
        half = 0.5 * betas[times[i]] * steps
        f = -half * x * a + half / (s * a) * out if prediction == "epsilon" else half / (s * a) * a * out
        skip, by_lagrange, extrapolated = False, False, None
        if f2 is not None:
            extrapolated = (x * a - 0.625 * delta * f - 0.75 * delta * f1 + 0.375 * delta * f2) / alpha[i + 1]
            skip, by_lagrange = control.decide(i, *product(following - extrapolated, (f - f1) - (f1 - f2)))
        if skip:
            if by_lagrange:
                rebuilt = lagrange([t for t, _ in kept], [v for _, v in kept], i + 1) * alpha[i + 1]
            elif prediction == "epsilon":
                rebuilt = extrapolated - sigmas[i + 1] * out
            else:
                rebuilt = -sigmas[i + 1] * alpha[i + 1] * out + following / (sigmas[i + 1] ** 2 + 1)
        f1, f2, x = f, f1, following
    options = {**BETAS, "timestep_spacing": "leading", "steps_offset": 1, "prediction_type": prediction}
    return case(name, method, argparse_like("euler", steps, options), share, shape, mask, x, control.margin)


def sada_flux(name, method, steps, share, shift=1.0, shape=(12,)):
    """PatchedFlowMatchEulerDiscreteScheduler; at a skipped step the mean, of rounding errors there, is 0."""
    scheduler = FlowEuler(steps, shift)
    control, f_net, x = SadaControl(method), network(share), start(shape)
    skip, past, mask = False, [], []
    for i in range(steps):
        past = (past + [past[-1] if skip else f_net(x, scheduler.times[i])])[-3:]
        mask.append(int(not skip))
        v = 2 * past[-2] - past[-3] if skip else past[-1]
        following = scheduler.step(x, v, i)
        if len(past) == 3:
            momentum = 0 if skip else (-(v - past[-2]) + (past[-2] - past[-3])).mean()
            size = 0 if skip else np.abs(past[-2] - past[-3]).mean()
            skip, _ = control.decide(i, momentum, size)
        x = following
    return case(name, method, scheduler, share, shape, mask, x, control.margin)


def argparse_like(kind, steps, options):
    class Scheduler:
        description = {"type": kind, "steps": steps, "options": options}

    return Scheduler


# --- ComfyUI, comfy_extras/nodes_easycache.py at 0f548d2 ---


def easy_cache_comfyui(name, method, steps, share, shift, shape, subsample):
    """A flow with its shift, or (None) DDIM: ComfyUI's network input in either is the scheduler's latent."""
    flow = shift is not None
    scheduler = FlowEuler(steps, shift) if flow else Ddim(steps)
    threshold = method.get("thresh", 0.2)
    log_sigmas = 0.5 * np.log((1 - ALPHA_BAR) / ALPHA_BAR)
    sigmas = scheduler.sigmas if flow else [math.exp(log_sigmas[t]) for t in scheduler.times]

    def percent_to_sigma(percent):
        if percent <= 0 or percent >= 1:
            return 999999999.9 if percent <= 0 else 0.0
        if not flow:
            return math.exp(np.interp((1 - percent) * 999, np.arange(1000), log_sigmas))
        t = 1 - percent
        return shift * t / (1 + (shift - 1) * t)

    first, end = (percent_to_sigma(method.get(k, d)) for k, d in (("start_percent", 0.15), ("end_percent", 0.95)))
    f, x, mask, margin = network(share), start(shape), [], math.inf
    x_before = out_before = size_before = rate = difference = None
    known, total = False, 0.0
    for i in range(steps):
        sigma, change, skipped = sigmas[i], None, False
        past_end = not sigma > end
        if not past_end and sigma <= first:
            known = True
            if x_before is not None:
                change = np.abs((x - x_before)[..., ::subsample, ::subsample]).mean()
            if size_before is not None and rate is not None:
                total += rate * change / size_before
                margin = min(margin, abs(total - threshold) / threshold)
                skipped = total < threshold
                if not skipped:
                    total = 0.0
        mask.append(int(not skipped))
        if skipped:
            out = x + difference
        else:
            out = f(x, scheduler.times[i])
            if not past_end:
                if known and size_before is not None and change is not None:
                    rate = np.abs((out - out_before)[..., ::subsample, ::subsample]).mean() / change
                difference = out - x
                if known:
                    x_before, out_before, size_before = x, out, np.abs(out).mean()
        x = scheduler.step(x, out, i)
    made = case(name, method, scheduler, share, shape, mask, x, margin)
    made["subsample_factor"] = subsample
    return made


def main():
    taylor = {"type": "taylor_seer", "level": "output"}
    hicache = {**taylor, "forecast": "hicache"}
    foca = {**taylor, "forecast": "foca", "as_published": True}
    spectrum = {**taylor, "grid": "spectrum", "forecast": "spectrum", "as_published": True}
    sada = {"type": "sada", "as_published": True}
    late = {"lagrange_term": 4, "lagrange_int": 4, "lagrange_step": 24}
    flux_late = {"lagrange_term": 3, "lagrange_int": 4, "lagrange_step": 20}
    comfyui = {"type": "easy_cache", "rule": "comfyui"}
    node = {**comfyui, "as_published": True, "thresh": 0.1}
    cases = [
        forecast_case("hicache_o1_n4", {**hicache, "interval": 4}, Ddim(20), HiCache(1, 0.5), interval_grid(20, 4, 2)),
        forecast_case(
            "hicache_o3_n3",
            {**hicache, "interval": 3, "first_enhance": 3, "max_order": 3, "sigma": 0.7},
            FlowEuler(25, 3.0),
            HiCache(3, 0.7),
            interval_grid(25, 3, 3),
        ),
        forecast_case("foca_n3", {**foca, "interval": 3}, Ddim(20), FoCa(), interval_grid(20, 3, 2)),
        forecast_case("foca_n6", {**foca, "interval": 6}, FlowEuler(28, 2.0), FoCa(), interval_grid(28, 6, 2)),
        forecast_case(
            "spectrum",
            spectrum,
            FlowEuler(50, 3.0),
            Spectrum(4, 0.1, 1.0, 1),
            spectrum_grid(50, 5, 2, 0.75),
            tolerance=1e-3,
        ),
        forecast_case(
            "spectrum_mixed",
            {**spectrum, "w": 0.5, "m": 3, "lam": 1.0, "taylor_order": 2, "flex_window": 0.5, "warmup_steps": 4},
            Ddim(30),
            Spectrum(3, 1.0, 0.5, 2),
            spectrum_grid(30, 4, 2, 0.5),
            tolerance=1e-3,
        ),
        sada_dpm("sada_dpm", sada, 50, 0.7),
        sada_dpm("sada_dpm_other", {**sada, "acc_start": 6, "acc_end": 28, "max_interval": 2}, 30, 0.3),
        sada_dpm("sada_dpm_lagrange", {**sada, **late}, 50, 0.7),
        sada_dpm("sada_dpm_velocity", {**sada, **late}, 50, 0.4, "v_prediction"),
        sada_euler("sada_euler", sada, 50, 0.7),
        sada_euler("sada_euler_lagrange", {**sada, **late}, 50, 0.3),
        sada_euler("sada_euler_velocity", {**sada, **late, "acc_start": 5}, 50, 0.4, "v_prediction"),
        sada_flux("sada_flux", {"type": "sada", "variant": "flux"}, 50, 0.7, 3.0),
        sada_flux("sada_flux_pattern", {"type": "sada", "variant": "flux", **flux_late}, 50, 0.4),
        easy_cache_comfyui("easy_cache_comfyui", {**comfyui, "thresh": 0.1}, 28, 0.7, 3.0, (2, 16, 16), 1),
        easy_cache_comfyui("easy_cache_comfyui_subsampled", node, 28, 0.7, 3.0, (2, 16, 16), 8),
        easy_cache_comfyui(
            "easy_cache_comfyui_odd", {**node, "thresh": 0.25, "start_percent": 0.1}, 40, 0.5, 2.0, (2, 19, 33), 8
        ),
        easy_cache_comfyui("easy_cache_comfyui_clip", {**node, "thresh": 0.3}, 30, 0.6, 3.0, (2, 3, 17, 9), 8),
        easy_cache_comfyui(
            "easy_cache_comfyui_ddim", {**node, "thresh": 0.4, "end_percent": 0.8}, 30, 0.6, None, (2, 17, 9), 8
        ),
    ]
    with open(sys.argv[1], "w") as out:
        out.write("[\n" + ",\n".join(" " + json.dumps(c) for c in cases) + "\n]\n")
    for c in cases:
        margin = "" if c["margin"] is None else f"{c['margin']:.1e}"
        print(f"{c['name']:32s}{''.join(map(str, c['mask']))} {margin}")


if __name__ == "__main__":
    main()
