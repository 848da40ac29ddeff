"""Executors: how a list of Configs becomes a list of Runs. All give the same Runs.

A ``job`` is one run to be done, a ``gate`` says where runs wait for each other and who goes on, ``memory`` what
was done before. ``sequential`` does one job after the other in this process. ``team`` is what they share: jobs in
one place, driven from stop to stop.

``processes`` does jobs side by side. ``staff`` deals them out, ``process`` is a worker seen from here, ``worker``
what it does there; ``parcel`` is how problems get there, ``wire`` what is said.
"""

from thalweg.execute.gate import Gate
from thalweg.execute.job import Executor, Job
from thalweg.execute.memory import Memory
from thalweg.execute.processes import processes
from thalweg.execute.sequential import sequential

__all__ = ["Executor", "Gate", "Job", "Memory", "processes", "sequential"]
