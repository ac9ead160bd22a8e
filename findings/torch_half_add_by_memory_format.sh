#!/usr/bin/env bash
# torch 2.11.0: torch.add(a, b, alpha=c) of bfloat16 or float16 tensors depends on how the two lie in memory.
#
# Where both have the same memory format, vectors compute a + c b in float32 with c rounded to the tensors' type, and round once. Where
# one is contiguous and the other channels_last, as a sampler's latent and a U-Net's output are, the element-wise loop rounds the
# product c b too. A multistep scheduler's sum over past outputs in half precision is thus another one for a picture alone and for the
# same picture out of a batch. Neither is a + c b rounded once: c is rounded first in both.
#
# Seen (AVX2 and AVX-512): of 1 x 4 x 8 x 8 values with c = 0.3, 44 differ in bfloat16, 45 in float16; a + b alone differs in none. With
# ATEN_CPU_CAPABILITY=default both ways round the product. skipbench brings rows into one order before a step with "batch_invariant".
#
# Exits with 0 while that is so, with 1 when it has changed.
set -euo pipefail

folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check torch==2.11.0 numpy==2.4.6

ATEN_CPU_CAPABILITY=avx2 "$folder/env/bin/python" -W ignore - <<'PY'
import sys

import torch

same = True
for dtype in (torch.bfloat16, torch.float16):
    torch.manual_seed(0)
    a, b = torch.randn(2, 1, 4, 8, 8).to(dtype)
    alpha = torch.tensor(0.3).to(dtype).float()
    product = alpha * b.float()
    vectors = torch.add(a, b, alpha=0.3)
    mixed = torch.add(a.contiguous(memory_format=torch.channels_last), b, alpha=0.3)
    plain = a.contiguous(memory_format=torch.channels_last) + b
    print(dtype, "differ with alpha:", int((vectors != mixed).sum()), "without:", int((a + b != plain).sum()))
    same &= torch.equal(vectors, (a.float() + product).to(dtype))
    same &= torch.equal(mixed, (a.float() + product.to(dtype).float()).to(dtype))
    same &= not torch.equal(vectors, mixed) and torch.equal(a + b, plain)
sys.exit(0 if same else 1)
PY
