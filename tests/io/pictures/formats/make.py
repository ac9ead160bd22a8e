"""Further pictures of picture_test.cpp, by Pillow and by hand, and what Pillow makes of them by convert("RGB") (expected.json)."""
import hashlib, io, json, os, struct, sys
import numpy as np
from PIL import Image, ImageOps, ImageSequence
os.chdir(os.path.dirname(os.path.abspath(__file__)))
rng = np.random.default_rng(11)
W, H = 13, 7
arr = lambda *s, dtype=np.uint8, hi=256: rng.integers(0, hi, s).astype(dtype)
rgb = Image.fromarray(arr(H, W, 3)); grey = Image.fromarray(arr(H, W))
def write(name, data): open(name, "wb").write(data)
def png(name, kind, depth, raw_rows):
    import zlib
    chunk = lambda t, d: struct.pack(">I", len(d)) + t + d + struct.pack(">I", zlib.crc32(t + d))
    write(name, b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", W, H, depth, kind, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(b"".join(b"\0" + r for r in raw_rows))) + chunk(b"IEND", b""))
for name, kind, n in (("rgb16.png", 2, 3), ("rgba16.png", 6, 4), ("grey_alpha16.png", 4, 2)):
    a = arr(H, W, n, dtype=">u2", hi=65536); png(name, kind, 16, [r.tobytes() for r in a])
a = arr(H, W, dtype=">u2", hi=400); png("grey16b.png", 0, 16, [r.tobytes() for r in a])
# JPEG
big = Image.fromarray(np.stack([np.add.outer(np.arange(24)*9, np.arange(40)*3) % 256, np.add.outer(np.arange(24)*2, np.arange(40)*5) % 256, np.full((24, 40), 90)], -1).astype(np.uint8))
big.convert("CMYK").save("cmyk95.jpg", quality=95)
noise = Image.fromarray(arr(24, 40, 4), "CMYK"); noise.save("cmyk_noise.jpg", quality=90)
data = open("cmyk_noise.jpg", "rb").read()
# YCCK: the same file with Adobe's transform 2
i = data.find(b"Adobe")
if i >= 0: d = bytearray(data); d[i + 11] = 2; write("ycck.jpg", bytes(d))
d = data[:2] + data[2 + 2 + struct.unpack(">H", data[4:6])[0]:] if data[2:4] == b"\xff\xee" else None
if d: write("cmyk_plain.jpg", d)      # without Adobe's marker
b = io.BytesIO(); big.save(b, "JPEG", quality=90); data = b.getvalue()
i = data.find(b"\xff\xda"); n = struct.unpack(">H", data[i+2:i+4])[0]
d = bytearray(data); d[i + 2 + n - 1] = 0x11; write("sos.jpg", bytes(d))                # Invalid SOS parameters
i = data.find(b"\xff\xdb"); write("extraneous.jpg", data[:i] + b"\0\1\2\3" + data[i:])   # extraneous bytes before marker
# BMP
rgb.save("rgb.bmp"); grey.save("grey.bmp"); rgb.quantize(200).save("palette8.bmp"); grey.convert("1").save("one_bit.bmp")
def bmp(name, bits, comp, rows_or_data, extra=b"", height=H, colours=0):
    off = 14 + 40 + len(extra)
    body = rows_or_data
    write(name, b"BM" + struct.pack("<IHHI", off + len(body), 0, 0, off) + struct.pack("<IiiHHIIiiII", 40, W, height, 1, bits, comp, len(body), 0, 0, colours, 0) + extra + body)
pad = lambda r: r + b"\0" * (-len(r) % 4)
bmp("b555.bmp", 16, 0, b"".join(pad(r.tobytes()) for r in arr(H, W, dtype="<u2", hi=65536)))
bmp("b565.bmp", 16, 3, b"".join(pad(r.tobytes()) for r in arr(H, W, dtype="<u2", hi=65536)), struct.pack("<III", 0xF800, 0x7E0, 0x1F))
bmp("b32.bmp", 32, 0, arr(H, W, 4).tobytes()); bmp("top_down.bmp", 24, 0, b"".join(pad(r.tobytes()) for r in arr(H, W, 3)), height=-H)
bmp("b32fields.bmp", 32, 3, arr(H, W, 4).tobytes(), struct.pack("<III", 0xFF0000, 0xFF00, 0xFF))
pal = arr(16, 4).tobytes()
bmp("b4.bmp", 4, 0, b"".join(pad(r.tobytes()) for r in arr(H, (W + 1) // 2)), pal, colours=16)
pal256 = arr(256, 4).tobytes()
rle = b""
for y in range(H): rle += bytes([5, 10 + y, 0, 4, 1, 2, 3, 4, 4, 200 - y, 0, 0])
bmp("rle8.bmp", 8, 1, rle + b"\0\1", pal256)
rle4 = b""
for y in range(H): rle4 += bytes([6, 0x12, 0, 5, 0x34, 0x56, 0x70, 0, 2, 0x99, 0, 0])
bmp("rle4.bmp", 4, 2, rle4 + b"\0\1", pal, colours=16)
write("os2.bmp", b"BM" + struct.pack("<IHHI", 0, 0, 0, 26) + struct.pack("<IHHHH", 12, W, H, 1, 24) + b"".join(pad(r.tobytes()) for r in arr(H, W, 3)))
# PNM
write("p6.ppm", b"P6 # a comment\n%d %d\n255\n" % (W, H) + arr(H, W, 3).tobytes()); write("p5.pgm", b"P5\n%d %d\n255\n" % (W, H) + arr(H, W).tobytes())
write("p5_100.pgm", b"P5\n%d %d\n100\n" % (W, H) + arr(H, W, hi=101).tobytes())
write("p6_16.ppm", b"P6\n%d %d\n65535\n" % (W, H) + arr(H, W, 3, dtype=">u2", hi=65536).tobytes())
write("p5_16.pgm", b"P5\n%d %d\n1000\n" % (W, H) + arr(H, W, dtype=">u2", hi=8).tobytes())
write("p4.pbm", b"P4\n%d %d\n" % (W, H) + arr(H, (W + 7) // 8).tobytes())
write("p1.pbm", b"P1\n%d %d\n" % (W, H) + "\n".join(" ".join(map(str, r)) for r in arr(H, W, hi=2)).encode() + b"\n")
write("p2.pgm", b"P2\n%d %d\n15\n" % (W, H) + "\n".join(" ".join(map(str, r)) for r in arr(H, W, hi=16)).encode() + b"\n")
write("p3.ppm", b"P3\n%d %d\n255\n" % (W, H) + "\n".join(" ".join(map(str, r)) for r in arr(H, W * 3)).encode() + b"\n")
# TIFF
rgb.save("rgb.tif"); rgb.save("lzw.tif", compression="tiff_lzw"); rgb.save("deflate.tif", compression="tiff_adobe_deflate")
big.save("jpeg.tif", compression="jpeg", quality=90); grey.save("grey.tif"); rgb.quantize(100).save("palette.tif"); grey.convert("1").save("one_bit.tif")
Image.fromarray(arr(H, W, dtype=np.uint16, hi=500)).save("grey16.tif"); Image.fromarray(arr(H, W, 4), "CMYK").save("cmyk.tif")
Image.fromarray(arr(H, W, 4), "RGBA").save("rgba.tif"); Image.fromarray(arr(H, W, 2), "LA").save("grey_alpha.tif")
for o in (3, 6, 8): rgb.save(f"turned{o}.tif", tiffinfo={274: o})
grey.convert("1").save("g4.tif", compression="group4")
# hand-made: big-endian 16-bit RGB, planar, tiled, white is zero
def tiff(name, tags, data, big=False):
    e = ">" if big else "<"; n = len(tags) + 1; ifd = 8; extra = ifd + 2 + 12 * n + 4; body = b""; entries = []
    blobs = {}
    size = {3: 2, 4: 4}
    def pack(t, vals): return b"".join(struct.pack(e + ("H" if t == 3 else "I"), v) for v in vals)
    total = extra + sum(len(pack(t, v)) for _, t, v in tags if len(v) * size[t] > 4)
    tags = sorted([(tag, t, [x + total for x in v]) if tag in (273, 324) else (tag, t, v) for tag, t, v in tags])
    out = b""
    for tag, t, v in tags:
        p = pack(t, v)
        if len(p) > 4: entries.append(struct.pack(e + "HHII", tag, t, len(v), extra + len(body))); body += p
        else: entries.append(struct.pack(e + "HHI", tag, t, len(v)) + p.ljust(4, b"\0"))
    write(name, (b"MM\0*" if big else b"II*\0") + struct.pack(e + "I", 8) + struct.pack(e + "H", len(entries)) + b"".join(entries) + struct.pack(e + "I", 0) + b"\0" * 12 + body + data)
base = lambda bits, photo, samples: [(256, 3, [W]), (257, 3, [H]), (258, 3, [bits] * samples), (259, 3, [1]), (262, 3, [photo]), (277, 3, [samples]), (278, 3, [H])]
a = arr(H, W, 3, dtype=">u2", hi=65536); tiff("rgb16be.tif", base(16, 2, 3) + [(273, 4, [0]), (279, 4, [a.nbytes])], a.tobytes(), big=True)
a = arr(3, H, W); tiff("planar.tif", base(8, 2, 3) + [(284, 3, [2]), (273, 4, [0, H * W, 2 * H * W]), (279, 4, [H * W] * 3)], a.tobytes())
a = arr(H, W); tiff("white_is_zero.tif", base(8, 0, 1) + [(273, 4, [0]), (279, 4, [a.nbytes])], a.tobytes())
a = arr(16, 16, 3); tiff("tiled.tif", [t for t in base(8, 2, 3) if t[0] != 278] + [(322, 3, [16]), (323, 3, [16]), (324, 4, [0]), (325, 4, [a.nbytes])], a.tobytes())
a = arr(H, W, 4); tiff("premultiplied.tif", base(8, 2, 4) + [(338, 3, [1]), (273, 4, [0]), (279, 4, [a.nbytes])], a.tobytes())
a = arr(H, (W + 1) // 2); tiff("grey4.tif", base(4, 1, 1) + [(273, 4, [0]), (279, 4, [a.nbytes])], a.tobytes())
# GIF
rgb.quantize(30).save("palette.gif"); grey.save("grey.gif"); rgb.quantize(30).save("transparent.gif", transparency=3)
rgb.resize((40, 30)).quantize(60).save("interlaced.gif", interlace=1)
expected = {}
for name in sorted(os.listdir(".")):
    if name.endswith((".png", ".jpg", ".bmp", ".ppm", ".pgm", ".pbm", ".tif", ".gif")):
        try: image = Image.open(name).convert("RGB")
        except Exception as e: print(name, repr(e)); continue
        expected[name] = {"width": image.width, "height": image.height, "sha256": hashlib.sha256(image.tobytes()).hexdigest()}
json.dump(expected, open("expected.json", "w"), indent=1)
print(len(expected), sum(os.path.getsize(n) for n in os.listdir(".")))
