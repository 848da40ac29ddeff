"""Strip: below scores against the learning rate, a row an optimizer with what was searched and what diverged."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from thalweg.core.wording import rate
from thalweg.report.axes import Scale, log_ticks
from thalweg.report.seats import Seat

MOST = 0.26
"""The share of the figure's height that the strip takes at most."""
EDGE, ROW = 0.06, 0.025
"""The share that it takes for itself, and for each row."""
GAP = 0.065
"""The share between strip and scores, where the strip's heading stands."""


def height(rows: int) -> float:
    """Return the share of the figure's height that a strip of so many rows takes."""
    return min(MOST, EDGE + ROW * rows)


def traces(
    name: str, seat: Seat, row: int, interval: Sequence[float], lost: Sequence[tuple[float, str]]
) -> list[dict[str, Any]]:
    """Return one row: a bar from end to end of the searched interval, and a cross for every trial that diverged.

    Args:
        name: The optimizer.
        seat: Its looks.
        row: Its number, 0 at the top.
        interval: The two ends of what was searched; empty if that is not known.
        lost: Learning rate of every trial that diverged, and what to say of it.
    """
    bar = {
        "type": "scatter",
        "name": name,
        "x": list(interval),
        "y": [row, row],
        "yaxis": "y2",
        "text": " to ".join(map(rate, interval)),
        "hovertemplate": "<b>%{fullData.name}</b> searched<br>%{text}<extra></extra>",
        "mode": "lines+markers",
        "opacity": 0.55,
        "line": {"color": seat.colour, "width": 1.5},
        "marker": {"symbol": "line-ns-open", "size": 9, "color": seat.colour, "line": {"width": 1.5}},
    }
    crosses = {
        "type": "scatter",
        "name": name,
        "x": [lr for lr, _ in lost],
        "y": [row] * len(lost),
        "yaxis": "y2",
        "text": [said for _, said in lost],
        "hovertemplate": "<b>%{fullData.name}</b>, %{text}<extra></extra>",
        "mode": "markers",
        "marker": {"symbol": "x-thin-open", "size": 8, "color": seat.colour, "line": {"width": 2}},
    }
    return [trace for trace in (bar, crosses) if trace["x"]]


def layout(title: str, placed: Scale, rates: Sequence[float], names: Sequence[str]) -> dict[str, Any]:
    """Return the layout of a figure of scores with the strip below.

    Args:
        title: The vertical axis in words.
        placed: The scale of the scores.
        rates: Every learning rate in view.
        names: The optimizers, a row each.
    """
    low, high = min(rates), max(rates)
    top, span = height(len(names)), 0.03 * math.log10(high / low) or 0.1
    edge = [math.log10(low) - span, math.log10(high) + span]
    heading = {
        "text": "searched interval, ✕ diverged",
        "xref": "paper",
        "yref": "paper",
        "x": 1,
        "y": top,
        "xanchor": "right",
        "yanchor": "bottom",
        "showarrow": False,
        "font": {"color": "var(--ink-soft)"},
    }
    rows = {
        "domain": [0, top],
        "range": [len(names) - 0.3, -0.7],
        "tickvals": list(range(len(names))),
        "ticktext": list(names),
        "showgrid": False,
        "fixedrange": True,
    }
    return {
        "xaxis": {
            "type": "log",
            "range": edge,
            "title": {"text": "learning rate"},
            "anchor": "y2",
            **log_ticks(10 ** edge[0], 10 ** edge[1]),
        },
        "yaxis": {"title": {"text": title}, "domain": [top + GAP, 1], **placed.axis()},
        "yaxis2": rows,
        "shapes": [_zone(top)],
        "annotations": [heading],
    }


def _zone(top: float) -> dict[str, Any]:
    return {
        "type": "rect",
        "xref": "paper",
        "yref": "paper",
        "x0": 0,
        "x1": 1,
        "y0": 0,
        "y1": top,
        "fillcolor": "var(--zone)",
        "line": {"width": 0},
        "layer": "below",
    }
