"""Sensitivity: the score of every tuning trial against its learning rate."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from thalweg.compare import words
from thalweg.compare.result import Comparison
from thalweg.core.run import Run
from thalweg.report import strip
from thalweg.report.axes import Scale, scale
from thalweg.report.seats import Seat

Trial = tuple[float, float | None, Run]
"""Learning rate, score (``None`` if the run has no finite one), run."""


def score(run: Run, metric: str) -> float | None:
    """Return the trial's final validation score; ``None`` if it diverged or has no finite one."""
    value = run.valid.get(metric, math.nan)
    return value if math.isfinite(value) and not run.outcome.broken else None


def by_optimizer(runs: Sequence[Run]) -> dict[str, list[Run]]:
    """Return runs grouped by optimizer, both in their first order."""
    groups: dict[str, list[Run]] = {}
    for run in runs:
        groups.setdefault(run.config.optimizer, []).append(run)
    return groups


def figure(comparison: Comparison, seats: Mapping[str, Seat]) -> dict[str, Any]:
    """Return trial scores against the learning rate as a Plotly figure.

    The upper part has one line an optimizer, with its best trial ringed. The strip below has one row an
    optimizer: a bar from end to end of the searched interval, if it was ranked, and a cross for every trial
    that diverged.

    Args:
        comparison: What was found.
        seats: The looks of each optimizer, in the order of the rows.

    Returns:
        ``{"data": [...], "layout": {...}}``; ``data`` is empty if no trial has a learning rate.
    """
    metric = comparison.metric
    runs = by_optimizer(comparison.trials)
    groups = {name: trials for name in seats if (trials := _trials(runs.get(name, []), metric))}
    if not groups:
        return {"data": [], "layout": {}}
    scores = [value for trials in groups.values() for _, value, _ in trials]
    placed = scale(metric, scores, higher_is_better=comparison.higher_is_better)
    best = max if comparison.higher_is_better else min
    chosen = {standing.optimizer: words.learning_rate(standing) for standing in comparison.ranking}
    searched = {standing.optimizer: standing.search for standing in comparison.ranking}
    data = []
    for row, (name, trials) in enumerate(groups.items()):
        rated = [trial for trial in trials if trial[1] is not None]
        winner = next((trial for trial in rated if trial[0] == chosen.get(name)), None)
        if winner is None and rated:
            winner = best(rated, key=lambda trial: trial[1] or 0.0)
        data += _scored(name, rated, placed, seats[name], winner)
        lost = [(trial[0], _said("", trial)) for trial in trials if trial[1] is None]
        data += strip.traces(name, seats[name], row, searched.get(name, ()), lost)
    rates = [x for trace in data for x in trace["x"]]
    return {"data": data, "layout": strip.layout(f"validation {metric}", placed, rates, list(groups))}


def _trials(runs: Sequence[Run], metric: str) -> list[Trial]:
    rated = [(float(run.config.hyper["lr"]), score(run, metric), run) for run in runs if "lr" in run.config.hyper]
    return sorted(rated, key=lambda trial: trial[0])


def _scored(
    name: str, trials: Sequence[Trial], placed: Scale, seat: Seat, winner: Trial | None
) -> list[dict[str, Any]]:
    if winner is None:
        return []
    line = {
        "type": "scatter",
        "name": name,
        "x": [lr for lr, _, _ in trials],
        "y": [placed.place(value) for _, value, _ in trials],
        "text": [_said(placed.metric, trial) for trial in trials],
        "hovertemplate": "<b>%{fullData.name}</b>, %{text}<extra></extra>",
        "mode": "lines+markers",
        "line": {"color": seat.colour, "width": 1.5, "dash": seat.dash},
        "marker": {"symbol": seat.symbol, "size": 7, "color": seat.colour},
    }
    ring = {
        "type": "scatter",
        "name": name,
        "x": [winner[0]],
        "y": [placed.place(winner[1])],
        "hoverinfo": "skip",
        "mode": "markers",
        "marker": {"symbol": "circle-open", "size": 17, "color": seat.colour, "line": {"width": 2}},
    }
    return [line, ring]


def _said(metric: str, trial: Trial) -> str:
    lr, value, run = trial
    ended = words.amount(metric, value) if value is not None else f"{run.outcome}"
    return f"learning rate {words.rate(lr)}<br>{ended} after {run.steps:,} steps"
