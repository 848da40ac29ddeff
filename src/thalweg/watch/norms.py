"""Norms: of weights, gradients and changes in one update, in as few operations as can be."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from thalweg.watch.update import Update

# One call for many tensors; torch's own optimizers and clipping stand on these.
_copy, _subtract, _norm = torch._foreach_copy_, torch._foreach_sub_, torch._foreach_norm  # pyright: ignore


class Norms:
    """Measures ``weight``, ``gradient`` and ``change`` of parameters, and what was left in gradients.

    Args:
        parameters: Those of the updates. A copy of them is kept: to make one anew takes longer than to fill it.
    """

    def __init__(self, parameters: list[nn.Parameter]) -> None:
        self._parameters = parameters
        self._before = [torch.empty_like(p, requires_grad=False) for p in parameters]

    def start(self, update: Update) -> None:
        """Measure the update that comes."""
        self._update, self._backwards, self._with_gradient = update, 0, list[str]()
        self._there: list[Tensor] = []

    def backward_begins(self) -> None:
        """Measure what gradients hold before this batch's are added."""
        update = self._update
        pairs = zip(self._parameters, update.held.values(), strict=True)
        there = [g for p, held in pairs if held and (g := p.grad) is not None]  # others nobody has to clear
        if there:
            if update.left is not None:
                update.left.append(_total(there))
            self._there = there
        else:
            update.left, update.fresh = None, update.fresh + 1

    def step_begins(self) -> None:
        """Measure what the step starts from."""
        self._backwards = self._update.backwards
        self._gradients()
        if self.comparable():
            _copy(self._before, [p.detach() for p in self._parameters])
            self._keep("weight", list(self._update.named), _norms(self._before))

    def step_ended(self) -> None:
        """Measure what it has changed; gradients here if the step computed them, by a closure."""
        update = self._update
        if update.backwards != self._backwards:
            self._gradients()
        if self.comparable():
            _subtract(self._before, [p.detach() for p in self._parameters])
            self._keep("change", list(update.named), _norms(self._before))
            update.undone = dict(zip(update.named, self._before, strict=True))

    def stop(self) -> None:
        """Let go of the update, and of all that it holds."""
        self._update, self._there = Update(0, {}, {}), []

    def comparable(self) -> bool:
        """Whether the parameters have the form of their copies; a loop may move or cast a model under way."""
        pairs = zip(self._before, self._parameters, strict=True)
        same = (a.shape == b.shape and a.dtype == b.dtype and a.device == b.device for a, b in pairs)
        return bool(self._before) and all(same)

    def _gradients(self) -> None:
        named = {name: p.grad for name, p in self._update.named.items() if p.grad is not None}
        self._with_gradient = list(named)
        added = any(g is old for g in named.values() for old in self._there)  # not one put in its place
        if self._update.left and not added:
            self._update.left = None
        self._keep("gradient", self._with_gradient, _norms([_dense(g.detach()) for g in named.values()]))

    def _keep(self, quantity: str, names: Sequence[str], found: Sequence[Tensor]) -> None:
        self._update.scalars.update({f"{quantity}/{n}": one for n, one in zip(names, found, strict=True)})

    def derive(self, numbers: dict[str, float]) -> None:
        """Add what follows: the whole norms, and how far the update went.

        Args:
            numbers: Those of the update.
        """
        update = self._update
        found = [numbers[f"gradient/{name}"] for name in self._with_gradient]
        came = any(value > 0 for name, value in numbers.items() if name.startswith("returned/"))
        update.cleared = update.backwards > 0 and not any(found) and came
        if found:
            numbers["gradient"] = math.hypot(*found)
        if self._before and f"weight/{next(iter(update.named))}" in numbers:
            numbers["weight"] = math.hypot(*[numbers[f"weight/{name}"] for name in update.named])
            change = [numbers.get(f"change/{name}", math.nan) for name in update.named]
            numbers["update ratio"] = math.hypot(*change) / numbers["weight"] if numbers["weight"] else math.nan


def _norms(found: Sequence[Tensor]) -> Sequence[Tensor]:
    """Return the Euclidean norms of some tensors."""
    if not found:
        return []
    real = [torch.view_as_real(one) if one.is_complex() else one for one in found]
    return _norm([one.float() if one.dtype.itemsize < 4 else one for one in real])


def _total(found: Sequence[Tensor]) -> Tensor:
    """Return the norm of all of them together."""
    parts = _norms([_dense(one.detach()) for one in found])
    return torch.linalg.vector_norm(torch.stack([one.double() for one in parts]))


def _dense(gradient: Tensor) -> Tensor:
    return gradient.coalesce().values() if gradient.is_sparse else gradient
