"""Compare optimizers fairly: equal tuning budgets, fresh seeds, an untouched test split, honest intervals.

``protocol`` says what is run, ``conduct`` runs it, ``ranking`` orders what came out, ``statistics`` says how sure
that is and ``result`` holds it; ``words`` says it in sentences that page and terminal share, ``show`` prints it.
The package can be called: ``thalweg.compare(problem)`` is `conduct.compare`.
"""

from thalweg.compare.result import Comparison, Environment, Interval, Pair, Standing
from thalweg.core.verb import make_callable

__all__ = ["Comparison", "Environment", "Interval", "Pair", "Standing"]

make_callable(__name__, "thalweg.compare.conduct:compare")
