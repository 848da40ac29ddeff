"""Ramp: the loss of a range test against its rising learning rate."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from thalweg.core.wording import amount, rate
from thalweg.report.axes import Scale, log_ticks, scale
from thalweg.report.seats import Seat
from thalweg.sweep.range_test import RangeTest

BEYOND = 0.06
"""The share of the width beyond the cut, where the loss left all bounds."""


def figure(test: RangeTest, seat: Seat) -> dict[str, Any]:
    """Return the loss of every update and its running mean as a Plotly figure.

    Marked are the loss before the first update, the suggestion, and where the test was cut.

    Args:
        test: What was found.
        seat: The looks of the optimizer.

    Returns:
        ``{"data": [...], "layout": {...}}``; ``data`` is empty if no update left a finite loss.
    """
    if not test.rates:
        return {"data": [], "layout": {}}
    placed = scale("loss", [*test.losses, *test.smoothed, test.fresh_loss], higher_is_better=False)
    low, high = math.log10(test.rates[0]), math.log10(test.rates[-1])
    width = (high - low) or 1.0
    edge = [low - 0.02 * width, high + (BEYOND if test.diverged else 0.02) * width]
    data = list(_lines(test, placed, seat))
    shapes, notes = [_level(test.fresh_loss)], list[dict[str, Any]]()
    if test.suggestion is not None:
        data.append(_dot(test.suggestion, test, placed))
        shapes.append(_upright(test.suggestion))
        notes.append(_suggested(test.suggestion, is_left=math.log10(test.suggestion) < (low + high) / 2))
    if test.diverged:
        shapes.append(_cut(test.rates[-1], 10 ** edge[1]))
    layout = {
        "xaxis": {
            "type": "log",
            "range": edge,
            "title": {"text": "learning rate"},
            **log_ticks(10 ** edge[0], 10 ** edge[1]),
        },
        "yaxis": {"title": {"text": "mini-batch loss"}, **placed.axis()},
        "shapes": shapes,
        "annotations": notes,
        "margin": {"t": 28},
    }
    return {"data": data, "layout": layout}


def _lines(test: RangeTest, placed: Scale, seat: Seat) -> Iterator[dict[str, Any]]:
    looks = {
        "every update": {"mode": "markers", "opacity": 0.45, "marker": {"size": 5, "color": seat.colour}},
        "smoothed": {"mode": "lines", "line": {"color": seat.colour, "width": 2.5}},
    }
    for (name, look), losses in zip(looks.items(), (test.losses, test.smoothed), strict=True):
        yield {
            "type": "scatter",
            "name": name,
            "x": list(test.rates),
            "y": [placed.place(loss) for loss in losses],
            "text": [f"{amount('loss', loss)} at {rate(lr)}" for lr, loss in zip(test.rates, losses, strict=True)],
            "hovertemplate": "<b>%{fullData.name}</b>, %{text}<extra></extra>",
            **look,
        }


def _dot(at: float, test: RangeTest, placed: Scale) -> dict[str, Any]:
    return {
        "type": "scatter",
        "name": "suggestion",
        "x": [at],
        "y": [placed.place(test.smoothed[test.rates.index(at)])],
        "hoverinfo": "skip",
        "mode": "markers",
        "marker": {"symbol": "circle-open", "size": 17, "color": "var(--ink)", "line": {"width": 2}},
    }


def _level(height: float) -> dict[str, Any]:
    line = {"color": "var(--ink-soft)", "width": 1, "dash": "dot"}
    return {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": height, "y1": height, "line": line}


def _upright(at: float) -> dict[str, Any]:
    line = {"color": "var(--ink-soft)", "width": 1.5, "dash": "dash"}
    return {"type": "line", "x0": at, "x1": at, "yref": "paper", "y0": 0, "y1": 1, "line": line}


def _suggested(at: float, *, is_left: bool) -> dict[str, Any]:
    return {
        "text": f"suggestion {rate(at)}",
        "x": math.log10(at),
        "xanchor": "left" if is_left else "right",
        "yref": "paper",
        "y": 1,
        "yanchor": "bottom",
        "showarrow": False,
    }


def _cut(low: float, high: float) -> dict[str, Any]:
    return {
        "type": "rect",
        "x0": low,
        "x1": high,
        "yref": "paper",
        "y0": 0,
        "y1": 1,
        "fillcolor": "var(--warn-zone)",
        "line": {"width": 0},
        "layer": "below",
    }
