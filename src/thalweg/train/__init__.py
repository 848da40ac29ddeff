"""Training: one run of one Config, told as events.

``learner`` holds what a run is made of and trains an epoch. ``prepared`` is the problem with the data that a
Config asks for, ``order`` which samples come when, ``objective`` what is minimized (with ``label_smoothing``),
``outset`` makes the weights and the optimizer that a run starts from (with ``dropout``), ``length`` says how long
it is, ``factory`` takes the user's own optimizer, ``full_batch`` serves one that asks for all
samples at once. ``scheduled`` moves hyper-parameters with time, ``observed`` with the loss; ``noise``
draws what a layer drops.

``course`` is a run under way, which keeps its curve and ends it; ``loop`` takes it to its end; ``stopping``
decides when to stop early, ``divergence`` when all is lost, ``sparsity`` counts zeros; ``checkpoint`` writes and
reads all of it; ``threads`` measures how many pay. ``beforehand`` tries the settings of many runs before the
first.
"""

from thalweg.train.checkpoint import weights
from thalweg.train.course import Course
from thalweg.train.factory import OptimizerFactory
from thalweg.train.learner import Learner
from thalweg.train.loop import fit, run_learner

__all__ = ["Course", "Learner", "OptimizerFactory", "fit", "run_learner", "weights"]
