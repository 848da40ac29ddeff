"""A straight line from 1 to another factor, up or down."""

from typing import Annotated

from thalweg.schedules.schedule import AtLeast, span


def linear(
    t: float, *, end: Annotated[float, AtLeast(0)] = 0, over: float | None = None, total: float | None = None
) -> float:
    """Return ``1 - s + s end`` with ``s = min(t / over, 1)``.

    Args:
        t: Time in epochs, >= 0.
        end: The factor at the end, >= 0; above 1 it rises, as a momentum may: from 0.5 to 0.99 with 1.98.
        over: Epochs until then, > 0; the whole run if left out.
        total: Epochs of the run, which a run tells by itself.

    Raises:
        InputError: Neither `over` nor `total` is given.

    Example:
        >>> linear(3.0, total=10), linear(3.0, end=1.98, over=2)
        (0.7, 1.98)
    """
    s = min(t / span("linear", over, total), 1.0)
    return 1 - s + s * end
