"""Cloud: the trials of a sweep as points, filled where they trained to their end, hollow where they did not."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from thalweg.core.wording import amount
from thalweg.report.axes import Scale
from thalweg.report.seats import Seat
from thalweg.sweep import words
from thalweg.sweep.result import SweepResult
from thalweg.sweep.trial import Trial


def leader(result: SweepResult) -> Trial | None:
    """Return the trial that was confirmed on fresh seeds; ``None`` if none stood."""
    if result.band is None or not result.finals:
        return None
    chosen = result.finals[0].config.replace(seed=0)
    return next((trial for trial in result.trials if trial.config.replace(seed=0) == chosen), None)


def is_scored(trial: Trial) -> bool:
    """Return whether a trial has a score to show: it did not break down."""
    return math.isfinite(trial.metric) and not trial.outcome.broken


def cloud(
    trials: Sequence[Trial], across: Callable[[Trial], float], placed: Scale, seats: Mapping[str, Seat]
) -> list[dict[str, Any]]:
    """Return the trials that have a score as Plotly traces: of each optimizer the whole ones, and the others.

    Args:
        trials: What was tried.
        across: Where a trial lies on the horizontal axis.
        placed: The scale of the scores.
        seats: The looks of each optimizer.
    """
    scored = [trial for trial in trials if is_scored(trial)]
    data = []
    for name, seat in seats.items():
        for whole in (False, True):
            own = [t for t in scored if t.config.optimizer == name and t.is_whole == whole]
            if own:
                data.append(_points(name, own, across, placed, seat, whole=whole))
    return data


def _points(
    name: str,
    trials: Sequence[Trial],
    across: Callable[[Trial], float],
    placed: Scale,
    seat: Seat,
    *,
    whole: bool,
) -> dict[str, Any]:
    symbol = seat.symbol if whole or seat.hollow else f"{seat.symbol}-open"
    return {
        "type": "scatter",
        "name": name,
        "x": [across(trial) for trial in trials],
        "y": [placed.place(trial.metric) for trial in trials],
        "text": [said(trial, placed.metric) for trial in trials],
        "hovertemplate": "<b>%{fullData.name}</b>, %{text}<extra></extra>",
        "mode": "markers",
        "marker": {
            "symbol": symbol,
            "size": 9 if whole else 7,
            "color": seat.colour,
            "line": {"width": 1.5, "color": seat.colour},
        },
    }


def ring(trial: Trial, across: float, placed: Scale, seat: Seat) -> dict[str, Any]:
    """Return a ring around a trial."""
    return {
        "type": "scatter",
        "name": trial.config.optimizer,
        "x": [across],
        "y": [placed.place(trial.metric)],
        "hoverinfo": "skip",
        "mode": "markers",
        "marker": {"symbol": "circle-open", "size": 17, "color": seat.colour, "line": {"width": 2}},
    }


def said(trial: Trial, metric: str) -> str:
    """Return what a reader sees of a trial who points at it."""
    values = {name: value for name, value in trial.values.items() if name != "optimizer"}
    fate = words.fate(trial)
    ended = f" ({fate})" if fate else ""
    score = amount(metric, trial.metric)
    return f"{trial.name}<br>{words.settings(values)}<br>{score} after {trial.epochs} epochs{ended}"
