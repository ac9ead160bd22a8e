"""Animations of clip_files_test.cpp and the frames that Pillow's ImageSequence and convert("RGB") make of them (expected.json)."""
import hashlib, json, os
import numpy as np
from PIL import Image, ImageSequence
os.chdir(os.path.dirname(os.path.abspath(__file__)))
rng = np.random.default_rng(5)
W, H = 20, 14
def scene(i, mode="RGB"):
    a = np.zeros((H, W, 3), np.uint8); a[..., 0] = np.arange(W) * 9; a[..., 1] = np.arange(H)[:, None] * 14
    a[2 + i:7 + i, 3 * i:3 * i + 5] = rng.integers(0, 256, (5, 5, 3)); im = Image.fromarray(a).convert(mode)
    if mode == "RGBA": im.putalpha(Image.fromarray(rng.integers(0, 256, (H, W)).astype(np.uint8)))
    return im
for name, mode, kw in (("plain.png", "RGB", {}), ("alpha.png", "RGBA", {"blend": 1}), ("grey.png", "L", {}), ("background.png", "RGBA", {"disposal": 1, "blend": 1})):
    f = [scene(i, mode) for i in range(4)]; f[0].save(name, save_all=True, append_images=f[1:], duration=100, **kw)
f = [scene(i).quantize(60) for i in range(4)]
f[0].save("palettes.gif", save_all=True, append_images=f[1:], duration=100)
for d in (1, 2, 3): f[0].save(f"disposal{d}.gif", save_all=True, append_images=f[1:], duration=100, disposal=d)
g = []
for i in range(4):
    im = scene(i).quantize(40); a = np.array(im); a[rng.random((H, W)) < .3] = 7; im2 = Image.fromarray(a, "P"); im2.putpalette(im.getpalette()); g.append(im2)
for d in (0, 2): g[0].save(f"transparent{d}.gif", save_all=True, append_images=g[1:], duration=100, disposal=d, transparency=7, optimize=False)
expected = {}
for name in sorted(os.listdir(".")):
    if not name.endswith((".png", ".gif")): continue
    im = Image.open(name); h = hashlib.sha256(); n = 0
    for frame in ImageSequence.Iterator(im): h.update(frame.convert("RGB").tobytes()); n += 1
    expected[name] = {"frames": n, "width": im.width, "height": im.height, "sha256": h.hexdigest()}
json.dump(expected, open("expected.json", "w"), indent=1)
print({k: v["frames"] for k, v in expected.items()}, sum(os.path.getsize(n) for n in os.listdir(".")))
