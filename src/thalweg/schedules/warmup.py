"""Warm-up: the rate rises from 0 before any schedule begins."""

from collections.abc import Callable


def warm_up(schedule: Callable[[float], float], t: float, *, over: float) -> float:
    """Return ``s f(0)`` with ``s = t / over`` while s < 1, then ``f(t - over)``.

    It is no schedule of its own but an option of all of them (`bind` puts it around): what comes after a warm-up
    is another schedule, and so ``cosine:warmup=2`` needs no language for one inside another. The schedule is
    moved, not multiplied, so that it passes through each of its factors, the first one too.

    Args:
        schedule: The function f of time in epochs that follows.
        t: Time in epochs, >= 0.
        over: Epochs until the schedule begins, > 0.

    Example:
        >>> [warm_up(lambda t: 1 / (1 + t), t, over=2.0) for t in (0.0, 1.0, 2.0, 3.0)]
        [0.0, 0.5, 1.0, 0.5]

    Reference:
        P. Goyal et al., "Accurate, Large Minibatch SGD", 2017, section 2.2. Theirs starts at the rate of a small
        batch, and the drops that follow count from the start of the run.
    """
    s = t / over
    return s * schedule(0.0) if s < 1 else schedule(t - over)
