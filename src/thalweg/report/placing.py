"""Placing: the scale of a picture's values, and the marks that they are compared with."""

from __future__ import annotations

import math
from typing import Any

from thalweg.core.picture import Picture
from thalweg.core.picture import Scale as Kind
from thalweg.report.axes import Scale

LINE = {"color": "var(--ink-soft)", "width": 1.5, "dash": "dash"}
NOTE = {"showarrow": False, "yanchor": "bottom", "font": {"color": "var(--ink-soft)"}}

Marked = tuple[dict[str, Any], dict[str, Any]]
"""A line and its name, as a shape and an annotation of Plotly."""


def placing(picture: Picture) -> Scale:
    """Return the scale on which all values of a picture and what they are compared with can be seen."""
    values = [value for series in picture.series for value in (*series.y, *series.low, *series.high)]
    values += [mark.at for mark in picture.marks if not mark.upright]
    known = [value for value in values if math.isfinite(value)]
    if picture.scale is Kind.LOG:
        known = [value for value in known if value > 0] or [1.0]
        return Scale("loss", "log", min(known), max(known))
    if picture.scale is Kind.SHARE:
        return Scale("accuracy", "linear", 0.0, 1.0)
    return Scale("loss", "linear", min(known, default=0.0), max(known, default=1.0))


def axis(placed: Scale) -> dict[str, Any]:
    """Return the Plotly axis of a scale; a share in per cent."""
    return placed.axis() | ({"tickformat": ".0%"} if placed.metric == "accuracy" else {})


def upright(at: float, name: str, *, logarithmic: bool) -> Marked:
    """Return an upright line from bottom to top with its name above.

    Args:
        at: Where it stands.
        name: What it is called.
        logarithmic: Whether the axis that it stands on is; Plotly's annotations are then placed by the logarithm.
    """
    shape = {"type": "line", "x0": at, "x1": at, "yref": "paper", "y0": 0, "y1": 1, "line": LINE}
    return shape, NOTE | {"text": name, "x": math.log10(at) if logarithmic else at, "yref": "paper", "y": 1}


def across(at: float, name: str, *, logarithmic: bool) -> Marked:
    """Return a line from side to side with its name above its left end."""
    shape = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": at, "y1": at, "line": LINE}
    place = {"xref": "paper", "x": 0, "xanchor": "left", "y": math.log10(at) if logarithmic else at}
    return shape, NOTE | {"text": name, **place}
