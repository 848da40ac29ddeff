"""Schedules: pure functions of time that multiply the learning rate or another hyper-parameter of any optimizer.

Time t is counted in epochs and moves with every update: t = updates done / updates an epoch. So t is 0 at the
first update, and a schedule means the same at every batch size. One that declares ``total`` is told the length of
the run too. One family a file; ``names`` is the registry and binds a name and its options to a function of t.
Every schedule takes a warm-up (``warmup``). ``in_steps`` counts in updates, for torch's own ``LambdaLR``.

Feedback schedules follow an observed loss in place of time: pure state machines, ``plateau`` and ``error_driven``,
with a registry of their own (``feedback``).
"""

from thalweg.schedules.constant import constant
from thalweg.schedules.cosine import cosine
from thalweg.schedules.error_driven import error_driven
from thalweg.schedules.exponential import exponential
from thalweg.schedules.feedback import Feedback, feedbacks, react
from thalweg.schedules.inverse import inverse
from thalweg.schedules.linear import linear
from thalweg.schedules.names import bind, schedules
from thalweg.schedules.one_cycle import one_cycle
from thalweg.schedules.plateau import plateau
from thalweg.schedules.polynomial import polynomial
from thalweg.schedules.schedule import AtLeast, Schedule
from thalweg.schedules.step import step
from thalweg.schedules.steps import in_steps
from thalweg.schedules.wsd import wsd

__all__ = [
    "AtLeast",
    "Feedback",
    "Schedule",
    "bind",
    "constant",
    "cosine",
    "error_driven",
    "exponential",
    "feedbacks",
    "in_steps",
    "inverse",
    "linear",
    "one_cycle",
    "plateau",
    "polynomial",
    "react",
    "schedules",
    "step",
    "wsd",
]
