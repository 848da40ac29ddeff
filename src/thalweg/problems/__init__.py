"""What is to be trained: model, loss, data, metrics and target in one object that every verb takes.

``problem`` is that object and what it fills in, ``made`` asks its factory for a model, ``probe`` tries it out on
one small batch, ``lazy`` builds its model where layers learn their shapes from data; ``metrics`` are its
measures. ``catalog`` holds the problems with fixed definitions: a ``row`` names a data set, a net and a task,
and can be listed without torch. The tasks are ``classification``, ``documents``, ``regression``, ``language``,
``quadratic`` and ``surfaces``; the nets ``networks``, ``convolutional``, ``bag_of_words``, ``recurrent`` and
``transformer``. ``files`` finds a user's own problem in their Python file. Names are resolved on first use, so
that listing stays quick.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from thalweg.problems.catalog import load as load
    from thalweg.problems.catalog import rows as rows
    from thalweg.problems.files import from_file as from_file
    from thalweg.problems.files import resolve as resolve
    from thalweg.problems.metrics import Metric as Metric
    from thalweg.problems.metrics import accuracy as accuracy
    from thalweg.problems.networks import mlp as mlp
    from thalweg.problems.problem import Problem as Problem
    from thalweg.problems.row import Row as Row

_HOME = {
    **dict.fromkeys(("load", "rows"), "catalog"),
    **dict.fromkeys(("from_file", "resolve"), "files"),
    **dict.fromkeys(("Metric", "accuracy"), "metrics"),
    "mlp": "networks",
    "Problem": "problem",
    "Row": "row",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
