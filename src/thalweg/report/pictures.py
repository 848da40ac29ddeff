"""Pictures: what a finding shows, drawn as a Plotly figure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from thalweg.core.picture import Kind, Picture
from thalweg.report.figures import Figure
from thalweg.report.lines import curves, ladder
from thalweg.report.rows import bars, histograms, layers
from thalweg.report.seats import Seat, in_order

HEIGHT = 260
"""Of a picture whose height does not follow from what it shows, in pixels."""

HEAD, ROW, MOST = 76, 26, 620
"""Of a picture with rows: what heading and axis take, what a row takes, and all together at most."""

Draw = Callable[[Picture, Mapping[str, Seat]], dict[str, Any]]

_DRAWN: dict[Kind, Draw] = {
    Kind.CURVES: curves,
    Kind.LADDER: ladder,
    Kind.LAYERS: layers,
    Kind.HISTOGRAMS: histograms,
    Kind.BARS: bars,
}


def figure(picture: Picture, name: str) -> Figure:
    """Return a picture as a figure of a page.

    Args:
        picture: What is shown.
        name: The HTML id.
    """
    looks = in_order(series.name for series in picture.series)
    return Figure(
        id=name,
        heading=picture.title,
        caption=picture.caption,
        names={} if picture.kind is Kind.HISTOGRAMS else looks,
        spec=_DRAWN[picture.kind](picture, looks),
        height=_height(picture),
    )


def _height(picture: Picture) -> int:
    if picture.kind in (Kind.CURVES, Kind.LADDER):
        return HEIGHT
    if picture.kind is Kind.HISTOGRAMS:
        return min(MOST, HEAD + 2 * ROW * len(picture.series))
    rows = {place for series in picture.series for place in series.x}
    return min(MOST, max(HEIGHT // 2, HEAD + ROW * len(rows)))
