#!/usr/bin/env python3
"""Makes the small TorchScript files beside it: make.py (needs torch)."""
import os

import torch

HERE = os.path.dirname(os.path.abspath(__file__))


class Mean(torch.nn.Module):
    """The mean of each channel: something whose values one knows."""

    def forward(self, x):
        return x.to(torch.float32).mean([2, 3])


class Maps(torch.nn.Module):
    """Feature maps instead of features."""

    def forward(self, x):
        return x.to(torch.float32)[:, :, ::4, ::4]


class NotFinite(torch.nn.Module):
    """Features of a black picture are 0 / 0."""

    def forward(self, x):
        y = x.to(torch.float32).mean([2, 3])
        return y / y


class Wants(torch.nn.Module):
    """An argument that nothing can give."""

    def forward(self, x, temperature: float):
        return x.to(torch.float32).mean([2, 3]) * temperature


class Fails(torch.nn.Module):
    def forward(self, x):
        return x.to(torch.float32).reshape(x.shape[0], 7)


class OneRow(torch.nn.Module):
    """One row, however many pictures."""

    def forward(self, x):
        return x.to(torch.float32).mean([0, 2, 3])[None]


for module in (Mean, Maps, NotFinite, Wants, Fails, OneRow):
    torch.jit.save(torch.jit.script(module()), os.path.join(HERE, module.__name__.lower() + ".pt"))
