"""The rules as `torch.optim.Optimizer` classes.

``optimizer`` holds the only ``step()``, ``state`` what is kept between steps; one file a family gives each rule
its torch signature (``sgd``, ``adagrad``, ``rmsprop``, ``adadelta``, ``adam``), and ``names`` is the registry by
the book's names.
"""

from thalweg.optim.adadelta import Adadelta
from thalweg.optim.adagrad import Adagrad
from thalweg.optim.adam import Adam
from thalweg.optim.names import Named, build, check_hyper, optimizers
from thalweg.optim.optimizer import RuleOptimizer
from thalweg.optim.rmsprop import RMSprop, RMSPropNesterov
from thalweg.optim.sgd import SGD, Momentum, Nesterov

__all__ = [
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "Momentum",
    "Named",
    "Nesterov",
    "RMSPropNesterov",
    "RMSprop",
    "RuleOptimizer",
    "build",
    "check_hyper",
    "optimizers",
]
