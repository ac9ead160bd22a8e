#!/usr/bin/env python3
"""Trains a small network that names the (colour, item) pairs of a scene, for so many seconds.

Its 128 pooled features serve the Frechet distance `fd_fashion`; its 80 logits serve `caption_accuracy`.
"""
import argparse
import json
import os
import time

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

from scenes import CLASSES, COLOURS, scenes

PAIRS = [f"{colour} {name}" for colour in COLOURS for name in CLASSES]
RATE = 2e-3
BATCH = 64


class FeatureNet(nn.Module):
    """[n, 3, 64, 64] in [-1, 1] -> features [n, 128], logits [n, 80]: the largest over the 8x8 places."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 32, 3, stride=2, padding=1)
        self.conv2 = nn.Conv2d(32, 64, 3, stride=2, padding=1)
        self.conv3 = nn.Conv2d(64, 128, 3, stride=2, padding=1)
        self.conv4 = nn.Conv2d(128, 128, 3, padding=2, dilation=2)
        self.conv5 = nn.Conv2d(128, 128, 3, padding=2, dilation=2)
        self.head = nn.Conv2d(128, 80, 1)

    def forward(self, x):
        x = torch.relu(self.conv2(torch.relu(self.conv1(x))))
        x = torch.relu(self.conv5(torch.relu(self.conv4(torch.relu(self.conv3(x))))))
        return x.mean((2, 3)), self.head(x).amax((2, 3))


def labels(captions):
    """[n, 80]: 1 where a caption names the pair."""
    present = torch.zeros(len(captions), len(PAIRS))
    for row, caption in enumerate(captions):
        for part in caption.replace(" and ", ", ").split(", "):
            present[row, PAIRS.index(part[2:])] = 1
    return present


def to_input(pictures):
    return torch.from_numpy(pictures).permute(0, 3, 1, 2).float().div(127.5).sub(1)


def train(net, pictures, present, seconds):
    optimizer = torch.optim.AdamW(net.parameters(), RATE, weight_decay=1e-2)
    start, step = time.time(), 0
    while (passed := time.time() - start) < seconds:
        for group in optimizer.param_groups:
            group["lr"] = RATE * (0.5 * (1 + np.cos(np.pi * min(1, passed / seconds))) + 0.003)
        chosen = np.random.default_rng(step).integers(0, len(pictures), BATCH)
        _, logits = net(to_input(pictures[chosen]))
        loss = nn.functional.binary_cross_entropy_with_logits(logits, present[chosen]) * len(PAIRS)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        step += 1
        if step % 200 == 0:
            print(f"{step} {passed:.0f}s {loss.item():.3f}", flush=True)


def evaluate(net, pictures, present):
    """Recall and precision of the pairs."""
    with torch.no_grad():
        found = torch.cat([net(to_input(pictures[j : j + 250]))[1] for j in range(0, len(pictures), 250)]) > 0
    right = (found & (present > 0)).sum()
    return right / present.sum(), right / found.sum()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=720, help="training time (the shipped network: 720)")
    parser.add_argument("--scenes", type=int, default=24000, help="number of training scenes (24000)")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", required=True, help="folder of feature_net.safetensors and feature_net.torchscript.pt")
    args = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(args.threads)
    pictures, captions = scenes(args.scenes, 3)
    net = FeatureNet()
    nn.init.constant_(net.head.bias, -4.0)  # few pairs are present
    train(net, pictures, labels(captions), args.seconds)
    net.eval()
    unseen, unseen_captions = scenes(2000, 4, "t10k")
    recall, precision = evaluate(net, unseen, labels(unseen_captions))
    print(f"recall {recall:.4f} precision {precision:.4f}")
    os.makedirs(args.out, exist_ok=True)
    save_file(
        {name: tensor.contiguous() for name, tensor in net.state_dict().items()},
        f"{args.out}/feature_net.safetensors",
        metadata={"labels": json.dumps(PAIRS), "recall": f"{recall:.4f}", "precision": f"{precision:.4f}"},
    )
    torch.jit.script(net).save(f"{args.out}/feature_net.torchscript.pt")


if __name__ == "__main__":
    main()
