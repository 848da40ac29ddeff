"""Experiments: the looks that train. Each is short and seeded, and works on copies.

``runs`` says what a run may cost and makes shared measurements once; ``ladder`` is the user's set-up at rates around
the user's own, ``longer`` what decides between two, ``course`` a longer run with its curves, ``observed`` what calls
of the user's step do. ``chance`` and ``skill`` say what losses and outputs are worth, ``neighbours`` what the data
tell without a net.

The looks, in the order in which they are asked: ``direction``, ``gradients``, ``step``, ``held``, ``start``, ``finite``,
``overfit``, ``rates``, ``optimizers``, ``batch``, ``order``,
``units``, ``flow``, ``independence``, ``labels``, ``classes``,
``regularization``, ``generalize``.
"""

from thalweg.check.experiments import (  # noqa: I001  (the order of the looks)
    direction as direction,
    gradients as gradients,
    step as step,
    held as held,
    start as start,
    finite as finite,
    overfit as overfit,
    rates as rates,
    optimizers as optimizers,
    batch as batch,
    order as order,
    units as units,
    flow as flow,
    independence as independence,
    labels as labels,
    classes as classes,
    regularization as regularization,
    generalize as generalize,
)
