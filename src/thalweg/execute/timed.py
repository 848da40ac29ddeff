"""Timed: what was found of some jobs, for jobs like them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from thalweg.execute.batched import crowds, why_alone
from thalweg.execute.job import Job
from thalweg.execute.way import Way

AS_BEFORE = 2
"""Times the work for which ways were timed, up to which they are not timed anew."""


@dataclass(frozen=True)
class Timed:
    """What was timed for jobs before these: of the same kind, the same way is the quickest.

    Attributes:
        job: One of them.
        updates: How many updates they had: how long the choice was allowed to take.
        ways: What was found.
    """

    job: Job
    updates: int
    ways: tuple[Way, ...]

    def tells_of(self, job: Job, updates: int) -> bool:
        """Whether such a job would be timed alike, and there is not much more to do than there was."""
        return updates <= AS_BEFORE * self.updates and len(list(crowds([self.job, job]))) == 1

    def ways_for(self, crowd: Sequence[Job]) -> list[Way]:
        """Return the ways with no more members than these jobs have."""
        fit = sum(not why_alone(job) for job in crowd)
        kept = [way for way in self.ways if way.name != "batched" or fit]
        return [way.among(fit if way.name == "batched" else len(crowd)) for way in kept or self.ways]
