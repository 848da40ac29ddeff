"""Learning-rate schedules: pure functions of time that multiply the rate; usable with any optimizer.

Time t is counted in epochs and moves with every update: t = updates done / updates an epoch. So t is 0 at the
first update, and a schedule means the same at every batch size. One family a file; ``schedule`` binds a name
and its options to a function of t.
"""

from thalweg.core.registry import Registry
from thalweg.schedules.constant import constant
from thalweg.schedules.exponential import exponential
from thalweg.schedules.inverse import inverse
from thalweg.schedules.schedule import Schedule, bind
from thalweg.schedules.step import step

schedules: Registry[Schedule] = Registry("schedule")
for _function in (constant, step, inverse, exponential):
    schedules.add(_function.__name__, Schedule(_function))

__all__ = ["Schedule", "bind", "constant", "exponential", "inverse", "schedules", "step"]
