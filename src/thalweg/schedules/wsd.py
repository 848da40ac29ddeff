"""Warm-up, stable, decay."""

from typing import Annotated

from thalweg.core.errors import InputError
from thalweg.schedules.schedule import AtLeast

WARMUP, DECAY = 0.05, 0.2
"""Shares of the run that the first and last part take when they are left out."""


def wsd(
    t: float,
    *,
    warmup: Annotated[float | None, AtLeast(0)] = None,
    decay: float | None = None,
    end: Annotated[float, AtLeast(0)] = 0,
    total: float | None = None,
) -> float:
    """Return ``min(t / warmup, 1)``, and in the last `decay` epochs a line from there to `end`.

    The long middle part does not depend on the length of the run: one run at the stable rate, with a checkpoint
    now and then, gives a finished model at each of several lengths for the cost of their decays.

    Args:
        t: Time in epochs, >= 0.
        warmup: Epochs of the rise from 0, >= 0; a twentieth of the run if left out.
        decay: Epochs of the fall, > 0; a fifth of the run if left out.
        end: The factor at the end, >= 0.
        total: Epochs of the run, which a run tells by itself.

    Raises:
        InputError: No `total`, or a run too short for both parts.

    Example:
        >>> [wsd(t, warmup=2, decay=4, total=10) for t in (0.0, 1.0, 5.0, 8.0, 10.0)]
        [0.0, 0.5, 1.0, 0.5, 0.0]

    Reference:
        S. Hu et al., "MiniCPM", 2024, section 4, whose decay is exponential; the line: A. Hägele et al., "Scaling
        Laws and Compute-Optimal Training Beyond Fixed Training Durations", 2024, section 3.
    """
    if total is None:
        raise InputError("The schedule wsd does not know where it ends.", remedy="give total, the run's epochs")
    rise = WARMUP * total if warmup is None else warmup
    fall = DECAY * total if decay is None else decay
    if rise + fall > total:
        raise InputError(
            "The run is too short for the schedule wsd.",
            got=f"warmup={rise:g} and decay={fall:g} in {total:g} epochs",
            remedy="give fewer epochs to warmup or decay",
        )
    if t < rise:
        return t / rise
    s = min(max((t - (total - fall)) / fall, 0.0), 1.0)
    return 1 - s + s * end
