"""Polynomial decay to another factor."""

from typing import Annotated

from thalweg.schedules.schedule import AtLeast, span


def polynomial(
    t: float,
    *,
    power: float = 2,
    end: Annotated[float, AtLeast(0)] = 0,
    over: float | None = None,
    total: float | None = None,
) -> float:
    """Return ``end + (1 - end) (1 - s)^power`` with ``s = min(t / over, 1)``.

    Args:
        t: Time in epochs, >= 0.
        power: The exponent, > 0; 1 is the schedule ``linear``, 0.9 is usual in segmentation.
        end: The factor at the end, >= 0.
        over: Epochs until then, > 0; the whole run if left out.
        total: Epochs of the run, which a run tells by itself.

    Raises:
        InputError: Neither `over` nor `total` is given.

    Example:
        >>> polynomial(5.0, total=10), polynomial(12.0, end=0.1, over=10)
        (0.25, 0.1)

    Reference:
        L.-C. Chen et al., "DeepLab", 2018, with power 0.9.
    """
    s = min(t / span("polynomial", over, total), 1.0)
    return end + (1 - end) * (1 - s) ** power
