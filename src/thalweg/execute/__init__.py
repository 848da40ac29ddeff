"""Executors: how a list of Configs becomes a list of Runs. All give the same Runs.

A ``Job`` is one run to be done; ``sequential`` does one after the other in this process.
"""

from thalweg.execute.job import Executor, Job
from thalweg.execute.sequential import sequential

__all__ = ["Executor", "Job", "sequential"]
