"""Step decay: the rate is divided every few epochs."""

import math
import sys

ROUNDING = 4 * sys.float_info.epsilon
"""What t / every may lack of a whole number that it would be without rounding: 0.3 / 0.1 < 3."""


def step(t: float, *, every: float = 5, divide: float = 10) -> float:
    """Return ``divide ** -floor(t / every)``.

    Args:
        t: Time in epochs, >= 0.
        every: Epochs between two drops, > 0.
        divide: What the rate is divided by, > 0; 2 and 10 are usual.

    Example:
        >>> step(4.9), step(5.0), step(10.0, divide=2)
        (1.0, 0.1, 0.25)
    """
    return float(divide) ** -math.floor(t / every * (1 + ROUNDING))
