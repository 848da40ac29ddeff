"""The run store: every study, run and epoch in one SQLite file that survives being killed at any moment.

``database`` opens the file and writes studies, ``sink`` writes the events of a training loop, ``queries``
reads. ``header`` tells a run store from a foreign file before SQLite may touch it, ``failures`` says
SQLite's troubles in plain words and ``schema.sql`` is the layout.
"""

from thalweg.store.database import Database, Study
from thalweg.store.queries import RunRow, StudyRow, load_result, load_run, runs, studies

__all__ = ["Database", "RunRow", "Study", "StudyRow", "load_result", "load_run", "runs", "studies"]
