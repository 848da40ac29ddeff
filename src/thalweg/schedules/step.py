"""Step decay: the rate is divided every few epochs."""

import math
import sys
from typing import Annotated

from thalweg.schedules.schedule import AtLeast

ROUNDING = 4 * sys.float_info.epsilon
"""What t / every may lack of a whole number that it would be without rounding: 0.3 / 0.1 < 3."""


def step(t: float, *, every: float = 5, divide: Annotated[float, AtLeast(1)] = 10) -> float:
    """Return ``divide ** -floor(t / every)``, in the end 0.

    Args:
        t: Time in epochs, >= 0.
        every: Epochs between two drops, > 0.
        divide: What the rate is divided by, >= 1; 2 and 10 are usual.

    Example:
        >>> step(4.9), step(5.0), step(10.0, divide=2)
        (1.0, 0.1, 0.25)
    """
    drops = min(t / every * (1 + ROUNDING), sys.float_info.max)
    return float(divide) ** -math.floor(drops)
