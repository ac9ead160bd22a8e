#!/usr/bin/env python3
"""The pipeline as it ships: a float16 copy of the trained one."""
import argparse
import importlib.util
import pathlib

import torch
from diffusers import TextToVideoSDPipeline

# The image model's script of the same name has what is the same.
spec = importlib.util.spec_from_file_location(
    "fashion_scenes_finalize", pathlib.Path(__file__).resolve().parent.parent / "fashion_scenes/finalize.py"
)
fashion_scenes_finalize = importlib.util.module_from_spec(spec)
spec.loader.exec_module(fashion_scenes_finalize)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trained", required=True, help="folder made by train_unet.py")
    parser.add_argument("--out", required=True, help="folder of the pipeline, float16")
    args = parser.parse_args()
    pipeline = TextToVideoSDPipeline.from_pretrained(args.trained)
    pipeline.to(dtype=torch.float16)
    pipeline.save_pretrained(args.out)
    fashion_scenes_finalize.forget_origin(args.out)


if __name__ == "__main__":
    main()
