"""Trace: what happened in some updates, step by step; plain numbers, as looks read them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Activation:
    """The outputs of one layer for one batch.

    Attributes:
        kind: The layer's class, such as ``"ReLU"``.
        mean: Of all outputs.
        spread: Their standard deviation.
        zero: The share of outputs that are exactly zero.
        dead: The share of units (columns, channels) that are zero for every sample of the batch.
        saturated: The share of outputs in the outer 5 % of the range of a bounded non-linearity; 0 for others.
        gradient: Root mean square of the loss's gradient with respect to the outputs; NaN if none came.
        finite: Whether all are.
    """

    kind: str
    mean: float
    spread: float
    zero: float
    dead: float
    saturated: float
    gradient: float
    finite: bool


@dataclass(frozen=True, kw_only=True)
class Weights:
    """One parameter at one update.

    Attributes:
        size: Its elements.
        norm: Euclidean norm before the update.
        gradient: Norm of the gradient that the update used; NaN if there was none.
        update: Norm of the change.
        finite: Whether weights and gradient are.
    """

    size: int
    norm: float
    gradient: float
    update: float
    finite: bool


@dataclass(frozen=True, kw_only=True)
class Moment:
    """One recorded update.

    Attributes:
        step: Updates done before it.
        loss: Of its batch.
        training: Whether the model was in training mode in the forward pass.
        activations: By layer name, in the order of the forward pass.
        weights: By parameter name.
        seconds: Since the first update.
    """

    step: int
    loss: float
    training: bool = True
    activations: Mapping[str, Activation] = field(default_factory=dict[str, Activation])
    weights: Mapping[str, Weights] = field(default_factory=dict[str, Weights])
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Trace:
    """A stretch of training.

    Attributes:
        losses: The loss of every update, before it.
        moments: The updates that were recorded in full.
        before: Loss and metrics by split before the first update: ``before["valid"]["loss"]``.
        after: The same after the last.
        diverged: Whether the loss left all bounds, which ended the stretch.
        error: What stopped it otherwise, one line; empty if nothing did.
    """

    losses: tuple[float, ...]
    moments: tuple[Moment, ...]
    before: Mapping[str, Mapping[str, float]]
    after: Mapping[str, Mapping[str, float]]
    diverged: bool = False
    error: str = ""

    def thinned(self, most: int) -> Trace:
        """Return the same with `most` of its moments, evenly spread, the first and the last among them."""
        last = len(self.moments) - 1
        kept = (
            sorted({round(last * k / max(1, most - 1)) for k in range(most)}) if last >= most else range(last + 1)
        )
        return replace(self, moments=tuple(self.moments[k] for k in kept))

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types; floats may be NaN (`core.plain.strict` nulls them)."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Trace:
        """Rebuild what `to_json` gave; null, which a file has in place of NaN, is NaN again."""
        moments = [
            Moment(
                **{
                    **_numbers(moment),
                    "activations": {n: Activation(**_numbers(a)) for n, a in moment["activations"].items()},
                    "weights": {n: Weights(**_numbers(w)) for n, w in moment["weights"].items()},
                }
            )
            for moment in data["moments"]
        ]
        judged = {
            name: {split: _numbers(measured) for split, measured in data[name].items()}
            for name in ("before", "after")
        }
        losses = tuple(math.nan if loss is None else loss for loss in data["losses"])
        return cls(**{**data, **judged, "losses": losses, "moments": tuple(moments)})


def _numbers(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: math.nan if value is None else value for name, value in values.items()}
