#!/usr/bin/env bash
# MKL's vector square root is not correctly rounded, in its high-accuracy mode too, and its bits depend on the make of CPU.
#
# Versions: mkl 2024.2.2 (PyPI; the MKL that PyTorch 2.11 is linked with), numpy 2.4.6. torch.sqrt on a CPU is vmsSqrt.
# Input: the square roots of 100,000 float32 numbers in [0, 1), numpy.random.default_rng(0), and of the same in float64.
# One expects IEEE 754's result: every x86-64 CPU has an instruction for it that is as fast (numpy uses it). What is seen:
#   AMD EPYC (Zen 4)   19,865 of the float32 and 1,402 of the float64 roots are off by one unit in the last place, in the
#                      modes for high accuracy, low accuracy and performance alike, and torch.sqrt gives the same bits
#   Intel              622 of 100,000 random float32 roots (seen through torch.sqrt of PyTorch 2.11)
# MKL_CBWR=COMPATIBLE, meant for equal results on all CPUs, gives other roots again (18,954 off on the EPYC) in this
# library; PyTorch's copy ignores it. So what PyTorch computes by sqrt has other bits on another make of CPU: diffusers'
# schedules with rescale_betas_zero_snr, and all its sigmas, among it.
#
# Fails if no root is off, one is by more than a unit, or the share is not that of the make of CPU at hand.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" -q install --no-deps mkl==2024.2.2 numpy==2.4.6
cat > "$folder/roots.py" << 'PYTHON'
import ctypes
import os
import sys

import numpy as np

os.environ["MKL_THREADING_LAYER"] = "SEQUENTIAL"
mkl = ctypes.CDLL(os.path.join(sys.prefix, "lib", "libmkl_rt.so.2"))
numbers = np.random.default_rng(0).random(100_000, dtype=np.float32)
vendors = [line.split()[-1] for line in open("/proc/cpuinfo") if line.startswith("vendor_id")]
share = {"AuthenticAMD": (0.10, 0.30), "GenuineIntel": (0.001, 0.03)}.get(vendors[0], (0, 1))

failed = False
for type_, integer, function in (("float32", np.int32, mkl.vmsSqrt), ("float64", np.int64, mkl.vmdSqrt)):
    function.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_longlong]
    function.restype = None
    for mode, name in ((2, "high accuracy"), (1, "low accuracy"), (3, "performance")):
        x = numbers.astype(type_)
        root = np.empty_like(x)
        function(len(x), x.ctypes.data, root.ctypes.data, mode)
        ulp = np.abs(root.view(integer).astype(np.int64) - np.sqrt(x).view(integer))
        off = np.count_nonzero(ulp) / len(x)
        print(f"{vendors[0]}, {type_}, {name}: {np.count_nonzero(ulp)} of {len(x)} off, by at most {ulp.max()} ulp")
        if type_ == "float32" and mode == 2:
            failed |= not (off > 0 and share[0] <= off <= share[1] and ulp.max() == 1)
sys.exit(failed)
PYTHON
"$folder/env/bin/python" "$folder/roots.py"
