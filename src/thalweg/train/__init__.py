"""Training: one run of one Config, told as events.

``learner`` holds what a run is made of and trains an epoch; ``factory`` takes the user's own optimizer;
``scheduled`` moves hyper-parameters; ``noise`` draws what a layer drops; ``course`` is a run under way, which
keeps its curve and ends it; ``loop`` takes it to its end; ``stopping`` decides when to stop early; ``checkpoint``
writes and reads all of it; ``threads`` measures how many pay.
"""

from thalweg.train.checkpoint import weights
from thalweg.train.course import Course
from thalweg.train.factory import OptimizerFactory
from thalweg.train.learner import Learner
from thalweg.train.loop import fit, run_learner

__all__ = ["Course", "Learner", "OptimizerFactory", "fit", "run_learner", "weights"]
