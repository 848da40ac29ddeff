"""The run store: every study, run and epoch in one SQLite file that survives being killed at any moment.

``database`` opens the file and writes studies, ``sink`` writes the events of a training loop, ``queries``
reads. ``holding`` lets one sweep at a time at a store, ``alive`` shows which single runs go on. ``header`` tells a
run store from a foreign file before SQLite may touch it, ``schema.sql`` is the layout, which ``layout`` lays;
``failures`` says SQLite's troubles in plain words.
"""

from thalweg.store.database import Database, Study
from thalweg.store.queries import (
    RunRow,
    StudyRow,
    ended_runs,
    findings_of,
    load_result,
    load_run,
    load_spec,
    points_of,
    runs,
    studies,
)

__all__ = [
    "Database",
    "RunRow",
    "Study",
    "StudyRow",
    "ended_runs",
    "findings_of",
    "load_result",
    "load_run",
    "load_spec",
    "points_of",
    "runs",
    "studies",
]
