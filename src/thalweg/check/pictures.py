"""Pictures: what looks and traces have measured, as plain data that a page draws."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from statistics import fmean

import torch
from torch import Tensor

from thalweg.check.trace import Activation, Moment, Trace
from thalweg.core.picture import Kind, Mark, Picture, Scale, Series

BINS = 48
"""Of a histogram."""

ENDS = 5
"""Updates at the start and at the end over which values by layer are averaged."""

WIDE = 10.0
"""Times the least value that the greatest has to be for a log scale."""

Curve = Sequence[tuple[float, float]]


def rate_ladder(ends: Mapping[float, float], own: float, *, updates: int, start: float | None = None) -> Picture:
    """Return the loss at the end of runs that differ by their learning rate.

    Args:
        ends: By rate; what is not finite diverged.
        own: The user's rate.
        updates: Of each run.
        start: The loss before any.
    """
    rates = sorted(ends)
    series = Series(name="loss", x=tuple(rates), y=tuple(ends[rate] for rate in rates))
    lost = "" if all(map(math.isfinite, series.y)) else " A cross is a run that diverged."
    level = () if start is None else (Mark(at=start, name="at the start"),)
    return Picture(
        kind=Kind.LADDER,
        title="Loss by learning rate",
        x="learning rate",
        y="training loss",
        series=(series,),
        scale=_scale("loss", [series]),
        marks=(Mark(at=own, name="yours", upright=True), *level),
        caption=f"After {updates} updates from the same seed.{lost}",
    )


def curves(title: str, lines: Mapping[str, Curve], *, y: str, x: str = "update", caption: str = "") -> Picture:
    """Return curves.

    Args:
        title: What they show.
        lines: By name, pairs of place and value.
        y: What the values are; a share of one if it is called an accuracy or a share.
        x: What the places are.
        caption: How to read them.
    """
    series = [
        Series(name=name, x=tuple(at for at, _ in line), y=tuple(value for _, value in line))
        for name, line in lines.items()
        if line
    ]
    return Picture(
        kind=Kind.CURVES, title=title, x=x, y=y, series=tuple(series), scale=_scale(y, series), caption=caption
    )


def by_layer(
    title: str,
    lines: Mapping[str, Mapping[str, float]],
    *,
    y: str,
    threshold: float | None = None,
    caption: str = "",
) -> Picture:
    """Return one value a layer, for one or several moments.

    Args:
        title: What it shows.
        lines: By name, such as ``"at the start"``, the value of each layer in the order of the net.
        y: What the values are; a share of one if it is called a share.
        threshold: The value that is compared with.
        caption: How to read it.
    """
    series = [Series(name=name, x=tuple(line), y=tuple(line.values())) for name, line in lines.items()]
    marks = () if threshold is None else (Mark(at=threshold, name="threshold"),)
    return Picture(
        kind=Kind.LAYERS,
        title=title,
        x="layer",
        y=y,
        series=tuple(series),
        scale=_scale(y, series),
        marks=marks,
        caption=caption,
    )


def histograms(title: str, values: Mapping[str, Tensor], *, x: str = "output", caption: str = "") -> Picture:
    """Return the distribution of some tensors, one for each layer.

    Args:
        title: What it shows.
        values: By layer, numbers of any shape; what is not finite is left out.
        x: What is counted.
        caption: How to read it.
    """
    series = [
        _histogram(name, own[own.isfinite()])
        for name, one in values.items()
        if (own := one.detach().float()).numel()
    ]
    return Picture(kind=Kind.HISTOGRAMS, title=title, x=x, y="share", series=tuple(series), caption=caption)


def bars(title: str, counts: Mapping[str, float], *, x: str, y: str, caption: str = "") -> Picture:
    """Return a number for each of some names, such as samples by class."""
    series = (Series(name=y, x=tuple(counts), y=tuple(counts.values())),)
    return Picture(kind=Kind.BARS, title=title, x=x, y=y, series=series, scale=_scale(y, []), caption=caption)


def dead_units(trace: Trace, threshold: float | None = None) -> Picture:
    """Return the share of units that are zero for every sample of a batch, by layer with a rectifier."""
    lines = _of_activations(trace, lambda one: one.dead, lambda _, one: "ReLU" in one.kind)
    return by_layer("Dead units by layer", lines, y="share of units", threshold=threshold)


def saturated_outputs(trace: Trace, threshold: float | None = None) -> Picture:
    """Return the share of outputs at the ends of their range, by layer that has some there."""
    having = {name for moment in trace.moments for name, one in moment.activations.items() if one.saturated > 0}
    lines = _of_activations(trace, lambda one: one.saturated, lambda name, _: name in having)
    return by_layer("Saturated outputs by layer", lines, y="share of outputs", threshold=threshold)


def spreads(trace: Trace) -> Picture:
    """Return the standard deviation of every layer's outputs."""
    lines = _of_activations(trace, lambda one: one.spread, lambda *_: True)
    return by_layer("Spread of outputs by layer", lines, y="standard deviation")


def losses(trace: Trace) -> Picture:
    """Return the loss of every update."""
    line = [(step, loss) for step, loss in enumerate(trace.losses)]
    return curves("Loss of each batch", {"training": line}, y="training loss")


def gradients(trace: Trace) -> Picture:
    """Return norm of gradient over norm of weight, of every parameter but biases, in the order of the model."""
    lines = {
        name: _averaged(
            moments, lambda moment: {n: w.gradient / w.norm for n, w in moment.weights.items() if w.norm}
        )
        for name, moments in _ends(trace).items()
    }
    kept = {name: {key: value for key, value in line.items() if "bias" not in key} for name, line in lines.items()}
    return by_layer("Gradient by depth", kept, y="gradient over weight")


def _of_activations(
    trace: Trace, read: Callable[[Activation], float], wanted: Callable[[str, Activation], bool]
) -> dict[str, dict[str, float]]:
    def of(moment: Moment) -> dict[str, float]:
        return {name: read(one) for name, one in moment.activations.items() if wanted(name, one)}

    return {name: _averaged(moments, of) for name, moments in _ends(trace).items()}


def _ends(trace: Trace) -> dict[str, Sequence[Moment]]:
    """Return the first and the last moments of a trace, under their names."""
    if len(trace.moments) < 2 * ENDS:
        return {"at the start": trace.moments[:1], f"after {len(trace.losses)} updates": trace.moments[-1:]}
    return {"at the start": trace.moments[:ENDS], f"after {len(trace.losses)} updates": trace.moments[-ENDS:]}


def _averaged(moments: Sequence[Moment], read: Callable[[Moment], Mapping[str, float]]) -> dict[str, float]:
    found: dict[str, list[float]] = {}
    for moment in moments:
        for name, value in read(moment).items():
            found.setdefault(name, []).append(value)
    return {name: fmean(values) for name, values in found.items()}


def _scale(y: str, series: Sequence[Series]) -> Scale:
    if "share" in y or "accuracy" in y:
        return Scale.SHARE
    known = [value for one in series for value in one.y if math.isfinite(value)]
    return Scale.LOG if known and max(known) > WIDE * min(known) > 0 else Scale.LINEAR


def _histogram(name: str, values: Tensor) -> Series:
    values = values.flatten()
    low, high = (values.min().item(), values.max().item()) if len(values) else (0.0, 1.0)
    half = (high - low) / 2 / BINS or 0.5 / BINS
    counts = torch.histc(values, BINS, low - half, high + half) if len(values) else torch.zeros(BINS)
    places = torch.linspace(low - half, high + half, 2 * BINS + 1)[1::2]
    return Series(name=name, x=tuple(places.tolist()), y=tuple((counts / max(1, len(values))).tolist()))
