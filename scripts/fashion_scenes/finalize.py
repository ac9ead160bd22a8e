#!/usr/bin/env python3
"""The pipeline as it ships: a float16 copy of the trained one."""
import argparse
import json
import pathlib

import torch
from diffusers import StableDiffusionPipeline


def forget_origin(folder):
    """Removes from the folder's JSON files the path that the pipeline was loaded from."""
    for path in pathlib.Path(folder).rglob("*.json"):
        content = json.loads(path.read_text())
        if content.pop("_name_or_path", None):
            path.write_text(json.dumps(content, indent=2))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trained", required=True, help="folder made by train_unet.py")
    parser.add_argument("--out", required=True, help="folder of the pipeline, float16")
    args = parser.parse_args()
    pipeline = StableDiffusionPipeline.from_pretrained(args.trained, safety_checker=None)
    pipeline.to(dtype=torch.float16)
    pipeline.save_pretrained(args.out)
    forget_origin(args.out)


if __name__ == "__main__":
    main()
