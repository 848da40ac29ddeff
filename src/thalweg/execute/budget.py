"""Budget: how long the choice of an executor may take, for the work that there is."""

from __future__ import annotations

import math
from dataclasses import dataclass

from thalweg.execute.way import SECONDS

PATIENCE = 0.02
"""Of the work, run by run, what timing one way may take: the choice is not to cost what it saves."""

TRYING = 0.05
"""Of the work, what the two updates may take that a cohort must make to be timed at all."""


@dataclass(frozen=True)
class Budget:
    """How long the choice may take.

    Attributes:
        work: Seconds that the jobs take one by one on one thread.
        rival: Updates a second that a cohort has to beat.
    """

    work: float = math.inf
    rival: float = 0.0

    @property
    def seconds(self) -> float:
        """How long one way is timed."""
        return min(SECONDS, PATIENCE * self.work)

    def allows(self, members: int, speed: float) -> bool:
        """Whether two updates of a cohort, at so many a second of all members, are worth a try."""
        return not speed or 2 * members / speed < TRYING * self.work
