"""Log: where the runs of a cohort are, in one file, so that a killed process goes on with the same cohort."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten
from typing import Any

from thalweg.core.errors import CheckpointError
from thalweg.core.run import Run
from thalweg.train import Course, tree

FORM = "cohort-1"
BEGIN = "go on with the same files and settings, or begin a new study"
EVERY = 5.0
"""Seconds between two times that it is written, unless a run ends: what a kill can cost."""


@dataclass(frozen=True)
class Written:
    """What a file holds.

    Attributes:
        states: The state of every run that goes on, by run_id.
        cohorts: The run_ids of every cohort, in order.
        runs: The runs that have ended.
        configs: The setting of every run that goes on, by run_id.
    """

    states: Mapping[str, Mapping[str, Any]]
    cohorts: Sequence[Sequence[str]]
    runs: Mapping[str, Run]
    configs: Mapping[str, Any]

    def restore(self, course: Course) -> None:
        """Bring a fresh course to where it was.

        Raises:
            CheckpointError: It is another run, or its model has changed since.
        """
        ours, theirs = course.learner.config.to_json(), self.configs[course.run_id]
        if ours != theirs:
            raise CheckpointError(
                f"What was written down of {course.run_id} is of another run.",
                got=theirs,
                expected=ours,
                remedy=BEGIN,
            )
        try:
            course.restore(self.states[course.run_id])
        except (RuntimeError, ValueError) as error:
            raise CheckpointError(
                f"What was written down of {course.run_id} does not fit the model.",
                got=shorten(str(error), 300),
                remedy=BEGIN,
            ) from error


class Log:
    """The file of one crew.

    Args:
        folder: Where it lies.
        name: The run_id that it is named after.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.path = folder / f"{name.replace('/', '_')}.cohort.safetensors"
        self.every = EVERY

    def write(self, courses: Iterable[Course], cohorts: Sequence[Sequence[str]], runs: Mapping[str, Run]) -> None:
        """Write all of it, in place of what was there.

        Raises:
            OutputError: The folder cannot be written to.
        """
        states, configs = dict[str, Any](), dict[str, Any]()
        for course in courses:
            configs[course.run_id] = course.learner.config.to_json()
            with course.learner.at_theta():
                states[course.run_id] = tree.copied(course.state())
        ended = {run_id: run.to_json() for run_id, run in runs.items()}
        tree.write(self.path, states, {"cohorts": cohorts, "runs": ended, "configs": configs}, FORM)

    def read(self) -> Written | None:
        """Return what the file holds; None if there is none, or none that can be read: then all is done again."""
        try:
            about, states = tree.read(self.path, FORM)
        except (OSError, ValueError, KeyError):
            return None
        runs = {run_id: Run.from_json(run) for run_id, run in about["runs"].items()}
        return Written(states, about["cohorts"], runs, about["configs"])
