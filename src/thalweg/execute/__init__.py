"""Executors: how a list of Configs becomes a list of Runs. All give the same Runs.

A ``job`` is one run to be done, a ``gate`` says where runs wait for each other and who goes on, ``memory`` what
was done before a kill. A ``team`` is what executors share: jobs in one place, driven from stop to stop.

* ``sequential`` does one job after the other in this process.
* ``batched`` trains many at once. A ``cohort`` is learners in step with each other: their tensors lie in
  ``stacks``, ``passes`` are batched passes over these, ``updates`` steps them. Passes take ``shortcuts``
  through ``dense`` layers and the ``entropy`` of labels. Those of models that are ``known`` are a ``replay`` of
  a ``recording``: of what was ``done``, but for what can be ``spared``. A ``crew`` takes the jobs of one cohort
  to their end and keeps a ``log``. ``obstacles`` says what cannot be batched, ``room`` how many fit in memory.
* ``processes`` does jobs side by side. ``staff`` deals them out, ``process`` is a worker seen from here,
  ``worker`` what it does there; ``parcel`` is how problems get there, ``wire`` what is said.

``choose`` times each ``way`` on the problem at hand, within a ``budget``, and takes the quickest, or the next
should the ``attempt`` fail; what was ``timed`` serves for jobs like those. A ``certificate`` says how far a run of
a cohort is from the same run alone; ``environment`` is what a result depends on beside its settings.
"""

from thalweg.execute.batched import batched
from thalweg.execute.choose import Chosen
from thalweg.execute.gate import Gate
from thalweg.execute.job import Executor, Job
from thalweg.execute.memory import Memory
from thalweg.execute.processes import processes
from thalweg.execute.sequential import sequential

__all__ = [
    "Chosen",
    "Executor",
    "Gate",
    "Job",
    "Memory",
    "batched",
    "processes",
    "sequential",
]
