"""Trace: what happened in some updates, step by step; plain numbers, as looks and `watch` read them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


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
