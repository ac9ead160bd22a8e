#!/usr/bin/env bash
# cache-dit 1.5.3: with a transformer alone, num_inference_steps is there to begin every prompt afresh, and the fresh start comes one
# call late, later with each prompt.
#
# Three prompts of 10 calls with max_warmup_steps 4 and a threshold of 1, which skips whatever it may: 1 = the middle blocks ran, 0 = their
# residual was used again.
#
#   first    1111000000
#   second   0111100000   its first call takes the residual of the first prompt's last computed call (below a threshold of 1: if it is near)
#   third    0011110000
#
# The warm-up of the n-th prompt starts n - 1 calls late, and the calls before it go on with the previous prompt's cache. Nothing is said at
# run time. A trajectory in skipbench starts with policies of its own: its db_cache has the first mask for every prompt.
#
# Exits with 0 while that is so, with 1 when it has changed.
set -euo pipefail

folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check torch==2.11.0 diffusers==0.42.1 transformers==5.24.0 cache-dit==1.5.3 numpy==2.4.6

TRANSFORMERS_VERBOSITY=error HF_HUB_OFFLINE=1 CACHE_DIT_LOG_LEVEL=error "$folder/env/bin/python" -W ignore - <<'PY'
import sys

import cache_dit
import torch
from cache_dit import BlockAdapter, DBCacheConfig, ForwardPattern
from diffusers import FluxTransformer2DModel

torch.manual_seed(0)
network = FluxTransformer2DModel(patch_size=1, in_channels=16, num_layers=3, num_single_layers=0, attention_head_dim=16, num_attention_heads=2, joint_attention_dim=32,
                                 pooled_projection_dim=24, axes_dims_rope=(4, 6, 6)).eval()
middle, ran = network.transformer_blocks[1], []
own = middle.forward


def forward(*args, **kwargs):
    ran[-1] = 1
    return own(*args, **kwargs)


middle.forward = forward
cache_dit.enable_cache(
    BlockAdapter(transformer=network, blocks=network.transformer_blocks, forward_pattern=ForwardPattern.Pattern_1, check_forward_pattern=False),
    cache_config=DBCacheConfig(Fn_compute_blocks=1, Bn_compute_blocks=0, max_warmup_steps=4, residual_diff_threshold=1.0, num_inference_steps=10))
masks = []
with torch.no_grad():
    for prompt in range(3):
        draw = torch.Generator().manual_seed(prompt)
        sample, text, pooled = (torch.randn(*shape, generator=draw) for shape in ((1, 16, 16), (1, 8, 32), (1, 24)))
        for call in range(10):
            ran.append(0)
            network(hidden_states=sample * (1 - 0.03 * call), encoder_hidden_states=text, pooled_projections=pooled, timestep=torch.tensor([1 - call / 10]),
                    img_ids=torch.zeros(16, 3), txt_ids=torch.zeros(8, 3), return_dict=False)
        masks.append("".join(map(str, ran[-10:])))
print("\n".join(masks))
as_seen = masks == ["1111000000", "0111100000", "0011110000"]
print("as described" if as_seen else "CHANGED")
sys.exit(not as_seen)
PY
