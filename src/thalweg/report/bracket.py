"""Bracket: the curves of all trials of a sweep, with the stops at which those that fell behind ended."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from thalweg.report.axes import Scale, log_ticks, scale
from thalweg.report.cloud import is_scored, leader, ring, said
from thalweg.report.seats import Seat
from thalweg.sweep.result import SweepResult
from thalweg.sweep.trial import Trial


def figure(result: SweepResult, seats: Mapping[str, Seat]) -> dict[str, Any]:
    """Return the curve of every trial that trained on all data as a Plotly figure.

    A curve shows what a trial would have been judged by, had it ended there. Those that were dropped are thin and
    end in a hollow mark. A dashed line is a stop; above it stands how many of those that came there went on.

    Args:
        result: What was found.
        seats: The looks of each optimizer.

    Returns:
        ``{"data": [...], "layout": {...}}``; ``data`` is empty if no trial finished an epoch.
    """
    trials = [t for t in result.trials if t.fraction == 1 and any(map(math.isfinite, t.curve))]
    if not trials:
        return {"data": [], "layout": {}}
    in_view = [trial for trial in trials if is_scored(trial)] or trials  # the others may leave it, and mostly do
    values = [value for trial in in_view for value in trial.curve]
    placed = scale(result.metric, values, higher_is_better=result.higher_is_better)
    longest_last = sorted(trials, key=lambda trial: trial.epochs)  # what went on lies over what was dropped
    data = [_curve(trial, placed, seats[trial.config.optimizer]) for trial in longest_last]
    best = leader(result)
    if best:
        data.append(ring(best, best.epochs, placed, seats[best.config.optimizer]))
    last = max(trial.epochs for trial in trials)
    layout = {
        "xaxis": {"title": {"text": "epoch"}, **_epochs(last)},
        "yaxis": {"title": {"text": f"validation {result.metric}"}, **placed.axis()},
        "shapes": [_stop(stop) for stop in passed(result)],
        "annotations": [_count(stop, *counts) for stop, counts in passed(result).items()],
        "margin": {"t": 28},
    }
    return {"data": data, "layout": layout}


def passed(result: SweepResult) -> dict[int, tuple[int, int]]:
    """Return, for every stop, how many trials went on and how many came there, all generations together."""
    found = {}
    for stop in sorted({stop for stops in result.stops for stop in stops}):
        generations = {i for i, stops in enumerate(result.stops) if stop in stops}
        own = [t for t in result.trials if t.round in generations and t.fraction == 1 and t.epochs >= stop]
        came = [trial for trial in own if trial.epochs > stop or not trial.outcome.broken]
        found[stop] = (sum(trial.epochs > stop for trial in came), len(came))
    return found


def _curve(trial: Trial, placed: Scale, seat: Seat) -> dict[str, Any]:
    whole = trial.is_whole
    end = "x-thin-open" if trial.outcome.broken else seat.symbol if whole or seat.hollow else f"{seat.symbol}-open"
    last = len(trial.curve) - 1
    return {
        "type": "scatter",
        "name": trial.config.optimizer,
        "x": list(range(1, len(trial.curve) + 1)),
        "y": [placed.place(value) for value in trial.curve],
        "text": said(trial, placed.metric),
        "hovertemplate": "<b>%{fullData.name}</b>, %{text}<extra></extra>",
        "mode": "lines+markers",
        "opacity": 1.0 if whole else 0.5,
        "line": {"color": seat.colour, "width": 2.5 if whole else 1, "dash": seat.dash},
        "marker": {
            "symbol": end,
            "size": [0] * last + [8],
            "color": seat.colour,
            "line": {"width": [0] * last + [1.5], "color": seat.colour},
        },
    }


def _epochs(last: int) -> dict[str, Any]:
    """A log axis from the first epoch to the last: stops are evenly spaced on it."""
    pad = 0.03 * math.log10(last) or 0.1
    return {"type": "log", "range": [-pad, math.log10(last) + pad], **log_ticks(1, last)}


def _stop(stop: int) -> dict[str, Any]:
    line = {"color": "var(--ink-soft)", "width": 1.5, "dash": "dash"}
    return {"type": "line", "x0": stop, "x1": stop, "yref": "paper", "y0": 0, "y1": 1, "line": line}


def _count(stop: int, went_on: int, came: int) -> dict[str, Any]:
    return {
        "text": f"{went_on} of {came}",
        "x": math.log10(stop),
        "yref": "paper",
        "y": 1,
        "yanchor": "bottom",
        "showarrow": False,
        "font": {"color": "var(--ink-soft)"},
    }
