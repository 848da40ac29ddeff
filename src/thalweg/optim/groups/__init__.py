"""Parameter groups for any torch optimizer: rates and decays of each parameter's own.

One grouping a file: ``no_decay``, ``lecun``, ``layerwise``, ``mup``. Each gives multipliers by the names of
parameters; ``multiplier`` combines those of several and makes the groups. ``names`` is the registry.
"""

from thalweg.optim.groups.layerwise import layerwise
from thalweg.optim.groups.lecun import lecun
from thalweg.optim.groups.multiplier import Grouping, Multiplier, Multipliers, parameter_groups
from thalweg.optim.groups.mup import mup
from thalweg.optim.groups.names import Named, grouping, groupings
from thalweg.optim.groups.no_decay import no_decay

__all__ = [
    "Grouping",
    "Multiplier",
    "Multipliers",
    "Named",
    "grouping",
    "groupings",
    "layerwise",
    "lecun",
    "mup",
    "no_decay",
    "parameter_groups",
]
