"""Sweep: try many settings, and recommend one with how sure that is.

``dimensions`` are the kinds of ranges and ``space`` what is searched: a point of the unit cube is a Config, and
back; ``notation`` reads ranges as they are typed, and ``meaning`` knows which kind is meant. ``search`` says which
points are tried, generation by generation: ``sobol`` or ``grid`` with ``narrowing``, or Optuna's samplers
(``adaptive``). ``halving`` decides who goes on at a stop, ``score`` what ranks, ``subset`` makes a cheaper problem
to screen on.

``plan`` is all that a sweep is told, ``explore`` does its trials (``trial``), ``confirm`` runs the best again on
fresh seeds. ``recommendation`` says what comes of it, from ``band``, ``basin`` and ``edge``; ``importance`` and
``cost`` stand beside it. ``result`` holds everything, ``words`` and ``show`` say it, ``export`` hands it to
Optuna. ``conduct`` is the door, with ``presets``; the package can be called, and ``thalweg.sweep(problem)`` is
`conduct.sweep`.

``range_test`` is apart: one short run whose learning rate rises with every update.
"""

from thalweg.core.verb import make_callable

make_callable(__name__, "thalweg.sweep.conduct:sweep")
