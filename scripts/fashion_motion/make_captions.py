#!/usr/bin/env python3
"""The captions of fashion-motion: every colour, item and direction once, one a line, in an order that follows from a seed."""
import argparse
import itertools

import numpy as np

from motion import CLASSES, COLOURS, DIRECTIONS, caption

SEED = 5


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", required=True, help="text file")
    args = parser.parse_args()
    captions = [caption(*names) for names in itertools.product(COLOURS, CLASSES, DIRECTIONS)]
    with open(args.out, "w") as file:
        file.writelines(captions[k] + "\n" for k in np.random.default_rng(SEED).permutation(len(captions)))


if __name__ == "__main__":
    main()
