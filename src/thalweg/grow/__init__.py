"""Growing: a larger net that starts with the function of a smaller one.

``wider`` copies units of a layer, ``deeper`` puts a layer behind one that starts as the identity; ``widen`` and
``deepen`` tell beside the model where each weight came from, by which ``carry`` brings an optimizer's state along.

``trace`` notes which calls of torch a model makes; ``follow`` finds by trial where copies go through one of them,
``weighted`` knows those that mix features, and ``spread`` follows copies through the whole model. ``copies``
chooses units, ``growth`` says how weights and gradients map, ``surgery`` puts new weights into modules,
``by_hand`` serves models that cannot be traced, ``alike`` tries the result. ``follower`` finds the activation
behind a layer, ``identity`` makes the new layer for it. ``response`` finds how the state of an optimizer follows
from gradients.
``enlarge`` grows a whole net, ``change`` writes down what grew, ``resume`` goes on with a run, and ``plateau``
grows the net while it trains.
"""

from thalweg.grow.carry import carry
from thalweg.grow.deeper import deepen, deeper
from thalweg.grow.growth import Growth
from thalweg.grow.wider import widen, wider

__all__ = ["Growth", "carry", "deepen", "deeper", "widen", "wider"]
