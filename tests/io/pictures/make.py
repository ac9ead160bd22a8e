"""The pictures of picture_test.cpp and what PIL's convert("RGB") makes of them (expected.json). Needs Pillow."""
import hashlib
import json
import os
import random
import struct
import zlib

from PIL import Image

os.chdir(os.path.dirname(os.path.abspath(__file__)))
random.seed(7)
W, H = 19, 11
noise = lambda bands: Image.frombytes({1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[bands], (W, H), random.randbytes(W * H * bands))
smooth = Image.merge("RGB", [Image.radial_gradient("L").resize((61, 37)), Image.linear_gradient("L").resize((61, 37)),
                             Image.radial_gradient("L").resize((61, 37)).transpose(Image.Transpose.FLIP_TOP_BOTTOM)])
rgb = noise(3)
rgb.save("rgb.png")
noise(4).save("rgba.png")
noise(1).save("grey.png")
noise(2).save("grey_alpha.png")
noise(1).convert("1").save("one_bit.png")
rgb.quantize(16).save("palette4.png")
rgb.quantize(200).save("palette8.png")
rgb.quantize(16).save("palette_transparent.png", transparency=3)
rgb.save("rgb_transparent.png", transparency=rgb.getpixel((0, 0)))
noise(1).save("grey_transparent.png", transparency=17)
smooth.save("rgb.jpg", quality=90)
smooth.save("rgb444.jpg", quality=95, subsampling=0)
smooth.save("rgb422.jpg", quality=80, subsampling=1)
smooth.save("progressive.jpg", quality=85, progressive=True)
smooth.convert("L").save("grey.jpg", quality=90)
Image.new("I;16", (4, 3), 40000).save("grey16.png")
smooth.convert("CMYK").save("cmyk.jpg")

# PIL does not write interlaced files: Adam7 by hand.
pixels = [[random.randbytes(3) for _ in range(W)] for _ in range(H)]
rows = b""
for x0, y0, dx, dy in [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]:
    for y in range(y0, H, dy):
        rows += b"\0" + b"".join(pixels[y][x0:W:dx])
chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
with open("interlaced.png", "wb") as f:
    f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", W, H, 8, 2, 0, 0, 1))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))

expected = {}
for name in sorted(os.listdir(".")):
    if name.endswith((".png", ".jpg")):
        image = Image.open(name).convert("RGB")
        expected[name] = {"width": image.width, "height": image.height, "sha256": hashlib.sha256(image.tobytes()).hexdigest()}
json.dump(expected, open("expected.json", "w"), indent=1)
