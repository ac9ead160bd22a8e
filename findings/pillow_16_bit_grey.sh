#!/usr/bin/env bash
# Pillow 13.0.0: convert("RGB") of a 16-bit grey picture cuts values off at 255; of 16-bit colour it takes the upper byte.
#
# The same ramp from 0 to 65535, as a 16-bit grey PNG, PGM and TIFF, comes out white but for its darkest 255 values (0.4 %), as a
# 16-bit RGB PNG and a 16-bit PPM it comes out as the ramp. FID packages read every picture by convert("RGB"), so a folder of depth
# maps or medical pictures becomes a folder of white squares without a word, and its statistics are those of white squares.
# skipbench reads such pictures as Pillow does, so that its numbers are those of the packages; metrics/README.md says so.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check pillow==13.0.0 numpy==2.4.6
cat > "$work/check.py" <<'PY'
import io
import struct
import zlib

import numpy as np
from PIL import Image

ramp = np.arange(256, dtype=np.uint16).reshape(16, 16) * 257


def png(colour_type, values):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 16, 16, 16, colour_type, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def red(data):
    return np.array(Image.open(io.BytesIO(data)).convert("RGB"))[..., 0]


tiff = io.BytesIO()
Image.fromarray(ramp).save(tiff, "TIFF")
colour = np.stack([ramp] * 3, -1)
grey = {"PNG": png(0, ramp), "PGM": b"P5 16 16 65535\n" + ramp.astype(">u2").tobytes(), "TIFF": tiff.getvalue()}
rgb = {"PNG": png(2, colour), "PPM": b"P6 16 16 65535\n" + colour.astype(">u2").tobytes()}
for name, data in grey.items():
    print(f"grey {name}: {(red(data) == 255).mean():.1%} of the pixels are white")
    assert (red(data) == np.minimum(ramp, 255)).all(), name + " has changed"
for name, data in rgb.items():
    print(f"colour {name}: {(red(data) == 255).mean():.1%} of the pixels are white")
    assert (red(data) == ramp // 257).all(), name + " has changed"
PY
"$work/env/bin/python" "$work/check.py"
