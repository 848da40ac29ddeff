"""The rules as `torch.optim.Optimizer` classes.

``optimizer`` holds the only ``step()`` of a rule, ``params`` and ``options`` what it is made of, ``form`` the
names that a rule has in torch's clothes, ``settings`` what the groups ask for, ``plan`` and ``state`` what is
kept between steps (``watched`` tells when a state changes), ``interchange`` what a state dict must have.
``views``, ``sharded`` and ``sparse`` know what a parameter or gradient may be besides a dense tensor; ``hooked``
calls torch's hooks, ``untraced`` keeps `torch.compile` out. ``together`` steps the optimizers of many copies of
a model. One file a family gives each rule its signature; ``own`` makes an optimizer of a user's rule,
``foreign`` stands for one from elsewhere, ``given`` finds the name of whatever a user gives. Methods that are no
elementwise rule derive from ``method``: ``muon`` (by ``newton_schulz``), and ``lbfgs`` and ``newton`` (by
``expansion``), which evaluate the loss (``closures``). ``routed`` makes one optimizer of several,
``routing`` divides a model between Muon and AdamW. ``names`` is the registry, filled from ``families``;
``scheduled`` finds what a schedule moves. ``groups`` gives each parameter a rate and decay of its own;
``max_norm`` keeps the weights of a unit in a ball.
"""

from thalweg.optim.adadelta import Adadelta
from thalweg.optim.adagrad import Adagrad
from thalweg.optim.adam import Adam, AdamW
from thalweg.optim.adamax import Adamax
from thalweg.optim.ademamix import AdEMAMix
from thalweg.optim.asgd import ASGD
from thalweg.optim.lamb import LAMB
from thalweg.optim.lars import LARS
from thalweg.optim.lbfgs import LBFGS
from thalweg.optim.lion import Lion
from thalweg.optim.method import Method
from thalweg.optim.muon import Muon
from thalweg.optim.nadam import NAdam
from thalweg.optim.names import Named, NamedMethod, build, check_hyper, optimizers
from thalweg.optim.newton import Newton
from thalweg.optim.optimizer import RuleOptimizer
from thalweg.optim.radam import RAdam
from thalweg.optim.rmsprop import RMSprop, RMSPropNesterov
from thalweg.optim.routed import Routed
from thalweg.optim.routing import MuonWithAdamW, route
from thalweg.optim.rprop import Rprop
from thalweg.optim.schedule_free import ScheduleFreeAdamW, ScheduleFreeSGD
from thalweg.optim.sgd import SGD, Momentum, Nesterov

__all__ = [
    "ASGD",
    "LAMB",
    "LARS",
    "LBFGS",
    "SGD",
    "AdEMAMix",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Lion",
    "Method",
    "Momentum",
    "Muon",
    "MuonWithAdamW",
    "NAdam",
    "Named",
    "NamedMethod",
    "Nesterov",
    "Newton",
    "RAdam",
    "RMSPropNesterov",
    "RMSprop",
    "Routed",
    "Rprop",
    "RuleOptimizer",
    "ScheduleFreeAdamW",
    "ScheduleFreeSGD",
    "build",
    "check_hyper",
    "optimizers",
    "route",
]
