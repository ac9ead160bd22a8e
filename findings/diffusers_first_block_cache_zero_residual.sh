#!/usr/bin/env bash
# diffusers 0.42.1: FirstBlockCache never computes again after the first call where the first block adds nothing, whatever the
# threshold, even 0.
#
# The hook divides the mean change of the first block's residual by its mean magnitude and computes where that is above the threshold. A
# block with closed gates (adaLN-Zero, as DiT and FLUX blocks start out before they are trained) has the residual 0: 0 / 0 is NaN, NaN is
# not above anything, so the rest of the network is replaced by what it added in the first call, for ever. The input may change as it
# likes. Nothing is said at run time.
#
# Seen: 12 calls with different inputs and timesteps, threshold 0: the second block runs once. skipbench's first_block_cache
# computes where nothing can be compared, and does as the hook with "as_published": true.
#
# Exits with 0 while that is so, with 1 when it has changed.
set -euo pipefail

folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check torch==2.11.0 diffusers==0.42.1 transformers==5.24.0 numpy==2.4.6

TRANSFORMERS_VERBOSITY=error HF_HUB_OFFLINE=1 "$folder/env/bin/python" -W ignore - <<'PY'
import sys

import torch
from diffusers import FirstBlockCacheConfig, FluxTransformer2DModel


def runs_of_second_block(closed):
    torch.manual_seed(0)
    network = FluxTransformer2DModel(patch_size=1, in_channels=16, num_layers=2, num_single_layers=2, attention_head_dim=16, num_attention_heads=2, joint_attention_dim=32,
                                     pooled_projection_dim=24, axes_dims_rope=(4, 6, 6)).eval()
    if closed:
        for parameter in network.transformer_blocks[0].norm1.linear.parameters():
            torch.nn.init.zeros_(parameter)
    block, runs = network.transformer_blocks[1], 0
    own = block.forward

    def forward(*args, **kwargs):
        nonlocal runs
        runs += 1
        return own(*args, **kwargs)

    block.forward = forward
    network.enable_cache(FirstBlockCacheConfig(threshold=0.0))
    with torch.no_grad(), network.cache_context("cond"):
        for call in range(12):
            draw = torch.Generator().manual_seed(call)
            network(hidden_states=torch.randn(1, 16, 16, generator=draw), encoder_hidden_states=torch.randn(1, 8, 32, generator=draw), pooled_projections=torch.randn(1, 24, generator=draw),
                    timestep=torch.tensor([1 - call / 12]), img_ids=torch.zeros(16, 3), txt_ids=torch.zeros(8, 3), return_dict=False)
    return runs


opened, closed = runs_of_second_block(False), runs_of_second_block(True)
print(f"threshold 0, 12 different inputs: the second block ran {opened} times behind a first block with open gates, {closed} behind one with closed gates")
as_seen = opened == 12 and closed == 1
print("as described" if as_seen else "CHANGED")
sys.exit(not as_seen)
PY
