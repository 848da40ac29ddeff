"""Experiments: the looks that train. Each is short and seeded, and works on copies.

``runs`` holds what they share and says what it may cost; ``ladder`` is the user's set-up at rates
around the user's own, ``longer`` decides between two set-ups, ``course`` is a longer run with its curves,
``observed`` what calls of the user's step do. ``chance`` and ``skill`` say what losses and outputs are worth,
``baseline`` what the data tell without a net. ``double`` is double precision, ``passing`` lets gradients through
where a model detaches, ``wider`` makes narrow layers wide.

The other modules are the looks, in the order in which they are asked: what is certain and quick comes first, what
explains the rest comes before it.
"""

from thalweg.check.experiments import (  # noqa: I001  (the order of the looks)
    step as step,
    used as used,
    start as start,
    finite as finite,
    gradients as gradients,
    flow as flow,
    units as units,
    overfit as overfit,
    rates as rates,
    optimizers as optimizers,
    batch as batch,
    labels as labels,
    generalize as generalize,
    modes as modes,
    classes as classes,
    capacity as capacity,
    regularization as regularization,
)
