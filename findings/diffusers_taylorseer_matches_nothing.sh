#!/usr/bin/env bash
# diffusers 0.42.1: enable_cache(TaylorSeerCacheConfig()) does nothing at all on WanTransformer3DModel, and on FluxTransformer2DModel
# it leaves half of each block running, in both cases without a word.
#
# The hook looks for modules whose whole dotted name ends in "attn". FLUX, SD3 and Qwen-Image call their attention so; Wan (and PixArt,
# DiT) call theirs attn1 and attn2, no name matches, and the call returns as if the cache were on. No feed-forward's name matches either,
# while the paper forecasts both.
#
# Seen over 20 calls with the defaults (a full step every 5): FLUX runs its attention 7 times and its feed-forward 20 times; Wan
# runs everything 20 times. No warning is raised or logged. A "TaylorSeer" row of a table that was made so is a full run (Wan), or one
# that cannot be faster than its feed-forwards (FLUX). skipbench's taylor_seer names the modules and counts what they cost.
#
# Exits with 0 while that is so, with 1 when it has changed.
set -euo pipefail

folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check torch==2.11.0 diffusers==0.42.1 transformers==5.24.0 numpy==2.4.6

HF_HUB_OFFLINE=1 "$folder/env/bin/python" - <<'PY'
import logging
import sys
import warnings

import torch
from diffusers import FluxTransformer2DModel, TaylorSeerCacheConfig, WanTransformer3DModel

CALLS = 20
said = []
listener = logging.Handler()
listener.emit = lambda record: said.append(record.getMessage())
logging.getLogger("diffusers").addHandler(listener)
torch.manual_seed(0)


def counter(module):
    """How often the module itself runs, below whatever stands in front of it."""
    runs, own = [0], module.forward

    def forward(*args, **kwargs):
        runs[0] += 1
        return own(*args, **kwargs)

    module.forward = forward
    return runs


def runs_of(network, attention, feed_forward, inputs):
    counters = counter(attention), counter(feed_forward)
    with warnings.catch_warnings(record=True) as raised:
        warnings.simplefilter("always")
        network.eval().enable_cache(TaylorSeerCacheConfig())
    said.extend(str(one.message) for one in raised)
    with torch.no_grad(), network.cache_context("cond"):
        for call in range(CALLS):
            network(**inputs(call), return_dict=False)
    return tuple(runs[0] for runs in counters)


def flux_inputs(call):
    draw = torch.Generator().manual_seed(1)
    return dict(hidden_states=torch.randn(1, 16, 16, generator=draw) * (1 - 0.03 * call), encoder_hidden_states=torch.randn(1, 8, 32, generator=draw),
                pooled_projections=torch.randn(1, 24, generator=draw), timestep=torch.tensor([1 - call / CALLS]), img_ids=torch.zeros(16, 3), txt_ids=torch.zeros(8, 3))


def wan_inputs(call):
    draw = torch.Generator().manual_seed(1)
    return dict(hidden_states=torch.randn(1, 4, 2, 8, 8, generator=draw) * (1 - 0.03 * call), timestep=torch.tensor([1000 * (1 - call / CALLS)]),
                encoder_hidden_states=torch.randn(1, 6, 16, generator=draw))


flux = FluxTransformer2DModel(patch_size=1, in_channels=16, num_layers=2, num_single_layers=2, attention_head_dim=16, num_attention_heads=2, joint_attention_dim=32,
                              pooled_projection_dim=24, axes_dims_rope=(4, 6, 6))
wan = WanTransformer3DModel(patch_size=(1, 2, 2), num_attention_heads=2, attention_head_dim=12, in_channels=4, out_channels=4, text_dim=16, freq_dim=16, ffn_dim=32, num_layers=2)
of_flux = runs_of(flux, flux.transformer_blocks[1].attn, flux.transformer_blocks[1].ff, flux_inputs)
of_wan = runs_of(wan, wan.blocks[1].attn1, wan.blocks[1].ffn, wan_inputs)
print(f"{CALLS} calls: FLUX ran attention {of_flux[0]} times, feed-forward {of_flux[1]}; Wan {of_wan[0]} and {of_wan[1]}")
print("said:", said or "nothing")
as_seen = of_flux == (7, CALLS) and of_wan == (CALLS, CALLS) and not said
print("as described" if as_seen else "CHANGED")
sys.exit(not as_seen)
PY
