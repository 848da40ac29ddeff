"""Response: the score of every trial of a sweep against its learning rate, with what is sure about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from thalweg.core.wording import amount, ends, spread
from thalweg.report import strip
from thalweg.report.axes import Scale, scale
from thalweg.report.cloud import cloud, is_scored, leader, ring, said
from thalweg.report.seats import Seat
from thalweg.sweep.result import SweepResult
from thalweg.sweep.trial import Trial


def figure(result: SweepResult, seats: Mapping[str, Seat]) -> dict[str, Any]:
    """Return scores against the learning rate as a Plotly figure.

    Above, the points are trials at their end; the best is ringed, beside it stands the interval of its fresh
    seeds, and behind it lie its basin and, of a single optimizer, the rates at which all trials diverged. Where
    nothing but the rate and the optimizer was searched, a line joins the scores at `common_epoch`. The strip
    below has one row an optimizer: searched interval, basin, and a cross for every trial that diverged.

    Args:
        result: What was found.
        seats: The looks of each optimizer, in the order of the rows.

    Returns:
        ``{"data": [...], "layout": {...}}``; ``data`` is empty if no learning rate was searched.
    """
    groups = {name: own for name in seats if (own := rated(result, name))}
    if not groups:
        return {"data": [], "layout": {}}
    placed = score_scale(result)
    data: list[dict[str, Any]] = []
    for row, (name, own) in enumerate(groups.items()):
        if has_lines(result):
            data.append(_line(name, own, common_epoch(result.trials), placed, seats[name]))
        lost = [(_rate(trial), said(trial, placed.metric)) for trial in own if not is_scored(trial)]
        data += strip.traces(name, seats[name], row, _searched(result, name), lost)
    data += cloud([trial for own in groups.values() for trial in own], _rate, placed, seats)
    best = leader(result)
    if best and "lr" in best.values:
        data.append(ring(best, _rate(best), placed, seats[best.config.optimizer]))
        data.append(_interval(result, best, placed))
    rates = [x for trace in data for x in trace["x"]]
    layout = strip.layout(f"validation {result.metric}", placed, rates, list(groups))
    layout["shapes"] += _bands(result, groups, best, 10 ** layout["xaxis"]["range"][1], seats)
    return {"data": data, "layout": layout}


def has_lines(result: SweepResult) -> bool:
    """Return whether the learning rate is all that tells the trials of an optimizer apart."""
    return set(result.space.names) <= {"optimizer", "lr"}


def common_epoch(trials: Sequence[Trial]) -> int:
    """Return the last epoch that every trial reached which did not break down or was dropped before its turn."""
    return min((trial.epochs for trial in trials if is_scored(trial) and trial.fraction == 1), default=0)


def score_scale(result: SweepResult) -> Scale:
    """Return the scale on which all trials of a sweep and the interval of its best can be seen."""
    scores = [trial.metric for trial in result.trials if is_scored(trial)]
    between = ends(result.metric, result.band) if result.band else ()
    return scale(result.metric, [*scores, *between], higher_is_better=result.higher_is_better)


def diverged_from(trials: Sequence[Trial]) -> float | None:
    """Return the lowest learning rate from which on every trial broke down; ``None`` if the highest did not."""
    found = None
    for trial in sorted(trials, key=_rate, reverse=True):
        if not trial.outcome.broken:
            break
        found = _rate(trial)
    return found


def rated(result: SweepResult, name: str) -> list[Trial]:
    """Return the trials of an optimizer whose learning rate was searched, lowest rate first."""
    own = [trial for trial in result.trials if trial.config.optimizer == name and "lr" in trial.values]
    return sorted(own, key=_rate)


def _rate(trial: Trial) -> float:
    return float(trial.config.hyper["lr"])


def _searched(result: SweepResult, name: str) -> list[float]:
    values = [float(value) for value in result.space.ranges[name]["lr"].extremes if isinstance(value, int | float)]
    return [min(values), max(values)]


def _line(name: str, trials: Sequence[Trial], epoch: int, placed: Scale, seat: Seat) -> dict[str, Any]:
    return {
        "type": "scatter",
        "name": name,
        "x": [_rate(trial) for trial in trials],
        "y": [placed.place(trial.at(epoch)) if is_scored(trial) else None for trial in trials],
        "hoverinfo": "skip",
        "mode": "lines",
        "opacity": 0.6,
        "line": {"color": seat.colour, "width": 1.5, "dash": seat.dash},
    }


def _interval(result: SweepResult, best: Trial, placed: Scale) -> dict[str, Any]:
    assert result.band
    between = spread(result.metric, result.band)
    low, high = ends(result.metric, result.band) if between else (result.band.mean, result.band.mean)
    heights = (low, result.band.mean, high)
    seeds = f"{len(result.seeds)} fresh seeds: {amount(result.metric, result.band.mean)}"
    return {
        "type": "scatter",
        "name": best.config.optimizer,
        "x": [_rate(best)] * 3,
        "y": [placed.place(height) for height in heights],
        "text": seeds + (f" (95 % interval {between})" if between else ""),
        "hovertemplate": "<b>%{fullData.name}</b>, %{text}<extra></extra>",
        "mode": "lines+markers",
        "line": {"color": "var(--ink)", "width": 2},
        "marker": {
            "symbol": "line-ew-open",
            "size": [14, 8, 14],
            "color": "var(--ink)",
            "line": {"width": 2, "color": "var(--ink)"},
        },
    }


def _bands(
    result: SweepResult,
    groups: Mapping[str, Sequence[Trial]],
    best: Trial | None,
    end: float,
    seats: Mapping[str, Seat],
) -> list[dict[str, Any]]:
    rows, found = {name: row for row, name in enumerate(groups)}, list[dict[str, Any]]()
    above = {"yref": "paper", "y0": strip.height(len(groups)) + strip.GAP, "y1": 1}
    for name, own in groups.items():
        first = diverged_from(own)
        if first is not None:
            where = [_row(rows[name]), *([above] if len(groups) == 1 else [])]
            found += [_band(first, end, "var(--warn-zone)", **place) for place in where]
    if result.basin and best:
        low, high = result.basin.low, result.basin.high
        found.append(_band(low, high, "var(--basin)", **above))
        colour = seats[best.config.optimizer].colour
        found.append({**_band(low, high, colour, **_row(rows[best.config.optimizer])), "opacity": 0.35})
    return found


def _row(row: int) -> dict[str, Any]:
    return {"yref": "y2", "y0": row - 0.3, "y1": row + 0.3}


def _band(low: float, high: float, colour: str, **where: Any) -> dict[str, Any]:
    return {
        "type": "rect",
        "x0": low,
        "x1": high,
        "fillcolor": colour,
        "line": {"width": 0},
        "layer": "below",
        **where,
    }
