#!/usr/bin/env python3
"""Captions in MS-COCO's captions format with the scenes they describe, from Fashion-MNIST's test split."""
import argparse
import json
import os

from PIL import Image

from scenes import scenes

SEED = 5


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--out", required=True, help="folder of captions.json and images/")
    args = parser.parse_args()
    pictures, captions = scenes(args.count, SEED, "t10k")
    names = [f"{i:06d}.png" for i in range(args.count)]
    coco = {
        "info": {"description": f"Fashion scenes, test split of Fashion-MNIST, seed {SEED}", "version": "1.0"},
        "licenses": [{"id": 1, "name": "MIT (Fashion-MNIST)"}],
        "images": [{"id": i, "file_name": name, "width": 64, "height": 64, "license": 1} for i, name in enumerate(names)],
        "annotations": [{"id": i, "image_id": i, "caption": caption} for i, caption in enumerate(captions)],
    }
    os.makedirs(f"{args.out}/images", exist_ok=True)
    with open(f"{args.out}/captions.json", "w") as file:
        json.dump(coco, file, indent=0)
    for name, picture in zip(names, pictures):
        Image.fromarray(picture).save(f"{args.out}/images/{name}", optimize=True)


if __name__ == "__main__":
    main()
