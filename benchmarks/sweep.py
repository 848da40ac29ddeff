"""Sweeps: cohorts, executors and recommendations against plain loops, JAX, Optuna and Ray Tune.

Every part has a name and can be run alone: ``python -m benchmarks sweep --parts digits overhead``. Within a part
all take turns, and a ratio is the median over the rounds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from benchmarks import regret, sweep_cohort, sweep_executors, sweep_overhead, sweep_search
from benchmarks.row import Row
from thalweg.problems import load

ROUNDS = 9

PARTS: dict[str, Callable[[int], Iterable[Row]]] = {
    "digits": lambda rounds: sweep_cohort.rows("digits/mlp-1", 64, rounds, goal=8),
    "mnist": lambda rounds: sweep_cohort.rows("mnist/mlp-1", 32, rounds, goal=1.5, products=0.85),
    "executors": lambda rounds: sweep_executors.rows(min(rounds, 3)),
    "overhead": lambda rounds: sweep_overhead.rows(min(rounds, 3)),
    "search": lambda rounds: sweep_search.rows(min(rounds, 3)),
    "regret": lambda _: _regret(),
}


def rows(parts: Sequence[str] = (), rounds: int = ROUNDS) -> Iterable[Row]:
    """Yield the rows of these parts; of all, if none is named."""
    for part in parts or PARTS:
        yield from PARTS[part](rounds)


def _regret() -> list[Row]:
    """The rows of the regret, and a table of the losses that they compare."""
    found = regret.rows(load("quadratic/deep"))
    print("\n".join(_table(found)))
    return found


def _table(found: Sequence[Row]) -> list[str]:
    """The final loss of every optimizer: the best of 36 rates, then at each recommended rate."""
    losses: dict[str, dict[str, float]] = {}
    for row in found:
        name, _, who = row.suite.replace(": ", ", ").partition(", ")
        own = losses.setdefault(name, {})
        own[who] = row.ours
        own[row.peer] = row.theirs if row.theirs is not None else float("nan")
    heads = [head for head in ("best of 36", "sweep", "test") if any(head in own for own in losses.values())]
    heads += [who for own in losses.values() for who in own if who not in heads]
    heads = list(dict.fromkeys(heads))
    lines = [f"{'final loss':<28}" + "".join(f"{head:>16}" for head in heads)]
    return lines + [
        f"{name:<28}" + "".join(f"{own.get(head, float('nan')):>16.4g}" for head in heads)
        for name, own in losses.items()
    ]
