"""Units: which are dead, and which are at the ends of their range, over many batches?"""

from __future__ import annotations

from collections.abc import Iterator
from statistics import fmean

from torch import Tensor

from thalweg.check.experiments.units import DEAD, SATURATED
from thalweg.core.finding import Finding, Severity
from thalweg.watch.update import Update
from thalweg.watch.watchers.watcher import Watcher

BATCHES, SAMPLES = 10, 256
"""Watched batches, and samples in them, over which a unit has to be dead, or a layer saturated."""


class Units(Watcher):
    """Keeps which units of rectifiers were alive in the last batches, and how many outputs were saturated."""

    faults = ("dead_relu", "saturation")

    def __init__(self) -> None:
        self._alive: dict[str, Tensor] = {}
        self._saturated: dict[str, list[float]] = {}
        self._clear()

    def hear(self, update: Update) -> Iterator[Finding]:
        """Yield layers most of whose units are dead or saturated, each time some batches are together."""
        for name, alive in update.alive.items():
            before = self._alive.get(name)
            self._alive[name] = alive if before is None or before.shape != alive.shape else before | alive
        for name in update.bounded:
            self._saturated.setdefault(name, []).append(update.numbers[f"saturated/{name}"])
        self._batches += 1
        first = update.passes[0].tensors if update.passes else []
        self._samples += len(first[0]) if first and first[0].ndim else 1
        if self._batches >= BATCHES and self._samples >= SAMPLES:
            yield from self._dead(update)
            yield from self._at_ends(update)
            self._clear()

    def _clear(self) -> None:
        self._alive, self._saturated = {}, {}
        self._batches = self._samples = 0

    def _dead(self, update: Update) -> Iterator[Finding]:
        for name, alive in self._alive.items():
            share = 1 - float(alive.float().mean())
            if share > DEAD:
                yield Finding(
                    fault="dead_relu",
                    severity=Severity.ERROR if share == 1 else Severity.WARNING,
                    where=name,
                    evidence=f"{share:.0%} of the units of {name} were zero for each of the {self._samples} "
                    f"samples watched up to update {update.step}",
                    remedy="lower the learning rate, initialize for rectifiers, or take a leaky rectifier",
                    numbers={"dead": share, "threshold": DEAD},
                )

    def _at_ends(self, update: Update) -> Iterator[Finding]:
        last = next(reversed(update.of("spread")), None)  # it gives the outputs, and saturates when it is right
        for name, shares in self._saturated.items():
            if name != last and fmean(shares) > SATURATED:
                yield Finding(
                    fault="saturation",
                    severity=Severity.WARNING,
                    where=name,
                    evidence=f"{fmean(shares):.0%} of the outputs of {name} were at the ends of their range in "
                    f"the {self._batches} batches watched up to update {update.step}",
                    remedy="lower the learning rate, scale the inputs, or draw smaller initial weights",
                    numbers={"saturated": fmean(shares), "threshold": SATURATED},
                )
