"""What the laws are tried on: every module that ``thalweg.nn`` exports, made by the names of its arguments."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from thalweg import nn
from thalweg.core.errors import ModelError
from thalweg.nn.loss import Loss

BATCH, FEATURES, CLASSES = 8, 6, 5
COUNTS = [5, 1, 0, 2, 7]


def rotation() -> torch.nn.Module:
    """A branch that keeps the second moment and is uncorrelated with its input: a quarter turn of each pair."""
    turn = torch.nn.Linear(FEATURES, FEATURES, bias=False)
    quarter = torch.tensor([[0.0, -1.0], [1.0, 0.0]])
    torch.nn.init.zeros_(turn.weight).data += torch.block_diag(*[quarter] * (FEATURES // 2))
    return turn


ARGUMENTS: dict[str, Callable[[], Any]] = {
    "in_features": lambda: FEATURES,
    "out_features": lambda: 4,
    "pieces": lambda: 3,
    "module": rotation,
    "counts": lambda: COUNTS,
}
TARGETS: dict[str, Callable[[], Tensor]] = {
    "labels": lambda: torch.arange(BATCH) % CLASSES,
    "marks": lambda: (torch.arange(BATCH * CLASSES).reshape(BATCH, CLASSES) % 3 == 0).float(),
}
HEADS: dict[str, Callable[[], torch.nn.Module]] = {
    "scores": lambda: torch.nn.Linear(FEATURES, CLASSES),
    "tree": lambda: nn.HierarchicalSoftmax(FEATURES, COUNTS),
}


def exported() -> list[type[torch.nn.Module]]:
    """Every module class of the package that is not abstract."""
    found = [getattr(nn, name) for name in nn.__all__]
    modules = [cls for cls in found if isinstance(cls, type) and issubclass(cls, torch.nn.Module)]
    return [cls for cls in modules if not inspect.isabstract(cls)]


def build(cls: type[torch.nn.Module], **settings: Any) -> torch.nn.Module:
    """Make one; an argument without a default has to be among `ARGUMENTS`."""
    needed = [
        name
        for name, parameter in inspect.signature(cls).parameters.items()
        if parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    ]
    return cls(**{name: ARGUMENTS[name]() for name in needed} | settings)


def accepted(loss: Loss) -> list[tuple[str, str]]:
    """Return the pairs of head and target that a loss takes; it refuses the others with an error of ours."""
    pairs: list[tuple[str, str]] = []
    for head, make_head in HEADS.items():
        for target, make_target in TARGETS.items():
            output = make_head()(torch.zeros(BATCH, FEATURES))
            try:
                loss(output, make_target())
                pairs.append((head, target))
            except ModelError:
                continue
    return pairs


class Subject(torch.nn.Module):
    """A module under test from a batch of features to one tensor; a loss gets a head and targets."""

    def __init__(self, cls: type[torch.nn.Module], **settings: Any) -> None:
        super().__init__()
        self.block = build(cls, **settings)
        if isinstance(self.block, Loss):
            ((head, target),) = accepted(self.block)
            self.head = HEADS[head]()
            self.register_buffer("target", TARGETS[target]())

    def forward(self, x: Tensor) -> Tensor:
        if isinstance(self.block, Loss):
            return self.block(self.head(x), self.target)
        output = self.block(x)
        return output if isinstance(output, Tensor) else output.log_probs()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test every module as `any_block`, those with a gain as `any_layer`, the losses as `any_loss`."""
    for kind, classes in kinds().items():
        if kind in metafunc.fixturenames:
            metafunc.parametrize(kind, classes, ids=[cls.__name__ for cls in classes])


def kinds() -> dict[str, list[type[torch.nn.Module]]]:
    every = exported()
    layers = [cls for cls in every if hasattr(cls, "gain")]
    return {"any_block": every, "any_layer": layers, "any_loss": [cls for cls in every if issubclass(cls, Loss)]}


@pytest.fixture
def subject(request: pytest.FixtureRequest) -> Callable[..., Subject]:
    """Make the module of the test ready to run, its random weights by a seed."""
    (block,) = (request.getfixturevalue(kind) for kind in kinds() if kind in request.fixturenames)

    def make(*, seed: int = 0, **settings: Any) -> Subject:
        torch.manual_seed(seed)
        return Subject(block, **settings).double()

    return make


@pytest.fixture
def everything() -> torch.nn.ModuleDict:
    """All exported modules, by name."""
    torch.manual_seed(0)
    return torch.nn.ModuleDict({cls.__name__: Subject(cls) for cls in exported()}).double()


@pytest.fixture
def x() -> Tensor:
    """A batch of features."""
    return torch.randn(BATCH, FEATURES, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
