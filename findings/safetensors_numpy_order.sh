#!/usr/bin/env bash
# safetensors 0.8.0 (NumPy 2.4.6): safetensors.numpy.save_file and save write the bytes of memory, not the elements of the
# array, under the array's shape.
#
# An array that is not C-contiguous comes back with other values, without an error or a warning: a Fortran-ordered or transposed
# one with its values in another order, a slice with a step with values that it does not hold at all. Seen:
#   asfortranarray([[0, 1, 2], [3, 4, 5]])  is read as  [[0, 3, 1], [4, 2, 5]]
#   [[0, 1, 2], [3, 4, 5]][:, ::2]          is read as  [[0, 1], [2, 3]], not [[0, 2], [3, 5]]
# safetensors.torch refuses such tensors by name. Initial noise that was transposed from [n, H, W, C] and saved this way keeps its
# mean and standard deviation: nothing shows it but the pictures. numpy.ascontiguousarray(x) before saving is the way around.
#
# Exits with 0 while that is so, with 1 when it has changed.
set -euo pipefail

folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check safetensors==0.8.0 numpy==2.4.6

"$folder/env/bin/python" - "$folder" <<'PY'
import sys

import numpy as np
from safetensors.numpy import load_file, save_file

x = np.arange(6, dtype=np.float32).reshape(2, 3)
noise = np.random.default_rng(0).standard_normal((2, 8, 8, 4), dtype=np.float32)
given = {"fortran": np.asfortranarray(x), "step": x[:, ::2], "noise": noise.transpose(0, 3, 1, 2), "copied": np.ascontiguousarray(x.T)}
save_file(given, sys.argv[1] + "/x.safetensors")
read = load_file(sys.argv[1] + "/x.safetensors")

for name in ("fortran", "step", "copied"):
    print(f"{name}: given {given[name].tolist()}, read {read[name].tolist()}")
print(f"noise: mean {given['noise'].mean():.6f} and {read['noise'].mean():.6f}, values at their place: {(given['noise'] == read['noise']).mean():.1%}")
as_seen = (
    read["fortran"].tolist() == [[0, 3, 1], [4, 2, 5]]
    and read["step"].tolist() == [[0, 1], [2, 3]]
    and np.array_equal(np.sort(read["noise"], None), np.sort(given["noise"], None))
    and not np.array_equal(read["noise"], given["noise"])
    and np.array_equal(read["copied"], given["copied"])
)
print("as described" if as_seen else "CHANGED")
sys.exit(not as_seen)
PY
