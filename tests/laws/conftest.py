"""What the laws are tried on: a model of awkward shapes, and every pair of options."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations, product

import numpy as np
import pytest
import torch
from torch import Tensor

from thalweg.formula import Option
from thalweg.rules import options

SHAPES = {"matrix": (3, 4), "turned": (5, 2), "vector": (7,), "number": (), "empty": (0, 3)}


class Model:
    """Parameters of many shapes (one transposed in memory), with gradients that depend on the step alone."""

    def __init__(self, dtype: torch.dtype = torch.float64) -> None:
        self.dtype = dtype
        self.named = {name: torch.nn.Parameter(value) for name, value in self._draw(0).items()}
        self.params = list(self.named.values())

    def gradients(self, step: int) -> dict[str, Tensor]:
        return self._draw(step)

    def feed(self, step: int, *, without: Sequence[str] = ()) -> None:
        """Set the gradients of the step; those named get none."""
        for name, g in self.gradients(step).items():
            self.named[name].grad = None if name in without else g

    def bits(self) -> dict[str, Tensor]:
        return {name: p.detach().clone() for name, p in self.named.items()}

    def _draw(self, step: int) -> dict[str, Tensor]:
        rng = np.random.default_rng(step)
        values = {name: torch.from_numpy(np.asarray(rng.normal(size=shape))) for name, shape in SHAPES.items()}
        values["turned"] = values["turned"].t().contiguous().t()
        return {name: value.to(self.dtype) for name, value in values.items()}


def pairwise(switches: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Yield sets of switches that are on, so that every two of them meet in all four settings (greedy)."""
    todo = {((a, i), (b, j)) for a, b in combinations(switches, 2) for i, j in product((False, True), repeat=2)}
    rows = [dict(zip(switches, row, strict=True)) for row in product((False, True), repeat=len(switches))]

    def met(row: dict[str, bool]) -> set[tuple[tuple[str, bool], tuple[str, bool]]]:
        return todo & set(combinations(row.items(), 2))

    while todo:
        best = max(rows, key=lambda row: len(met(row)))
        todo -= met(best)
        yield tuple(name for name, on in best.items() if on)


def setting(option: Option) -> float | bool:
    """Return a setting at which the option does something: a switch on, a little penalty, a tight limit."""
    if not option.hypers:
        return True
    return 0.8 if option.neutral == math.inf else 0.1


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test that asks for `setting` every row of the pairwise covering, as hyper-parameters."""
    if "setting" in metafunc.fixturenames:
        rows = list(pairwise([option.name for option in options]))
        active = {option.name: setting(option) for option in options}
        settings = [{name: active[name] for name in row} for row in rows]
        metafunc.parametrize("setting", settings, ids=["+".join(row) or "plain" for row in rows])


@pytest.fixture
def make_model() -> Callable[..., Model]:
    """The class of models that the laws are tried on."""
    return Model


@pytest.fixture
def covering() -> Callable[[Sequence[str]], Iterator[tuple[str, ...]]]:
    """The generator behind `setting`."""
    return pairwise
