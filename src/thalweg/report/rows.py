"""Rows: pictures whose places are names, one below the other: layers of a net, classes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from thalweg.core.picture import Picture, Series
from thalweg.core.wording import amount
from thalweg.report.axes import Scale
from thalweg.report.placing import axis, placing, upright
from thalweg.report.seats import Seat

LONG = 26
"""Letters of a name that are shown; of a longer one the last."""

TALL = 0.9
"""The part of a row that the highest bin of a histogram reaches up."""

Looks = Mapping[str, Seat]


def layers(picture: Picture, looks: Looks) -> dict[str, Any]:
    """Return one value a row, joined by a line, in the order of the net from top to bottom."""
    placed, names = placing(picture), _names(picture)
    data = [_dots(series, names, placed, looks[series.name]) for series in picture.series]
    return {"data": data, "layout": _layout(picture, placed, names)}


def bars(picture: Picture, looks: Looks) -> dict[str, Any]:
    """Return a bar a row."""
    placed, names = placing(picture), _names(picture)
    data = [
        {
            "type": "bar",
            "orientation": "h",
            "name": series.name,
            "x": list(series.y),
            "y": [names.index(str(place)) for place in series.x],
            "text": [amount(placed.metric, value) for value in series.y],
            "textposition": "none",
            "customdata": [str(place) for place in series.x],
            "hovertemplate": "<b>%{customdata}</b>: %{text}<extra></extra>",
            "marker": {"color": looks[series.name].colour},
        }
        for series in picture.series
    ]
    layout = _layout(picture, placed, names)
    if placed.kind == "linear" and placed.metric != "accuracy":
        layout["xaxis"]["range"] = [min(0.0, placed.low), 1.04 * placed.high]
    return {"data": data, "layout": layout | {"bargap": 0.35}}


def histograms(picture: Picture, looks: Looks) -> dict[str, Any]:
    """Return a distribution a row, each as high as the others; heights are roots, so that tails can be seen."""
    names = [series.name for series in picture.series]
    data = [_hill(series, row, names) for row, series in enumerate(picture.series)]
    places = [float(x) for series in picture.series for x in series.x]
    low, high = (min(places), max(places)) if places else (0.0, 1.0)
    placed = Scale("loss", "linear", low, high)
    layout = _layout(picture, placed, names)
    layout["xaxis"]["title"] = {"text": picture.x}
    layout["yaxis"]["range"] = [len(names) - 0.7, -1.1]
    return {"data": data, "layout": layout}


def _names(picture: Picture) -> list[str]:
    return list(dict.fromkeys(str(place) for series in picture.series for place in series.x))


def _dots(series: Series, names: Sequence[str], placed: Scale, seat: Seat) -> dict[str, Any]:
    return {
        "type": "scatter",
        "name": series.name,
        "x": [placed.place(value) for value in series.y],
        "y": [names.index(str(place)) for place in series.x],
        "text": [amount(placed.metric, value) for value in series.y],
        "customdata": [str(place) for place in series.x],
        "hovertemplate": "<b>%{customdata}</b>, %{fullData.name}: %{text}<extra></extra>",
        "mode": "lines+markers",
        "line": {"color": seat.colour, "width": 1.5, "dash": seat.dash},
        "marker": {"symbol": seat.symbol, "size": 8, "color": seat.colour},
    }


def _hill(series: Series, row: int, names: Sequence[str]) -> dict[str, Any]:
    top = max(series.y, default=0.0) or 1.0
    heights = [row - TALL * math.sqrt(value / top) for value in series.y]
    first, last = (series.x[0], series.x[-1]) if series.x else (0, 0)
    return {
        "type": "scatter",
        "name": series.name,
        "x": [first, *series.x, last],
        "y": [row, *heights, row],
        "text": ["", *(f"{100 * value:.1f} %" for value in series.y), ""],
        "hovertemplate": "<b>%{fullData.name}</b>, %{x:.3g}: %{text}<extra></extra>",
        "mode": "lines",
        "fill": "toself",
        "fillcolor": "var(--basin)",
        "line": {"color": "var(--accent)", "width": 1.2},
    }


def _layout(picture: Picture, placed: Scale, names: Sequence[str]) -> dict[str, Any]:
    parts = [upright(mark.at, mark.name, logarithmic=placed.kind == "log") for mark in picture.marks]
    return {
        "xaxis": {"title": {"text": picture.y}, **axis(placed)},
        "yaxis": {
            "range": [len(names) - 0.5, -0.5],
            "tickvals": list(range(len(names))),
            "ticktext": [name if len(name) <= LONG else f"…{name[1 - LONG :]}" for name in names],
            "fixedrange": True,
        },
        "shapes": [shape for shape, _ in parts],
        "annotations": [note for _, note in parts],
        **({"margin": {"t": 28}} if parts else {}),
    }
