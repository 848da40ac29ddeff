"""Turns: things that are timed one after the other, round by round, so that all see the same machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median

from thalweg.train.threads import threads


@dataclass(frozen=True)
class Turn:
    """One who takes part.

    Attributes:
        work: What is timed.
        amount: How much it does at one call, in the unit of the rate.
        threads: Torch threads meanwhile.
    """

    work: Callable[[], object]
    amount: float
    threads: int = 1


def rates(turns: Mapping[str, Turn], rounds: int, seconds: float) -> dict[str, list[float]]:
    """Return for each who takes part the amount a second, one figure a round.

    Args:
        turns: Name -> what is timed.
        rounds: How often all take their turn, after one round that warms up.
        seconds: How long a turn lasts at least.
    """
    found = {name: list[float]() for name in turns}
    order = list(turns)
    for turn in range(rounds + 1):
        order.append(order.pop(0))  # nobody always comes after the same neighbour
        for name in order:
            with threads(turns[name].threads):
                rate = _rate(turns[name], seconds if turn else 0.0)
            if turn:
                found[name].append(rate)
    return found


def best(found: Mapping[str, list[float]], prefix: str) -> str:
    """Return the fastest of those whose names begin so."""
    return max((name for name in found if name.startswith(prefix)), key=lambda name: median(found[name]))


def ratio(ours: list[float], theirs: list[float]) -> float:
    """Return the median over the rounds of one rate over the other."""
    return median(mine / peer for mine, peer in zip(ours, theirs, strict=True))


def _rate(turn: Turn, seconds: float) -> float:
    done, started = 0.0, time.perf_counter()
    while not done or time.perf_counter() - started < seconds:
        turn.work()
        done += turn.amount
    return done / (time.perf_counter() - started)
