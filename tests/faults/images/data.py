"""Images as most programs have them: small parts of real data sets, floats in [0, 1], channels first."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from thalweg.data import Labelled, digits, read_images
from thalweg.data.cifar import cifar_subset
from thalweg.problems import Problem

SHAPES = {"digits": (1, 8, 8), "mnist": (1, 28, 28), "fashion-mnist": (1, 28, 28), "cifar10-subset": (3, 32, 32)}
BRIGHTEST = {"digits": 16}


class Images(NamedTuple):
    """Training and validation, drawn from the same samples; labels are 0 to 9."""

    x: Tensor
    y: Tensor
    xv: Tensor
    yv: Tensor

    def of_inputs(self, change: Callable[[Tensor], Tensor]) -> Images:
        """Return the same with changed inputs of both splits."""
        return self._replace(x=change(self.x), xv=change(self.xv))

    def problem(self, model: Callable[[], nn.Module], **options: Any) -> Problem:
        """Return the problem of these images: cross-entropy unless `options` say otherwise."""
        settings: dict[str, Any] = {"name": "images", "loss": nn.CrossEntropyLoss(), "batch_size": 64, "epochs": 5}
        return Problem(model=model, train=(self.x, self.y), valid=(self.xv, self.yv), **settings | options)


@cache
def images(name: str, n: int, valid: int = 1000, seed: int = 0) -> Images:
    """Return `n` images to train on and `valid` others, drawn at random from the training part of a data set."""
    whole = _read(name)
    chosen = np.random.default_rng(seed).permutation(len(whole))[: n + valid]
    part = whole[chosen]
    x = torch.from_numpy(part.x).float().reshape(-1, *SHAPES[name]) / BRIGHTEST.get(name, 255)
    y = torch.from_numpy(part.y).long()
    return Images(x[:n], y[:n], x[n:], y[n:])


def standardized(images: Images) -> Images:
    """Return the images with mean 0 and spread 1, measured on training."""
    mean, std = images.x.mean(), images.x.std()
    return images.of_inputs(lambda x: (x - mean) / std)


@cache
def _read(name: str) -> Labelled:
    if name == "digits":
        return digits()
    return cifar_subset()[0] if name == "cifar10-subset" else read_images(name)[0]
