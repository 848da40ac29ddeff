"""Learning curves: mean and band over the seeds of each optimizer."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from thalweg.compare import words
from thalweg.core.run import Epoch, Run
from thalweg.report.axes import Scale, scale
from thalweg.report.seats import Seat

Reading = Callable[[Epoch], float | None]


@dataclass(frozen=True)
class Point:
    """One epoch over the seeds that have a finite value there: mean, lowest and highest."""

    step: int
    mean: float
    low: float
    high: float


def average(runs: Iterable[Run], read: Reading) -> list[Point]:
    """Return the curve of runs that differ by their seed; a run that diverged counts until it did.

    Args:
        runs: Runs of one setting.
        read: What to take from an epoch.

    Returns:
        A point for each epoch at which any run has a finite value.
    """
    by_number: dict[int, list[tuple[int, float]]] = {}
    for run in runs:
        for epoch in run.epochs:
            value = read(epoch)
            if value is not None and math.isfinite(value):
                by_number.setdefault(epoch.number, []).append((epoch.step, value))
    points = []
    for _, found in sorted(by_number.items()):
        values = [value for _, value in found]
        points.append(Point(found[0][0], sum(values) / len(values), min(values), max(values)))
    return points


def figure(
    curves: Mapping[str, Sequence[Point]],
    seats: Mapping[str, Seat],
    *,
    metric: str,
    title: str,
    higher_is_better: bool = False,
    target: float | None = None,
) -> dict[str, Any]:
    """Return learning curves against the step as a Plotly figure.

    Args:
        curves: Line name to its points, as `average` gives them.
        seats: Line name to its looks.
        metric: The metric's name; it chooses scale and number format.
        title: The vertical axis in words.
        higher_is_better: The metric's direction.
        target: A value to mark by a dashed line.

    Returns:
        ``{"data": [...], "layout": {...}}``; ``data`` is empty if there is no point to show.
    """
    values = [value for points in curves.values() for p in points for value in (p.low, p.high)]
    placed = scale(metric, [*values, target], higher_is_better=higher_is_better)
    data = [
        trace for name, points in curves.items() if points for trace in _traces(name, points, placed, seats[name])
    ]
    last = max((point.step for points in curves.values() for point in points), default=0)
    layout = {
        "xaxis": {"title": {"text": "step"}, "range": [0, 1.02 * last or 1]},
        "yaxis": {"title": {"text": title}, **placed.axis()},
        **_target(placed, target),
    }
    return {"data": data, "layout": layout}


def _traces(name: str, points: Sequence[Point], placed: Scale, seat: Seat) -> list[dict[str, Any]]:
    banded = any(point.low < point.high for point in points)
    steps = [point.step for point in points]
    band = {
        "type": "scatter",
        "name": name,
        "x": [*steps, *reversed(steps)],
        "y": [*(placed.place(p.low) for p in points), *(placed.place(p.high) for p in reversed(points))],
        "fill": "toself",
        "fillcolor": seat.colour,
        "opacity": 0.13,
        "mode": "none",
        "hoverinfo": "skip",
    }
    line = {
        "type": "scatter",
        "name": name,
        "x": steps,
        "y": [placed.place(point.mean) for point in points],
        "text": [_said(placed.metric, point, banded=banded) for point in points],
        "hovertemplate": "<b>%{fullData.name}</b>, step %{x:,}<br>%{text}<extra></extra>",
        "mode": "lines+markers",
        "line": {"color": seat.colour, "width": 2, "dash": seat.dash},
        "marker": {"symbol": seat.symbol, "size": 7, "color": seat.colour, "maxdisplayed": 8},
    }
    return [band, line] if banded else [line]


def _said(metric: str, point: Point, *, banded: bool) -> str:
    mean = words.amount(metric, point.mean)
    if not banded:
        return mean
    return f"{mean} (seeds: {words.amount(metric, point.low)} to {words.amount(metric, point.high)})"


def _target(placed: Scale, target: float | None) -> dict[str, Any]:
    if target is None:
        return {}
    height = placed.place(target)
    line = {"color": "var(--ink-soft)", "width": 1.5, "dash": "dash"}
    note = {
        "text": f"target {words.amount(placed.metric, target)}",
        "y": math.log10(height) if placed.kind != "linear" and height else height,
        "x": 0,
        "xanchor": "left",
        "yanchor": "bottom",
        "xref": "paper",
        "showarrow": False,
        "font": {"color": "var(--ink-soft)"},
    }
    shape = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": height, "y1": height, "line": line}
    return {"shapes": [shape], "annotations": [note]}
