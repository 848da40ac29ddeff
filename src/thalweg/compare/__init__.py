"""Compare optimizers fairly: equal tuning budgets, fresh seeds, an untouched test split, honest intervals.

``protocol`` says what is run, ``conduct`` runs it, ``ranking`` orders what came out, ``statistics`` says how sure
that is and ``result`` holds it; ``words`` says it in sentences that page and terminal share, ``show`` prints it.

``several`` does the same on several problems: ``cost`` is what each optimizer needed to solve one, ``profile``
what that says over all, ``comparisons`` holds it and ``overview`` says it. The package can be called:
``thalweg.compare(problem)`` is `several.compare`, and for one problem `conduct.compare`.
"""

from thalweg.compare.comparisons import Comparisons
from thalweg.compare.result import Comparison, Environment, Interval, Pair, Standing
from thalweg.core.verb import make_callable

__all__ = ["Comparison", "Comparisons", "Environment", "Interval", "Pair", "Standing"]

make_callable(__name__, "thalweg.compare.several:compare")
