"""Kept: what the store holds of a watch whose process was killed."""

from __future__ import annotations

from thalweg.core.environment import Environment
from thalweg.core.wording import ABSENT
from thalweg.store import Database, findings_of, points_of, runs, studies
from thalweg.watch.journal import RUN
from thalweg.watch.watched import Point, Watched


def kept(database: Database, study: str) -> Watched:
    """Return what was written before the end came.

    Args:
        database: The store.
        study: The study's id, such as ``"watch-0001"``.

    Raises:
        UnknownNameError: There is no such study.
    """
    (run,) = runs(database, study)
    row = next(one for one in studies(database) if one.id == study)
    points = [Point(step=step, numbers=numbers) for step, numbers in points_of(database, f"{study}/{RUN}")]
    steps = [point.step for point in points]
    return Watched(
        name=run.problem,
        config=run.config,
        every=steps[1] - steps[0] if len(steps) > 1 else 1,
        updates=steps[-1] + 1 if steps else 0,
        seconds=float("nan"),
        points=tuple(points),
        findings=tuple(findings_of(database, f"{study}/{RUN}")),
        unheard=(
            "The program ended before the monitor was closed, or goes on: this is what was written until then.",
        ),
        environment=Environment(
            command=row.command,
            started=row.started,
            threads=0,
            **dict.fromkeys(
                ("thalweg", "torch", "python", "platform", "processor", "threading", "device"), ABSENT
            ),
        ),
    )
