"""The textbook rules, each in its own few lines, and the options that go around any of them.

One file a family. A rule knows no device and no framework: it is a sentence of `thalweg.formula`.
``rules`` holds them by the book's names.
"""

from thalweg.core.registry import Registry
from thalweg.formula import Option, Rule
from thalweg.rules.adadelta import adadelta
from thalweg.rules.adagrad import adagrad
from thalweg.rules.adam import adam
from thalweg.rules.clipping import clip_norm, clip_value
from thalweg.rules.decay import l1, weight_decay
from thalweg.rules.direction import maximize
from thalweg.rules.rmsprop import rmsprop, rmsprop_nesterov
from thalweg.rules.sgd import momentum, nesterov, sgd

rules: Registry[Rule] = Registry("rule")
for _rule in (sgd, momentum, nesterov, adagrad, rmsprop, rmsprop_nesterov, adadelta, adam):
    rules.add(_rule.name, _rule)

options: tuple[Option, ...] = (maximize, clip_norm, clip_value, weight_decay, l1)
"""Every option, in the order in which they are applied to the gradient."""

__all__ = [
    "adadelta",
    "adagrad",
    "adam",
    "clip_norm",
    "clip_value",
    "l1",
    "maximize",
    "momentum",
    "nesterov",
    "options",
    "rmsprop",
    "rmsprop_nesterov",
    "rules",
    "sgd",
    "weight_decay",
]
