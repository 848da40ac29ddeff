"""Sharpness: the curvature of the loss along the step that was made, from one Hessian-vector product."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from thalweg.curvature.along import Along, along
from thalweg.watch.shadow import again, mapped, shadow, unheard
from thalweg.watch.update import Call, Update, tensors

WATCHED, UPDATES = 40, 200
"""Watched updates, and updates in all, from one measurement to the next at least: it takes as long as four."""

SAME = 0.01
"""Relative difference up to which a loss that is computed again is that which was heard."""


class Sharpness:
    """Measures some of the watched updates.

    The batch is passed through a copy of the model again, with the weights of before and the same random numbers.

    Args:
        model: The model.
        loss: What is computed of its outputs; of another kind than a function only the model's own loss is known.
        every: Updates between two watched ones.

    Attributes:
        obstacle: Why it cannot be measured; empty if it can.
    """

    def __init__(self, model: nn.Module, loss: Any, every: int) -> None:
        self._model, self._loss, self._every = model, loss, every
        self._next = 0
        self.obstacle = ""

    def due(self, step: int) -> bool:
        """Return whether the update after `step` others is to be measured."""
        return not self.obstacle and step >= self._next

    def measure(self, update: Update) -> None:
        """Add to an update's numbers what it was along its own step, if it is due and can be known."""
        if not self.due(update.step) or update.at_outset is None:
            return
        self._next = update.step + max(UPDATES, WATCHED * self._every)
        try:
            found = self._along(update)
        except Exception as error:  # of models that cannot be copied, or have no second derivatives
            self.obstacle = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
            return
        if found is None:
            return
        values = {"sharpness": found.sharpness}
        if found.slope < 0:  # momentum may take a step uphill, which has no bottom
            values |= {"sharpness limit": found.limit, "overshoot": found.overshoot}
        update.numbers |= {name: value for name, value in values.items() if math.isfinite(value)}

    def _along(self, update: Update) -> Along | None:
        one = len(update.passes) == 1 and len(update.losses) == 1 and update.backwards == 1
        if not one or not update.undone:
            return None
        first, loss = update.passes[0], update.losses[0]
        if not (first.untouched and loss.untouched):
            return None
        model = shadow(self._model)
        names = [name for name, _ in model.named_parameters() if name in update.undone]
        parameters = [p for name, p in model.named_parameters() if name in update.undone]
        with torch.no_grad():
            for name, p in zip(names, parameters, strict=True):
                p.add_(update.undone[name])
        with unheard(update.at_outset):
            value = self._again(model, first, loss)
            heard = float(loss.result.detach())
            if value is None or not abs(float(value.detach()) - heard) <= SAME * abs(heard):
                return None
            return along(value, parameters, [-update.undone[name] for name in names])

    def _again(self, model: nn.Module, first: Call, loss: Call) -> Tensor | None:
        """Return the loss of the same batch, with a graph that belongs to the copy."""
        function: Any = shadow(self._loss) if isinstance(self._loss, nn.Module) else self._loss
        rest = [function] if isinstance(function, nn.Module) else []
        output, careful = again(model, first, *rest)
        own = output.get("loss") if isinstance(output, dict) else output if first.method != "__call__" else None
        if first.method != "__call__" or not loss.inputs or not callable(self._loss):
            return own
        table = dict(zip(map(id, tensors(first.result)), tensors(output), strict=True))
        missing: list[Tensor] = []

        def of(leaf: Tensor) -> Tensor:
            if id(leaf) in table:
                return table[id(leaf)]
            if id(leaf._base) in table:
                return table[id(leaf._base)].as_strided(leaf.size(), leaf.stride(), leaf.storage_offset())
            if leaf.requires_grad:
                missing.append(leaf)
            return leaf

        inputs, keywords = mapped(loss.inputs, of), mapped(dict(loss.keywords), of)
        with careful:
            return None if missing else function(*inputs, **keywords)
