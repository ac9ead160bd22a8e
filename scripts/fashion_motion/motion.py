"""Fashion motion: captioned clips of a tinted Fashion-MNIST item that moves across a 64x64 picture.

A clip has 8 frames of 64x64 RGB; the item (28x28) moves by 4 pixels a frame (one place of the autoencoder's latents). The
caption names colour, item and direction: "a red sneaker moving left". Everything follows from the seed.
"""
import pathlib
import sys

import numpy as np

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "fashion_scenes"))
from scenes import CLASSES, COLOURS, split  # noqa: E402

FRAMES, SIZE, ITEM, SPEED = 8, 64, 28, 4
# Direction: (dy, dx) of one frame, in steps of SPEED.
DIRECTIONS = {"left": (0, -1), "right": (0, 1), "up": (-1, 0), "down": (1, 0)}
# Playing a clip backwards turns its direction round.
REVERSED = {"left": "right", "right": "left", "up": "down", "down": "up"}


def caption(colour, name, direction):
    return f"a {colour} {name} moving {direction}"


def clip(rng, image, colour, direction):
    """[FRAMES, 64, 64, 3] uint8: `image` [28, 28] uint8 in the colour, its whole way inside the picture."""
    dy, dx = DIRECTIONS[direction]
    way = SPEED * (FRAMES - 1)
    free = SIZE - ITEM
    start = [int(rng.integers(8, free - 8 + 1)) for _ in range(2)]  # across the direction: about the middle
    for axis, step in enumerate((dy, dx)):
        if step:
            start[axis] = int(rng.integers(0, free - way + 1)) + (way if step < 0 else 0)
    item = (image[..., None].astype(np.float32) * np.array(COLOURS[colour], np.float32)).round().astype(np.uint8)
    frames = np.zeros((FRAMES, SIZE, SIZE, 3), np.uint8)
    for frame in range(FRAMES):
        y, x = start[0] + frame * SPEED * dy, start[1] + frame * SPEED * dx
        frames[frame, y : y + ITEM, x : x + ITEM] = item
    return frames


def clips(count, seed, kind="train"):
    """`count` clips of a split: [count, FRAMES, 64, 64, 3] uint8, and [(colour, class, direction), ...]."""
    images, labels = split(kind)
    by_class = [np.flatnonzero(labels == label) for label in range(10)]
    rng = np.random.default_rng(seed)
    colours, directions = list(COLOURS), list(DIRECTIONS)
    made, names = [], []
    for _ in range(count):
        label = int(rng.integers(10))
        colour, direction = colours[int(rng.integers(len(colours)))], directions[int(rng.integers(len(directions)))]
        made.append(clip(rng, images[rng.choice(by_class[label])], colour, direction))
        names.append((colour, CLASSES[label], direction))
    return np.stack(made), names
