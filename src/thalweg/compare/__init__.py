"""Compare optimizers fairly: equal tuning budgets, fresh seeds, an untouched test split, honest intervals.

``protocol`` spends the budget, ``statistics`` says how sure the answer is, ``result`` holds it; ``words`` says
it in sentences that page and terminal share, ``show`` prints it, ``environment`` records where it was found.
The package can be called: ``thalweg.compare(problem)`` is `protocol.compare`.
"""

from thalweg.compare.result import Comparison, Environment, Interval, Pair, Standing
from thalweg.core.verb import make_callable

__all__ = ["Comparison", "Environment", "Interval", "Pair", "Standing"]

make_callable(__name__, "thalweg.compare.protocol:compare")
