"""One cycle: up, down, and far down."""

from typing import Annotated

from thalweg.core.errors import InputError
from thalweg.schedules.schedule import AtLeast

RISE = 0.45
"""The share of the run that the rise takes when `warmup` is left out."""


def one_cycle(
    t: float,
    *,
    warmup: float | None = None,
    start: float = 0.1,
    end: Annotated[float, AtLeast(0)] = 1e-4,
    total: float | None = None,
) -> float:
    """Return a line from `start` to 1 in `warmup` epochs, back to `start` in as many, then to `end` in the rest.

    The learning rate of the setting is the greatest, at the top of the cycle. A momentum cycles the other way:
    with ``momentum=0.85`` and ``start=end=1.118`` it falls from 0.95 to 0.85 and comes back.

    Args:
        t: Time in epochs, >= 0.
        warmup: Epochs of the rise, > 0 and at most half the run; 45 % of it if left out.
        start: The factor at both ends of the cycle, > 0.
        end: The factor at the end of the run, >= 0.
        total: Epochs of the run, which a run tells by itself.

    Raises:
        InputError: No `total`, or a run too short for the cycle.

    Example:
        >>> [one_cycle(t, warmup=4, end=0, total=10) for t in (0.0, 4.0, 8.0, 9.0, 10.0)]
        [0.1, 1.0, 0.1, 0.05, 0.0]

    Reference:
        L. N. Smith, N. Topin, "Super-Convergence", 2018. As `torch.optim.lr_scheduler.OneCycleLR` with
        ``three_phase=True`` and ``anneal_strategy="linear"``, whose phases are counted in updates.
    """
    if total is None:
        raise InputError(
            "The schedule one-cycle does not know where it ends.", remedy="give total, the run's epochs"
        )
    rise = RISE * total if warmup is None else warmup
    if 2 * rise > total:
        raise InputError(
            "The run is too short for the schedule one-cycle.",
            got=f"up in warmup={rise:g} and down in as many, of {total:g} epochs",
            remedy=f"give a warmup of at most {total / 2:g} epochs",
        )
    if t < 2 * rise:
        s = abs(t / rise - 1)
        return 1 - s + s * start
    left = total - 2 * rise
    s = min((t - 2 * rise) / left, 1.0) if left else 1.0
    return start - s * start + s * end
