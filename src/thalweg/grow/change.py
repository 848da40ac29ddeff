"""Change: one growth as plain data, so that a grown net can be built again from the problem's own."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from thalweg.core.errors import CheckpointError, OutputError
from thalweg.grow.deeper import deepen
from thalweg.grow.growth import Growth
from thalweg.grow.trace import Example
from thalweg.grow.wider import widen
from thalweg.problems import Problem
from thalweg.problems.lazy import build_model

FILE = "grown.json"
FORMAT = 1


@dataclass(frozen=True, kw_only=True)
class Change:
    """One layer made wider, or one put behind it.

    Attributes:
        layer: Its name in the net as it was then.
        width: Its new units; ``None`` for a new layer behind it.
        noise: As `wider` and `deeper` take it.
        seed: Likewise.
    """

    layer: str
    width: int | None = None
    noise: float = 0.0
    seed: int = 0

    def grow(self, model: nn.Module, example: Example) -> Growth:
        """Return the model grown by it.

        Raises:
            InputError: What `wider` and `deeper` raise.
        """
        if self.width is None:
            return deepen(model, self.layer, example, noise=self.noise, seed=self.seed)
        return widen(model, self.layer, self.width, example, noise=self.noise, seed=self.seed)


def example_of(problem: Problem) -> torch.Tensor:
    """Return the inputs of two training samples, on which its net can be traced."""
    return problem.train.take(torch.arange(min(2, len(problem.train))))[0]


def changed(problem: Problem, changes: Sequence[Change]) -> Problem:
    """Return the problem with a net of the grown form and fresh weights.

    Args:
        problem: With the net of the start.
        changes: In order.

    Example:
        >>> from thalweg.problems import load
        >>> larger = changed(load("digits/mlp-1"), [Change(layer="1", width=96)])
        >>> larger.model()[1].out_features
        96
    """
    if not changes:
        return problem
    grown = copy(problem)
    object.__setattr__(grown, "model", _factory(problem, tuple(changes)))
    return grown


def _factory(problem: Problem, changes: Sequence[Change]) -> Callable[[], nn.Module]:
    def make() -> nn.Module:
        model = build_model(problem)
        for change in changes:
            model = change.grow(model, example_of(problem)).model
        return model

    return make


def write_changes(folder: str | Path, changes: Sequence[Change]) -> None:
    """Write changes to a checkpoint's folder, so that its weights find their net again.

    Raises:
        OutputError: The folder cannot be written to.
    """
    text = json.dumps({"format": FORMAT, "changes": [asdict(change) for change in changes]}, indent=2)
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        Path(folder, FILE).write_text(text, "utf-8")
    except OSError as error:
        raise OutputError(
            "What grew cannot be written down.", got=str(error), remedy="choose another folder"
        ) from error


def read_changes(folder: str | Path) -> list[Change]:
    """Return what `write_changes` wrote; none for the folder of a net that never grew.

    Raises:
        CheckpointError: The file cannot be read.
    """
    path = Path(folder, FILE)
    if not path.exists():
        return []
    try:
        data: dict[str, Any] = json.loads(path.read_text("utf-8"))
        if data["format"] != FORMAT:
            raise ValueError(f"format {data['format']}, not {FORMAT}")
        return [Change(**change) for change in data["changes"]]
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"{path} does not say what grew.", got=str(error)) from error
