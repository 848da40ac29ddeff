"""Growing: how long it takes to widen or deepen a ResNet-18-like net, its function checked on an image."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.row import Row
from thalweg.grow import deeper, wider

REPEATS = 5
WIDTHS = (64, 128, 256, 512)


class Block(nn.Module):
    """Two convolutions beside an identity, or beside a projection where the width changes."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        stride = 1 if inputs == outputs else 2
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        projection = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))
        self.project = nn.Identity() if inputs == outputs else projection

    def forward(self, x: Tensor) -> Tensor:
        y = functional.relu(self.norm1(self.conv1(x)))
        return functional.relu(self.norm2(self.conv2(y)) + self.project(x))


def resnet18() -> nn.Module:
    """The 18 layers of He et al. 2016 for images of 32 x 32."""
    stem = [nn.Conv2d(3, 64, 3, padding=1, bias=False), nn.BatchNorm2d(64), nn.ReLU()]
    pairs = zip((64, *WIDTHS), WIDTHS, strict=False)
    blocks = [block for inputs, outputs in pairs for block in (Block(inputs, outputs), Block(outputs, outputs))]
    return nn.Sequential(*stem, *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10))


def rows() -> list[Row]:
    torch.manual_seed(0)
    model, x = resnet18(), torch.randn(1, 3, 32, 32)
    tasks: dict[str, Callable[[], nn.Module]] = {
        "wider, a layer inside a block": lambda: wider(model, "5.conv1", 256, x),
        "wider, a whole residual stage": lambda: wider(model, "6.conv2", 192, x),
        "deeper, behind a block's first": lambda: deeper(model, "5.conv1", x),
    }
    return [
        Row(suite=f"grow: {name}", ours=median(_seconds(task) for _ in range(REPEATS)), unit="s", goal=1.0)
        for name, task in tasks.items()
    ]


def _seconds(task: Callable[[], object]) -> float:
    started = time.perf_counter()
    task()
    return time.perf_counter() - started
