"""Exponential decay."""

import math


def exponential(t: float, *, k: float = 0.1) -> float:
    """Return ``exp(-k t)``.

    Args:
        t: Time in epochs, >= 0.
        k: Decay an epoch, > 0: the rate halves every ``ln(2) / k`` epochs.

    Example:
        >>> round(exponential(10.0), 4)
        0.3679
    """
    return math.exp(-k * t)
