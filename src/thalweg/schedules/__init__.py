"""Learning-rate schedules: pure functions of time that multiply the rate; usable with any optimizer.

Time t is counted in epochs and moves with every update: t = updates done / updates an epoch. So t is 0 at the
first update, and a schedule means the same at every batch size. One family a file; ``names`` is the registry and
binds a name and its options to a function of t.
"""

from thalweg.schedules.constant import constant
from thalweg.schedules.exponential import exponential
from thalweg.schedules.inverse import inverse
from thalweg.schedules.names import bind, schedules
from thalweg.schedules.schedule import AtLeast, Schedule
from thalweg.schedules.step import step

__all__ = ["AtLeast", "Schedule", "bind", "constant", "exponential", "inverse", "schedules", "step"]
