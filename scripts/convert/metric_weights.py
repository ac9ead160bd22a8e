#!/usr/bin/env python3
"""Weights of the metrics' networks to safetensors, names unchanged.

    scripts/convert/metric_weights.py alexnet-owt-7be5be79.pth          FOLDER/lpips_alex_features.safetensors
    scripts/convert/metric_weights.py vgg16-397923af.pth                FOLDER/lpips_vgg_features.safetensors
    scripts/convert/metric_weights.py lpips/weights/v0.1/alex.pth       FOLDER/lpips_v0.1_alex.safetensors
    scripts/convert/metric_weights.py pt_inception-2015-12-05-6726825d.pth FOLDER/inception_v3_fid.safetensors
    scripts/convert/metric_weights.py rgb_imagenet.pt                   FOLDER/i3d_k400.safetensors

all_metric_weights.py makes all of them. What the file is is told by its tensors; classifiers that a metric has no use for are left out.
"""
import argparse
import re
import sys

import common


def is_kind(tensors, *names):
    return all(name in tensors for name in names)


def wanted(tensors):
    """(what it is, pattern of the names to keep)"""
    if is_kind(tensors, "lin0.model.1.weight", "lin4.model.1.weight"):
        return "LPIPS heads", r"lin\d\.model\.1\.weight"
    if is_kind(tensors, "features.0.weight", "features.10.weight"):
        return "torchvision AlexNet or VGG-16", r"features\.\d+\.(weight|bias)"
    if is_kind(tensors, "Conv2d_1a_3x3.conv.weight", "Mixed_7c.branch1x1.conv.weight"):
        return "Inception v3", r"(?!.*num_batches_tracked$).*"
    if is_kind(tensors, "Conv3d_1a_7x7.conv3d.weight", "logits.conv3d.weight"):
        return "I3D", r"(?!.*num_batches_tracked$).*"
    sys.exit("neither LPIPS heads, AlexNet, VGG-16, the FID Inception nor I3D, by the names of its tensors")


def keep(tensors, path):
    """Those of the tensors that a metric has a use for."""
    kind, pattern = wanted(tensors)
    kept = {name: value for name, value in tensors.items() if re.fullmatch(pattern, name)}
    print(f"{path}: {kind}; {len(kept)} of {len(tensors)} tensors are kept")
    return kept


def convert(args):
    common.write_tensors(args.out, keep(common.read_checkpoint(args.checkpoint), args.checkpoint))


def parser():
    result = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    result.add_argument("checkpoint")
    result.add_argument("out", help="file to write (.safetensors)")
    return result


if __name__ == "__main__":
    common.run(convert, parser())
