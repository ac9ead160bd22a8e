#!/usr/bin/env python3
"""Says whether two results are the same in every bit, timings aside.

  same_result.py A B      folders or results.h5 files; exit code 1: they differ, and in what
"""

import pathlib
import sys

import h5py
import numpy as np

# Times, and who ran what: they differ from run to run. /distances: kept by whoever has drawn a table; tables compare it.
TIMINGS = {"latency", "waves", "distances"}
OWN = {"checksums", "environments", "shard_index", "shard_count"}


def _bits(value):
    array = np.asarray(value)
    if array.dtype.kind == "O":
        return repr(array.tolist())
    return (str(array.dtype), array.shape, array.tobytes())


def _contents(file):
    """Every value of a result, by place."""
    contents = {}

    def attributes(place, thing):
        for name, value in thing.attrs.items():
            if name == "DIMENSION_LABELS" or (place == "" and name in OWN):
                continue
            contents[f"{place}@{name}"] = _bits(value)

    def visit(place, thing):
        if place.split("/")[0] in TIMINGS:
            return
        attributes(place, thing)
        if isinstance(thing, h5py.Dataset):
            contents[place] = _bits(thing[()])

    with h5py.File(file) as root:
        attributes("", root)
        root.visititems(visit)
    return contents


def differences(a, b):
    """Places of which the values differ, or which only one has."""
    files = [pathlib.Path(x) / "results.h5" if pathlib.Path(x).is_dir() else pathlib.Path(x) for x in (a, b)]
    x, y = map(_contents, files)
    return sorted(place for place in x.keys() | y.keys() if x.get(place) != y.get(place))


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__.strip())
    different = differences(*sys.argv[1:])
    for place in different:
        print(f"differs: {place}")
    sys.exit(1 if different else 0)


if __name__ == "__main__":
    main()
