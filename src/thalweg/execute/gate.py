"""Gate: epochs at which runs wait for each other, and the choice of those that go on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import Protocol

from thalweg.core.run import Epoch


class Gate(Protocol):
    """Stops that all runs of one call come to before any of them goes further.

    A run that is shorter than a stop, stopped early or diverged before it, is not asked about there.
    """

    @property
    def stops(self) -> Sequence[int]:
        """Numbers of epochs, ascending; those that no run reaches are passed over."""
        ...

    def losers(self, stop: int, curves: Mapping[str, Sequence[Epoch]], broken: Set[str]) -> set[str]:
        """Return which runs end here, with the outcome ``pruned``.

        Args:
            stop: The number of epochs that were trained.
            curves: The curve of every run that is still training, by its run_id, in the order of the jobs.
            broken: The runs that have broken down on the way here.
        """
        ...
