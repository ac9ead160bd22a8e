#!/usr/bin/env python3
"""What clips of fashion-motion show, read off their pixels: do they move as their captions say, and in the captions' colours?

    evaluate.py RESULT [--real N]

RESULT: a results folder of `skipbench run` with "images" in "save". Writes a Markdown table, one row for each setting:

  direction   share of clips whose bright mass moves most in the caption's direction (first to last frame); by chance 1/4
  colour      share of clips whose mean colour, weighted by brightness, is nearest to the caption's of the 8; by chance 1/8
  both        share of clips where both are right
  fd_motion   Frechet distance between the clips and as many real ones (Fashion-MNIST's test split, moving) of 9 numbers of a
              clip: where the bright mass is in the first and in the last frame (4), how large it is (1), its mean colour (3),
              and how much the frames differ from one another (1). Not FVD: no network sees the clips.

The distance to the full run's clips is skipbench's own metric fd_motion. Intervals are 95 %: Wilson's for shares, a jackknife over blocks
of the setting's clips for distances.
"""
import argparse
import glob

import h5py
import numpy as np

from motion import COLOURS, DIRECTIONS, caption, clips

NAMES, BLOCKS = list(COLOURS), 20
HUES = np.array([COLOURS[name] for name in NAMES])


def describe(clip):
    """uint8 [F, H, W, 3] -> 9 numbers, each about between 0 and 1."""
    x = clip.astype(np.float64) / 255
    light = np.clip(x.max(-1) - 0.15, 0, None)                       # [F, H, W]; what is nearly black is background
    mass = light.sum((1, 2)) + 1e-9
    rows, columns = np.arange(clip.shape[1]), np.arange(clip.shape[2])
    y, x_ = (light.sum(2) * rows).sum(1) / mass, (light.sum(1) * columns).sum(1) / mass
    colour = (x * light[..., None]).sum((0, 1, 2)) / mass.sum()
    change = np.abs(np.diff(x, axis=0)).mean() * 10
    size = np.array(clip.shape[1:3])
    return np.array([y[0] / size[0], x_[0] / size[1], y[-1] / size[0], x_[-1] / size[1], light.mean() * 4, *colour, change])


def follows(numbers, text):
    """Whether (direction, colour) are as in the caption."""
    _, colour, *_, direction = text.split()
    dy, dx = numbers[2] - numbers[0], numbers[3] - numbers[1]
    moves = {name: dy * way[0] + dx * way[1] for name, way in DIRECTIONS.items()}
    hue = numbers[5:8] / max(numbers[5:8].max(), 1e-9)
    nearest = NAMES[np.argmin(((HUES - hue) ** 2).sum(1))]
    return max(moves, key=moves.get) == direction and moves[direction] > 0.02, nearest == colour


def frechet(a, b):
    """Of two sets of numbers [n, d], unbiased covariances."""
    ca, cb = np.cov(a.T), np.cov(b.T)
    values, vectors = np.linalg.eigh(ca)
    root = (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T
    cross = np.sqrt(np.clip(np.linalg.eigvalsh(root @ cb @ root), 0, None)).sum()
    return ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(ca) + np.trace(cb) - 2 * cross


def interval(a, b):
    """Of frechet(a, b), for other clips in a."""
    without = [frechet(np.delete(a, part, 0), b) for part in np.array_split(np.arange(len(a)), BLOCKS)]
    error = np.sqrt((BLOCKS - 1) * np.var(without))
    return frechet(a, b) - 1.96 * error, frechet(a, b) + 1.96 * error


def share(hits):
    n, p, z = len(hits), np.mean(hits), 1.96
    middle, half = (p + z * z / 2 / n) / (1 + z * z / n), z * np.sqrt(p * (1 - p) / n + z * z / 4 / n / n) / (1 + z * z / n)
    return f"{100 * p:.0f} % [{100 * (middle - half):.0f}, {100 * (middle + half):.0f}]"


def read(folder):
    """[(label, clips [n, F, H, W, 3])], captions."""
    files = sorted(glob.glob(f"{folder}/results.h5")) or sorted(glob.glob(f"{folder}/segments/*.h5"))
    settings, captions = {}, []
    for file in files:
        with h5py.File(file) as h5:
            captions += [text.decode() if isinstance(text, bytes) else text for text in h5["samples/caption"][:]]
            for key in sorted(h5["settings"], key=int):
                group = h5["settings"][key]
                if "images" in group:
                    settings.setdefault(group.attrs["label"], []).append(group["images"][:])
    return [(label, np.concatenate(parts)) for label, parts in settings.items()], captions


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("result")
    parser.add_argument("--real", type=int, default=512, help="real clips (512)")
    args = parser.parse_args()
    settings, captions = read(args.result)
    shown, names = clips(args.real, 99, "t10k")
    real = np.stack([describe(clip) for clip in shown])
    print(f"| {len(captions)} clips | direction | colour | both | fd_motion |\n|---|---|---|---|---:|")
    rows = [("real clips", real, [caption(*name) for name in names])]
    rows += [(label, np.stack([describe(clip) for clip in frames]), captions) for label, frames in settings]
    for label, numbers, texts in rows:
        right = np.array([follows(n, text) for n, text in zip(numbers, texts)])
        cells = [share(right[:, 0]), share(right[:, 1]), share(right.all(1))]
        if numbers is real:
            cells.append("-")
        else:
            low, high = interval(numbers, real)
            cells.append(f"{frechet(numbers, real):.4f} [{low:.4f}, {high:.4f}]")
        print(f"| {label} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
