#!/usr/bin/env python3
"""The pipeline as it ships: a float16 copy of the trained one, the transformer in shards of less than 1 MiB."""
import argparse
import importlib.util
import pathlib

import torch
from diffusers import StableDiffusion3Pipeline

# The image model's script of the same name has what is the same.
spec = importlib.util.spec_from_file_location(
    "fashion_scenes_finalize", pathlib.Path(__file__).resolve().parent.parent / "fashion_scenes/finalize.py"
)
fashion_scenes_finalize = importlib.util.module_from_spec(spec)
spec.loader.exec_module(fashion_scenes_finalize)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trained", required=True, help="folder made by train_transformer.py")
    parser.add_argument("--out", required=True, help="folder of the pipeline, float16")
    args = parser.parse_args()
    pipeline = StableDiffusion3Pipeline.from_pretrained(args.trained, text_encoder_3=None, tokenizer_3=None)
    pipeline.to(dtype=torch.float16)
    pipeline.save_pretrained(args.out)
    transformer = pathlib.Path(args.out) / "transformer"
    for file in transformer.glob("*.safetensors"):
        file.unlink()
    pipeline.transformer.save_pretrained(transformer, max_shard_size="1000KB")
    fashion_scenes_finalize.forget_origin(args.out)


if __name__ == "__main__":
    main()
