"""Lines: pictures whose places are numbers, over updates or over a setting."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from thalweg.core.picture import Picture, Series
from thalweg.core.wording import amount, rate
from thalweg.report.axes import Scale, log_ticks
from thalweg.report.placing import across, axis, placing, upright
from thalweg.report.seats import Seat

FEW = 20
"""Points up to which each is marked."""

LOST, ROOM = "diverged", 0.16
"""The name of the runs that have no value, and the share of the height above the others where they stand."""

Looks = Mapping[str, Seat]


def curves(picture: Picture, looks: Looks) -> dict[str, Any]:
    """Return lines over places that are numbers."""
    placed = placing(picture)
    data = [trace for series in picture.series for trace in _curve(series, placed, looks[series.name])]
    places = [x for series in picture.series for x in series.x if isinstance(x, int | float)]
    low, high = (min(places), max(places)) if places else (0, 1)
    pad = 0.02 * (high - low) or 0.5
    layout = {
        "xaxis": {"title": {"text": picture.x}, "range": [low - pad, high + pad]},
        "yaxis": {"title": {"text": picture.y}, **axis(placed)},
        **_marked(picture, placed, logarithmic=False),
    }
    return {"data": data, "layout": layout}


def ladder(picture: Picture, looks: Looks) -> dict[str, Any]:
    """Return outcomes over a setting on a log scale; what is not finite is a cross at the upper edge."""
    placed = placing(picture)
    along = [float(x) for series in picture.series for x in series.x]
    low, high = math.log10(min(along)), math.log10(max(along))
    pad = 0.05 * (high - low) or 0.2
    data: list[dict[str, Any]] = []
    for series in picture.series:
        data += _rungs(picture, series, placed, looks[series.name])
    layout = {
        "xaxis": {
            "type": "log",
            "title": {"text": picture.x},
            "range": [low - pad, high + pad],
            **log_ticks(10 ** (low - pad), 10 ** (high + pad)),
        },
        "yaxis": {"title": {"text": picture.y}, **_roomy(axis(placed), data)},
        **_marked(picture, placed, logarithmic=True),
    }
    return {"data": data, "layout": layout}


def _marked(picture: Picture, placed: Scale, *, logarithmic: bool) -> dict[str, Any]:
    """Return the marks as parts of a layout; those across are values, those upright places."""
    parts = [
        upright(mark.at, mark.name, logarithmic=logarithmic)
        if mark.upright
        else across(mark.at, mark.name, logarithmic=placed.kind == "log")
        for mark in picture.marks
    ]
    top = {"margin": {"t": 28}} if any(mark.upright for mark in picture.marks) else {}
    return {"shapes": [shape for shape, _ in parts], "annotations": [note for _, note in parts], **top}


def _curve(series: Series, placed: Scale, seat: Seat) -> list[dict[str, Any]]:
    line = {
        "type": "scatter",
        "name": series.name,
        "x": list(series.x),
        "y": [placed.place(value) for value in series.y],
        "text": [amount(placed.metric, value) for value in series.y],
        "hovertemplate": "<b>%{fullData.name}</b>, %{x}: %{text}<extra></extra>",
        "mode": "lines+markers" if len(series.x) <= FEW else "lines",
        "line": {"color": seat.colour, "width": 2, "dash": seat.dash},
        "marker": {"symbol": seat.symbol, "size": 6, "color": seat.colour},
    }
    if not series.low:
        return [line]
    band = {
        "type": "scatter",
        "name": series.name,
        "x": [*series.x, *reversed(series.x)],
        "y": [placed.place(value) for value in (*series.low, *reversed(series.high))],
        "fill": "toself",
        "fillcolor": seat.colour,
        "opacity": 0.13,
        "mode": "none",
        "hoverinfo": "skip",
    }
    return [band, line]


def _rungs(picture: Picture, series: Series, placed: Scale, seat: Seat) -> Iterable[dict[str, Any]]:
    pairs = [(float(x), y) for x, y in zip(series.x, series.y, strict=True)]
    kept, lost = ([pair for pair in pairs if math.isfinite(pair[1]) is finite] for finite in (True, False))
    common = {"type": "scatter", "name": series.name, "hovertemplate": "%{text}<extra></extra>"}
    yield common | {
        "x": [x for x, _ in kept],
        "y": [placed.place(y) for _, y in kept],
        "text": [f"{amount(placed.metric, y)} at {rate(x)}" for x, y in kept],
        "mode": "lines+markers",
        "line": {"color": seat.colour, "width": 2},
        "marker": {"symbol": "circle", "size": 8, "color": seat.colour},
    }
    if lost:
        yield common | {
            "name": LOST,
            "x": [x for x, _ in lost],
            "text": [f"diverged at {rate(x)}" for x, _ in lost],
            "mode": "markers",
            "marker": {"symbol": "x-thin-open", "size": 10, "color": "var(--warn)", "line": {"width": 2.5}},
        }


def _roomy(own: dict[str, Any], data: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return an axis with room above for the crosses of runs that diverged, which are placed there."""
    lost = [trace for trace in data if trace["name"] == LOST]
    low, high = own["range"]
    room = ROOM * (high - low) if lost else 0.0
    for trace in lost:
        at = high + room / 2
        trace["y"] = [10**at if own.get("type") == "log" else at] * len(trace["x"])
    return own | {"range": [low, high + room]}
