"""thalweg: a workbench for optimizing the training of deep networks in PyTorch.

Give it a model, a loss and data. The optimizers in `thalweg.optim` drop into any PyTorch loop. Everything is
imported on first use.

========================================  ==========================================================
``Problem(name, model, loss, train)``     what to train; ``load(name)`` takes one from the catalog
``check(problem, optimizer)``             is it a bug or a bad setting? The faults, with the remedy tried
``watch(model, optimizer)``               the same of a loop of your own, while it runs
``compare(problem, optimizers)``          which optimizer trains it best, and how sure that is
``sweep(problem, optimizer, space)``      which setting trains it best: ``sweep(...).best`` is a ``Config``
``log``, ``uniform``, ``integers``        ranges of a space; ``choice(a, b, ...)`` is one of some values
``range_test(problem, optimizer)``        a first idea of the learning rate, from one short run
``fit(problem, config)``                  train one ``Config``; gives a ``Run``
``Learner(problem, config)``              a run taken in hand, with its model
``grow.wider``, ``grow.deeper``           a larger net that starts with the function of a smaller one
``report(result, path)``                  a page of what ``compare`` or ``fit`` gave
``weights(folder)``                       the weights of a checkpoint
``rule``                                  make an optimizer of an update rule of your own
========================================  ==========================================================

``help(thalweg.compare)``, ``help(thalweg.fit)`` ... say what each takes.

Example:
    >>> import thalweg as tw
    >>> problem = tw.load("digits/logistic")
    >>> run = tw.fit(problem, tw.Config(optimizer="adam", hyper={"lr": 0.01}), epochs=1)
    >>> str(run.outcome)
    'completed'
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from thalweg import grow as grow
    from thalweg.check.conduct import check as check
    from thalweg.check.diagnosis import Diagnosis as Diagnosis
    from thalweg.check.setup import Setup as Setup
    from thalweg.compare.comparisons import Comparisons as Comparisons
    from thalweg.compare.result import Comparison as Comparison
    from thalweg.compare.several import compare as compare
    from thalweg.core.config import Config as Config
    from thalweg.core.errors import ThalwegError as ThalwegError
    from thalweg.core.finding import Finding as Finding
    from thalweg.core.run import Epoch as Epoch
    from thalweg.core.run import Outcome as Outcome
    from thalweg.core.run import Run as Run
    from thalweg.optim.own import rule as rule
    from thalweg.problems import Metric as Metric
    from thalweg.problems import Problem as Problem
    from thalweg.problems import load as load
    from thalweg.report import write as report
    from thalweg.sweep.conduct import sweep as sweep
    from thalweg.sweep.dimensions import choice as choice
    from thalweg.sweep.dimensions import integers as integers
    from thalweg.sweep.dimensions import log as log
    from thalweg.sweep.dimensions import uniform as uniform
    from thalweg.sweep.range_test import RangeTest as RangeTest
    from thalweg.sweep.range_test import range_test as range_test
    from thalweg.sweep.result import SweepResult as SweepResult
    from thalweg.train import Learner as Learner
    from thalweg.train import fit as fit
    from thalweg.train import weights as weights
    from thalweg.watch.conduct import watch as watch
    from thalweg.watch.monitor import Monitor as Monitor
    from thalweg.watch.watched import Watched as Watched

_HOME = {
    "Comparison": "compare.result:Comparison",
    "Comparisons": "compare.comparisons:Comparisons",
    "Config": "core.config:Config",
    "Diagnosis": "check.diagnosis:Diagnosis",
    "Epoch": "core.run:Epoch",
    "Finding": "core.finding:Finding",
    "Learner": "train:Learner",
    "Metric": "problems:Metric",
    "Monitor": "watch.monitor:Monitor",
    "Outcome": "core.run:Outcome",
    "Problem": "problems:Problem",
    "Run": "core.run:Run",
    "RangeTest": "sweep.range_test:RangeTest",
    "Setup": "check.setup:Setup",
    "SweepResult": "sweep.result:SweepResult",
    "ThalwegError": "core.errors:ThalwegError",
    "Watched": "watch.watched:Watched",
    "check": "check:",
    "choice": "sweep.dimensions:choice",
    "compare": "compare:",
    "fit": "train:fit",
    "grow": "grow:",
    "integers": "sweep.dimensions:integers",
    "load": "problems:load",
    "log": "sweep.dimensions:log",
    "range_test": "sweep.range_test:range_test",
    "report": "report:",
    "rule": "optim.own:rule",
    "sweep": "sweep:",
    "uniform": "sweep.dimensions:uniform",
    "watch": "watch:",
    "weights": "train:weights",
}

__all__ = [
    "Comparison",
    "Comparisons",
    "Config",
    "Diagnosis",
    "Epoch",
    "Finding",
    "Learner",
    "Metric",
    "Monitor",
    "Outcome",
    "Problem",
    "RangeTest",
    "Run",
    "Setup",
    "SweepResult",
    "ThalwegError",
    "Watched",
    "check",
    "choice",
    "compare",
    "fit",
    "grow",
    "integers",
    "load",
    "log",
    "range_test",
    "report",
    "rule",
    "sweep",
    "uniform",
    "watch",
    "weights",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, _, attribute = _HOME[name].partition(":")
    home = import_module(f"{__name__}.{module}")
    return getattr(home, attribute) if attribute else home
