#!/usr/bin/env python3
"""Makes every weight file of the metrics from the published ones.

    scripts/convert/all_metric_weights.py DOWNLOADS FOLDER

DOWNLOADS is searched, sub-folders too, for the published files by their names (`build/skipbench list weights` lists them; the package lpips of PyPI, or
its wheel unpacked, has alex.pth and vgg.pth). Each is checked by its size and SHA-256 before it is read, and what was written is read again and
compared. Files that are in FOLDER already are left alone. Exit code 1 when one is missing or not what it should be; the others are made.
"""
import argparse
import hashlib
import os
import subprocess
import sys

import arrays
import common
import metric_weights


def official(program):
    """(target, file, bytes, SHA-256, source) of each, as skipbench knows them."""
    if not os.access(program, os.X_OK):
        sys.exit(f"{program}: not there; it lists the files: build it with scripts/build, or name it with --skipbench")
    listed = subprocess.run([program, "list", "weights"], capture_output=True, text=True, check=True).stdout
    lines = [line.split("\t") for line in listed.splitlines()]
    if not lines or any(len(line) != 5 for line in lines):
        sys.exit(f"{program} list weights: expected lines of 5 columns; is it another version than these scripts?")
    return lines


def sha256_of(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def candidates(downloads, name):
    return sorted(os.path.join(folder, name) for folder, _, files in os.walk(downloads) if name in files)


def make(source, target):
    """Why it could not be made; None: it was."""
    tensors = common.read_checkpoint(source)
    kept = metric_weights.keep(tensors, source)
    common.write_tensors(target, kept)
    written = arrays.read_safetensors(target)
    same = set(written) == set(kept) and all(written[name].shape == value.shape and written[name].tobytes() == value.tobytes() for name, value in kept.items())
    if same:
        return None
    os.remove(target)
    return "was written, but reads back as something else"


def outcome(downloads, folder, target, file, size, sha256, source):
    """(whether it is there now, what happened)"""
    path = os.path.join(folder, target)
    if os.path.exists(path):
        return True, "was there already"
    found = candidates(downloads, file)
    wrong = []
    for one in found:
        if os.path.getsize(one) != int(size):
            wrong.append(f"{one} has {os.path.getsize(one):,} bytes, not {int(size):,}")
        elif sha256_of(one) != sha256:
            wrong.append(f"{one} has another SHA-256 than {sha256}")
        else:
            problem = make(one, path)
            return problem is None, problem or f"made from {one}"
    if wrong:
        return False, "; ".join(wrong)
    return False, f"no {file} in {downloads} ({int(size):,} bytes, SHA-256 {sha256}, {source})"


def convert(args):
    if not os.path.isdir(args.downloads):
        sys.exit(f"{args.downloads}: no such folder")
    fine = True
    for line in official(args.skipbench):
        there, what = outcome(args.downloads, args.folder, *line)
        print(f"{'ok     ' if there else 'MISSING'}  {line[0]}: {what}")
        fine &= there
    sys.exit(0 if fine else 1)


def parser():
    result = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    result.add_argument("downloads", help="folder that has the published files")
    result.add_argument("folder", help="where the weight files go")
    result.add_argument("--skipbench", default=os.path.join(common.ROOT, "build", "skipbench"), help="the program (default: build/skipbench of the checkout)")
    return result


if __name__ == "__main__":
    common.run(convert, parser())
