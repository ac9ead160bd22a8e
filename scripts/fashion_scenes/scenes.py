"""Fashion scenes: captioned 64x64 RGB pictures composed of tinted Fashion-MNIST items.

A scene holds one item (drawn large), two (side by side) or four (a 2x2 grid); its caption lists them in reading order,
e.g. "a red sneaker and a blue bag". Everything follows from the seed.
"""
import gzip
import os

import numpy as np

# Debian package dataset-fashion-mnist; elsewhere name the folder of the four *-ubyte.gz files.
ROOT = os.environ.get("FASHION_MNIST", "/usr/share/datasets/fashion-mnist")
CLASSES = ["t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "boot"]
COLOURS = {
    "red": (1, 0.15, 0.15),
    "green": (0.15, 0.9, 0.2),
    "blue": (0.2, 0.35, 1),
    "yellow": (1, 0.9, 0.1),
    "cyan": (0.1, 0.9, 0.9),
    "magenta": (0.95, 0.2, 0.9),
    "orange": (1, 0.55, 0.1),
    "white": (1, 1, 1),
}
# Upper left corners (y, x) of the items, by their number.
SPOTS = {1: [(4, 4)], 2: [(18, 2), (18, 34)], 4: [(2, 2), (2, 34), (34, 2), (34, 34)]}


def read_idx(name):
    """One of Fashion-MNIST's files (IDX format) as an array."""
    with gzip.open(f"{ROOT}/{name}") as file:
        data = file.read()
    dimensions = data[3]
    shape = np.frombuffer(data, ">i4", dimensions, 4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * dimensions).reshape(shape)


def split(kind):
    """Images [n, 28, 28] and labels [n] of the split `kind`: train or t10k."""
    return read_idx(f"{kind}-images-idx3-ubyte.gz"), read_idx(f"{kind}-labels-idx1-ubyte.gz")


def caption(items):
    """The caption of [(colour, class), ...]."""
    words = [f"a {colour} {name}" for colour, name in items]
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]


def enlarge(image):
    """28x28 -> 56x56; a 3x3 box blur hides the doubled pixels."""
    image = image.repeat(2, 0).repeat(2, 1)
    padded = np.pad(image, 1, mode="edge")
    return sum(padded[i : i + 56, j : j + 56] for i in range(3) for j in range(3)) / 9


def scene(rng, images, by_class, counts=(1, 2, 4)):
    """One scene: [64, 64, 3] uint8, and its caption."""
    count = int(rng.choice(counts))
    names = list(COLOURS)
    items, canvas = [], np.zeros((64, 64, 3), np.float32)
    for y, x in SPOTS[count]:
        label, colour = int(rng.integers(10)), names[int(rng.integers(len(names)))]
        image = images[rng.choice(by_class[label])].astype(np.float32) / 255
        if count == 1:
            image = enlarge(image)
        size = image.shape[0]
        canvas[y : y + size, x : x + size] = image[..., None] * np.array(COLOURS[colour], np.float32)
        items.append((colour, CLASSES[label]))
    return (canvas * 255).round().astype(np.uint8), caption(items)


def scenes(count, seed, kind="train", counts=(1, 2, 4)):
    """`count` scenes of a split: pictures [count, 64, 64, 3] uint8 and a list of captions."""
    images, labels = split(kind)
    by_class = [np.flatnonzero(labels == label) for label in range(10)]
    rng = np.random.default_rng(seed)
    made = [scene(rng, images, by_class, counts) for _ in range(count)]
    return np.stack([picture for picture, _ in made]), [text for _, text in made]
