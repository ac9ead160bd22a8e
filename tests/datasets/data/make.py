"""Makes the samples of this folder: an LSUN database with three small pictures (WebP and JPEG), in LSUN's layout.

    python make.py        # needs numpy, Pillow and lmdb
"""
import io
import os
import shutil

import lmdb
import numpy as np
from PIL import Image

rng = np.random.default_rng(3)
shutil.rmtree("bedroom_val_lmdb", ignore_errors=True)
env = lmdb.open("bedroom_val_lmdb", map_size=1 << 20)
with env.begin(write=True) as transaction:
    for k, kind in enumerate(["WEBP", "WEBP", "JPEG"]):
        base = rng.integers(0, 256, (3, 3, 3), dtype=np.uint8)
        picture = Image.fromarray(base).resize((24 + 4 * k, 16), Image.BILINEAR)
        if k == 0:
            picture = Image.new("RGB", (8, 6), (200, 30, 90))
        data = io.BytesIO()
        picture.save(data, kind, **({"lossless": True} if kind == "WEBP" else {"quality": 95}))
        transaction.put(f"{k:02x}9e{k}b0c4f1d2a37f8e6c5b4a39281706f5e4d3c2".encode(), data.getvalue())
env.close()
os.remove("bedroom_val_lmdb/lock.mdb")

# Resized copies: keys SIZE-NUMBER and their number under "length"; of two sizes there are twice as many.
for folder, sizes in (("resized_lmdb", [8]), ("two_sizes_lmdb", [8, 16])):
    shutil.rmtree(folder, ignore_errors=True)
    env = lmdb.open(folder, map_size=1 << 20)
    with env.begin(write=True) as transaction:
        for size in sizes:
            for k in range(3):
                data = io.BytesIO()
                Image.new("RGB", (size, size), (9 * k, 30, 90)).save(data, "JPEG", quality=95)
                transaction.put(f"{size}-{k:05}".encode(), data.getvalue())
        transaction.put(b"length", b"3")
    env.close()
    os.remove(f"{folder}/lock.mdb")
