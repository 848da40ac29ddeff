"""Pictures: what was measured of a loop, as plain data that a page draws."""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import fmean

from thalweg.check.experiments.units import DEAD, SATURATED
from thalweg.check.pictures import ENDS, by_layer, curves
from thalweg.core.picture import Picture
from thalweg.watch.watched import Point, Watched

CURVES = {
    "Loss": (("training", "loss"),),
    "Norm of the gradient": (("gradient", "gradient"),),
    "How far an update goes": (("update", "update ratio"),),
    "Sharpness along the step": (("sharpness", "sharpness"), ("limit", "sharpness limit")),
    "Gradient noise scale": (("noise scale", "gradient noise"),),
    "Learning rate": (("learning rate", "learning rate"),),
}
"""Titles of curves, and which quantities they show under which names."""

UNITS = {
    "Loss": "training loss",
    "Norm of the gradient": "norm",
    "How far an update goes": "change over weights",
    "Sharpness along the step": "curvature",
    "Gradient noise scale": "samples",
    "Learning rate": "learning rate",
}

CAPTIONS = {
    "How far an update goes": "About 0.001 is usual.",
    "Sharpness along the step": "Above the limit, which is 2/lr for gradient descent, a step raises the loss of "
    "its own batch.",
    "Gradient noise scale": "Batches far above it hardly improve an update. Of the last linear layer; gaps: no "
    "signal seen above the noise.",
}

LAYERS = {
    "Dead units by layer": ("dead", "share of units", DEAD),
    "Saturated outputs by layer": ("saturated", "share of outputs", SATURATED),
    "Spread of outputs by layer": ("spread", "standard deviation", None),
    "Gradient that comes back, by layer": ("returned", "root mean square", None),
    "How far an update goes, by parameter": ("change", "change over weight", None),
}
"""Titles of pictures by layer: the quantity, what its values are, and the threshold of its finding."""


def pictures(watched: Watched) -> Iterator[Picture]:
    """Yield a picture of every quantity that was measured."""
    for title, shown in CURVES.items():
        lines = {name: watched.curve(quantity) for name, quantity in shown}
        lines = {name: line for name, line in lines.items() if len(line) > 1}
        if title == "Learning rate" and len({value for line in lines.values() for _, value in line}) < 2:
            continue
        if lines:
            yield curves(title, lines, y=UNITS[title], caption=CAPTIONS.get(title, ""))
    for title, (quantity, unit, threshold) in LAYERS.items():
        lines = {when: _averaged(points, quantity) for when, points in _ends(watched).items()}
        if any(lines.values()):
            yield by_layer(title, lines, y=unit, threshold=threshold)


def _ends(watched: Watched) -> dict[str, tuple[Point, ...]]:
    """The first and the last points, under their names."""
    if len(watched.points) < 2 * ENDS:
        return (
            {"at the start": watched.points[:1], f"at update {watched.points[-1].step}": watched.points[-1:]}
            if (watched.points)
            else {}
        )
    return {
        "at the start": watched.points[:ENDS],
        f"up to update {watched.points[-1].step}": watched.points[-ENDS:],
    }


def _averaged(points: tuple[Point, ...], quantity: str) -> dict[str, float]:
    found: dict[str, list[float]] = {}
    for point in points:
        for key, value in point.numbers.items():
            kind, _, name = key.partition("/")
            if kind == quantity and name and math.isfinite(value):
                found.setdefault(name, []).append(_relative(point, name, value) if kind == "change" else value)
    return {name: fmean(values) for name, values in found.items()}


def _relative(point: Point, name: str, change: float) -> float:
    weight = point.numbers.get(f"weight/{name}", 0.0)
    return change / weight if weight else 0.0
