"""Enlarge: widen every hidden layer of a net by a factor, and put layers behind its last ones."""

from __future__ import annotations

import math
from collections.abc import Sequence

from torch import nn

from thalweg.core.errors import InputError, ModelError
from thalweg.grow.change import Change
from thalweg.grow.growth import Growth
from thalweg.grow.trace import Example
from thalweg.grow.wider import units


def enlarge(
    model: nn.Module,
    example: Example,
    *,
    wider: float = 1.0,
    deeper: int = 0,
    layers: Sequence[str] = (),
    noise: float = 0.0,
    seed: int = 0,
) -> tuple[Growth, list[Change]]:
    """Grow a whole net.

    Args:
        model: The net; it stays as it was.
        example: A batch of inputs.
        wider: What the units of every hidden layer are multiplied by, >= 1.
        deeper: How many layers to add, >= 0: behind the last hidden layer, the one before it, and so on, and then
            from the last again.
        layers: The names of those to grow; all that can if none is named.
        noise: As `wider` takes it.
        seed: Likewise.

    Returns:
        The growth, and its changes in order.

    Raises:
        InputError: Nothing to do, or a number below its bound.
        ModelError: No layer can be grown so; it says why not.

    Example:
        >>> net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
        >>> import torch
        >>> growth, changes = enlarge(net, torch.zeros(1, 4), wider=2, deeper=1)
        >>> [(change.layer, change.width) for change in changes]
        [('0', 16), ('0', None)]
    """
    if not (1 <= wider < math.inf and deeper >= 0) or (wider == 1 and deeper == 0):
        raise InputError(
            "There is nothing to grow.",
            got=f"{wider:g} times as wide, {deeper} layers deeper",
            expected="a finite factor above 1, or layers to add",
            remedy="a net never shrinks by growing"
            if wider < 1 or deeper < 0
            else "pass --wider 2, or --deeper 1",
        )
    builder = _Builder(model, example, noise, seed)
    if wider > 1:
        builder.widen(wider, layers)
    for _ in range(deeper):
        builder.deepen(layers)
    assert builder.growth is not None
    return builder.growth, builder.changes


class _Builder:
    def __init__(self, model: nn.Module, example: Example, noise: float, seed: int) -> None:
        self.model, self.example, self.noise, self.seed = model, example, noise, seed
        self.growth: Growth | None = None
        self.changes: list[Change] = []
        self.queue: list[str] | None = None

    def try_(self, layer: str, width: int | None) -> Growth | ModelError:
        change = Change(layer=layer, width=width, noise=self.noise, seed=self.seed + len(self.changes))
        try:
            step = change.grow(self.model, self.example)
        except ModelError as error:
            return error
        self.growth = step.after(self.growth) if self.growth else step
        self.model = step.model
        self.changes.append(change)
        return step

    def hidden(self, layers: Sequence[str]) -> dict[str, int]:
        """Layers with units, by name, or those that are named."""
        found = {name: count for name, module in self.model.named_modules() if (count := units(module))}
        return {name: found.get(name, 0) for name in layers} if layers else found

    def widen(self, factor: float, layers: Sequence[str]) -> None:
        done: set[str] = set()
        refused: list[ModelError] = []
        for name, count in self.hidden(layers).items():
            width = round(count * factor)
            if name in done or (width <= count and count):
                continue
            step = self.try_(name, width)
            if isinstance(step, ModelError):
                refused.append(step)
            else:
                done.update(step.layers)
        self.require(bool(done), "wider", layers, refused)

    def deepen(self, layers: Sequence[str]) -> None:
        """Put one layer behind the first in the queue that can have one; the new layer goes to its end."""
        if self.queue is None:
            self.queue = list(layers) or [*reversed(self.hidden(()))]
        refused: list[ModelError] = []
        for name in self.queue:
            step = self.try_(name, None)
            if not isinstance(step, ModelError):
                self.queue.remove(name)
                self.queue.append(step.layers[0])
                return
            refused.append(step)
        self.require(False, "deeper", layers, refused)

    def require(self, done: bool, how: str, layers: Sequence[str], refused: list[ModelError]) -> None:
        """Raise why nothing could be done, or a named layer could not."""
        if refused and (layers or not done):
            if len(refused) == 1:
                raise refused[0]
            raise ModelError(
                f"No layer of the net can be made {how}." if not done else f"Not every layer can be made {how}.",
                got="; ".join(f"{error.what} {error.got or ''}".strip() for error in refused),
                remedy="name one that can: --layer NAME",
            )
        if not done:
            raise ModelError(f"The net has no layer to make {how}.", expected="a linear layer or a convolution")
