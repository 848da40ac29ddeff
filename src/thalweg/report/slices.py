"""Slices: the score of every trial of a sweep against one setting after the other."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from thalweg.report.axes import log_ticks
from thalweg.report.cloud import cloud, is_scored, leader, ring
from thalweg.report.response import score_scale
from thalweg.report.seats import Seat
from thalweg.sweep import words
from thalweg.sweep.dimensions import Choice, Log, Value
from thalweg.sweep.result import SweepResult
from thalweg.sweep.trial import Trial

SPREAD = 0.5
"""The width that the trials of one choice are spread over: 1 is up to the next choice."""
GOLDEN = (math.sqrt(5) - 1) / 2


def sliced(result: SweepResult) -> list[str]:
    """Return the settings that have a slice of their own: those that no other figure has for its axis.

    That is all but the learning rate; and the optimizer, if there is no learning rate to tell optimizers by.
    """
    shown = {"lr", "optimizer"} if "lr" in result.space.names else set[str]()
    return [name for name in result.space.names if name not in shown]


def figure(result: SweepResult, name: str, seats: Mapping[str, Seat]) -> dict[str, Any]:
    """Return scores against one setting as a Plotly figure.

    Args:
        result: What was found.
        name: The setting.
        seats: The looks of each optimizer.

    Returns:
        ``{"data": [...], "layout": {...}}``; ``data`` is empty if no trial with the setting has a score.
    """
    trials = [trial for trial in result.trials if name in trial.values and is_scored(trial)]
    if not trials:
        return {"data": [], "layout": {}}
    ranges = [d for optimizer in result.space.optimizers if (d := result.space.dimension(name, optimizer))]
    placed, best = score_scale(result), leader(result)
    if any(isinstance(dimension, Choice) for dimension in ranges):
        axis, at = _choices(name, result.trials)
    else:
        ends = [float(end) for dimension in ranges for end in dimension.extremes if isinstance(end, int | float)]
        is_log = all(isinstance(dimension, Log) for dimension in ranges)
        axis = _numbers(min(ends), max(ends), is_log=is_log)
        at = {trial.name: float(trial.values[name] or 0) for trial in trials}
    data = cloud(trials, lambda trial: at[trial.name], placed, seats)
    if best and best.name in at:
        data.append(ring(best, at[best.name], placed, seats[best.config.optimizer]))
    axis["title"] = {"text": name}
    return {"data": data, "layout": {"xaxis": axis, "yaxis": placed.axis()}}


def _numbers(low: float, high: float, *, is_log: bool) -> dict[str, Any]:
    if is_log:
        return {"type": "log", "range": _padded(math.log10(low), math.log10(high)), **log_ticks(low, high)}
    return {"range": _padded(low, high), "nticks": 6}


def _padded(low: float, high: float) -> list[float]:
    return [low - 0.04 * (high - low), high + 0.04 * (high - low)]


def _choices(name: str, trials: Sequence[Trial]) -> tuple[dict[str, Any], dict[str, float]]:
    """Return the axis of a choice, and where trials lie on it: spread a little, so that none hides another."""
    own = [trial for trial in trials if name in trial.values]
    chosen = sorted({trial.values[name] for trial in own}, key=_order)
    aside = {trial.name: SPREAD * (i * GOLDEN % 1 - 0.5) for i, trial in enumerate(own)}
    at = {trial.name: chosen.index(trial.values[name]) + aside[trial.name] for trial in own}
    axis = {
        "range": [-0.6, len(chosen) - 0.4],
        "tickvals": list(range(len(chosen))),
        "ticktext": list(map(words.setting, chosen)),
        "showgrid": False,
    }
    return axis, at


def _order(value: Value) -> tuple[bool, float, str]:
    """Numbers by their size, then names by the alphabet."""
    is_number = isinstance(value, int | float)
    return not is_number, float(value) if is_number else 0.0, str(value)
