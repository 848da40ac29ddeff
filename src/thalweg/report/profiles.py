"""Profiles: performance profiles over several problems, as step functions on a log axis."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from thalweg.compare.comparisons import Comparisons
from thalweg.compare.cost import COSTS
from thalweg.compare.profile import TAU_MAX, Profile, edges
from thalweg.core.wording import listed
from thalweg.report.axes import log_ticks
from thalweg.report.figures import Figure
from thalweg.report.seats import Seat

MARGIN = 1.08
"""How far, as a factor, the axis goes on beyond what there is to see."""


def of_comparisons(result: Comparisons, looks: Mapping[str, Seat]) -> list[Figure]:
    """Return the profiles by updates and by seconds, as far as any problem is solved.

    Args:
        result: What was found.
        looks: Optimizer to its looks.
    """
    return [
        Figure(
            id=f"profile-{cost}",
            heading=f"Performance profile by {cost}",
            caption=_caption(cost),
            names={profile.optimizer: looks[profile.optimizer] for profile in result.by(cost)},
            spec=figure(result.by(cost), looks),
        )
        for cost in COSTS
        if any(profile.within(math.inf) for profile in result.by(cost))
    ]


def figure(drawn: Sequence[Profile], looks: Mapping[str, Seat]) -> dict[str, Any]:
    """Return the profiles of one cost as a Plotly figure: the share of problems against tau, on a log axis.

    Args:
        drawn: The profiles, at least one.
        looks: Optimizer to its looks.

    Returns:
        ``{"data": [...], "layout": {...}}``.
    """
    last = MARGIN * max(TAU_MAX, *edges(drawn))
    cost = drawn[0].cost
    axis = {"type": "log", "range": [-math.log10(MARGIN), math.log10(last)], **_ticks(last)}
    heights = {
        "range": [-0.03, 1.03],
        "tickvals": [0, 0.25, 0.5, 0.75, 1],
        "ticktext": ["0", "25 %", "50 %", "75 %", "100 %"],
    }
    layout = {
        "xaxis": {"title": {"text": f"τ: {cost} as a multiple of the least on the problem"}, **axis},
        "yaxis": {"title": {"text": "share of problems solved"}, **heights},
        **_limit(),
    }
    return {"data": [_line(profile, last, looks[profile.optimizer]) for profile in drawn], "layout": layout}


def _ticks(last: float) -> dict[str, Any]:
    """Round multiples, closer together where the axis is short."""
    if last > 2 * TAU_MAX:
        return log_ticks(1.0, last)
    values = [value for value in (1, 1.5, 2, 3, 4, 5, 6, 8) if value <= last]
    return {"tickvals": values, "ticktext": [f"{value:g}" for value in values]}


def _line(profile: Profile, last: float, seat: Seat) -> dict[str, Any]:
    taus = [*edges([profile]), last]
    shares = [profile.within(tau) for tau in taus]
    return {
        "type": "scatter",
        "name": profile.optimizer,
        "x": taus,
        "y": shares,
        "text": [_said(profile, tau) for tau in taus],
        "hovertemplate": "<b>%{fullData.name}</b>, τ = %{x:.3g}<br>%{text}<extra></extra>",
        "mode": "lines+markers",
        "line": {"color": seat.colour, "width": 2, "dash": seat.dash, "shape": "hv"},
        "marker": {"symbol": seat.symbol, "size": [7] * (len(taus) - 1) + [0], "color": seat.colour},
    }


def _said(profile: Profile, tau: float) -> str:
    """How many problems are solved so far, and which ones at just this multiple."""
    solved = sum(ratio <= tau for ratio in profile.ratios.values())
    here = [problem for problem, ratio in profile.ratios.items() if ratio == tau]
    said = f"{solved} of {len(profile.ratios)} problems"
    return f"{said}, here {listed(here)}" if here else said


def _limit() -> dict[str, Any]:
    """Mark where the score's integral ends."""
    line = {"color": "var(--ink-soft)", "width": 1.5, "dash": "dash"}
    shape = {"type": "line", "yref": "paper", "x0": TAU_MAX, "x1": TAU_MAX, "y0": 0, "y1": 1, "line": line}
    note = {
        "text": "the score ends",
        "x": math.log10(TAU_MAX),
        "y": 0,
        "yref": "paper",
        "xanchor": "right",
        "yanchor": "bottom",
        "showarrow": False,
        "font": {"color": "var(--ink-soft)"},
    }
    return {"shapes": [shape], "annotations": [note]}


def _caption(cost: str) -> str:
    said = "At the left: on how many problems nobody was cheaper. At the right: how many were solved at all."
    if cost == "seconds":
        return f"{said} Seconds are of this machine; of runs trained together each counts an equal share."
    return f"{said} Lines that coincide are drawn on one another."
