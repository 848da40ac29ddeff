"""Executors: how a list of Configs becomes a list of Runs. All give the same Runs.

A ``job`` is one run to be done, a ``gate`` says where runs wait for each other and who goes on, ``memory`` what
was done before. ``sequential`` does one job after the other in this process. ``team`` is what they share: jobs in
one place, driven from stop to stop. ``environment`` describes where it was done.
"""

from thalweg.execute.batched import batched
from thalweg.execute.gate import Gate
from thalweg.execute.job import Executor, Job
from thalweg.execute.memory import Memory
from thalweg.execute.sequential import sequential

__all__ = ["Executor", "Gate", "Job", "Memory", "batched", "sequential"]
