"""Data blocks: whitening MNIST against bare linear algebra, augmenting CIFAR batches against work per sample."""

from __future__ import annotations

import gzip
import os
import time
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from statistics import median

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

from benchmarks.row import Row
from thalweg.data import InMemory, read_images
from thalweg.data.augment import augmented
from thalweg.data.preprocess import ZCA, Standardize

BATCH = 256
PADDING = 4
WHITENINGS = 3
BATCHES = 41


def rows() -> list[Row]:
    train, _ = read_images("mnist")
    mnist, images = torch.from_numpy(train.x), cifar()
    found = [
        _row(
            "whiten MNIST (fit and transform)",
            lambda: ZCA().fit(mnist).transform(mnist),
            "bare eigh and two passes",
            lambda: bare_whitening(mnist),
            rounds=WHITENINGS,
            goal=2,
        ),
        _row(
            f"augment {BATCH} CIFAR images",
            ours(images, "flip", "crop", "contrast", "tint"),
            "per sample, in a DataLoader",
            per_sample(images),
            rounds=BATCHES,
            goal=0.3,
        ),
    ]
    if find_spec("kornia"):
        batch, flip_and_crop = images.x[:BATCH], augmented(["flip", "crop"])
        theirs = kornia_flip_and_crop()
        found.append(
            _row(
                f"flip and crop {BATCH} CIFAR images",
                lambda: flip_and_crop(batch),
                "Kornia",
                lambda: theirs(batch),
                rounds=BATCHES,
                goal=1,
            )
        )
    return found


def bare_whitening(x: Tensor) -> Tensor:
    """Mean and covariance in one pass over memory, one eigh, one pass of projection; float64, nothing checked."""
    values = x.double()
    values -= values.mean(0)
    variance, axes = torch.linalg.eigh(values.T @ values / len(x))
    scale = variance.clamp(min=1e-5 * variance[-1]).rsqrt()
    return (values @ ((axes * scale) @ axes.T)).float()


def cifar() -> InMemory:
    """The CIFAR-10 subset's training images, standardized by channel."""
    root = os.environ.get("THALWEG_DATA")
    assert root, "THALWEG_DATA has to name the folder that holds cifar10-subset/train.bin.gz"
    with gzip.open(Path(root, "cifar10-subset", "train.bin.gz")) as file:
        records = torch.from_numpy(np.frombuffer(file.read(), np.uint8).reshape(-1, 3073).copy())
    x = records[:, 1:].reshape(-1, 3, 32, 32)
    return InMemory(Standardize("channel").fit(x).transform(x), records[:, 0].long())


def ours(images: InMemory, *names: str) -> Callable[[], object]:
    augment, index = augmented(list(names)), torch.arange(BATCH)

    def batch() -> tuple[Tensor, Tensor]:
        x, y = images.take(index)
        return augment(x), y

    return batch


class PerSample(Dataset[tuple[Tensor, Tensor]]):
    """The same four changes, one image at a time."""

    def __init__(self, images: InMemory) -> None:
        self.images = images

    def __len__(self) -> int:
        return BATCH

    def __getitem__(self, place: int) -> tuple[Tensor, Tensor]:
        x = self.images.x[place]
        if torch.rand(()).item() < 0.5:
            x = x.flip(-1)
        top, left = torch.randint(2 * PADDING + 1, (2,)).tolist()
        x = functional.pad(x, (PADDING,) * 4)[:, top : top + 32, left : left + 32]
        x = torch.lerp(x.mean(), x, 0.8 + 0.4 * torch.rand(()).item())
        return x + 0.1 * torch.randn(3, 1, 1), self.images.y[place]


def per_sample(images: InMemory) -> Callable[[], object]:
    loader = DataLoader(PerSample(images), batch_size=BATCH)
    return lambda: next(iter(loader))


def kornia_flip_and_crop() -> nn.Module:
    kornia = import_module("kornia.augmentation")
    return nn.Sequential(kornia.RandomHorizontalFlip(), kornia.RandomCrop((32, 32), padding=PADDING))


def _row(
    suite: str, mine: Callable[[], object], peer: str, theirs: Callable[[], object], *, rounds: int, goal: float
) -> Row:
    for call in (mine, theirs):
        call()
    times = [(_seconds(mine), _seconds(theirs)) for _ in range(rounds)]
    return Row(
        suite=suite,
        ours=1e3 * median(us for us, _ in times),
        unit="ms",
        goal=goal,
        peer=peer,
        theirs=1e3 * median(them for _, them in times),
        ratio=median(us / them for us, them in times),
    )


def _seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started
