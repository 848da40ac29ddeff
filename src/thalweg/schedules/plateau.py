"""Plateau: the rate is divided when the loss no longer falls."""

from __future__ import annotations

import math
from typing import Annotated, NamedTuple

from thalweg.schedules.schedule import AtLeast


class Plateau(NamedTuple):
    """What `plateau` remembers.

    Attributes:
        best: The least loss that counted as an improvement.
        waited: Observations since then.
        cooling: Observations that are still let pass after a drop.
        factor: The present factor.
    """

    best: float = math.inf
    waited: float = 0
    cooling: float = 0
    factor: float = 1.0


def plateau(
    state: Plateau | None,
    observed: float,
    *,
    divide: Annotated[float, AtLeast(1)] = 10,
    patience: Annotated[float, AtLeast(0)] = 10,
    threshold: Annotated[float, AtLeast(0)] = 1e-4,
    cooldown: Annotated[float, AtLeast(0)] = 0,
    least: Annotated[float, AtLeast(0)] = 0,
) -> tuple[Plateau, float]:
    """Return the next state and factor: it is divided after more than `patience` losses without an improvement.

    A loss improves if it is below ``best - threshold |best|``. NaN never is.

    Args:
        state: What the call before returned; ``None`` at first.
        observed: The loss, or anything else that is to fall.
        divide: What the factor is divided by, >= 1.
        patience: How many losses without an improvement are let pass, >= 0.
        threshold: The least relative improvement that counts, >= 0.
        cooldown: How many losses after a drop do not count, >= 0.
        least: The factor never falls below it, >= 0.

    Example:
        >>> state, _ = plateau(None, 1.0, patience=0)
        >>> plateau(state, 1.0, patience=0)
        (Plateau(best=1.0, waited=0, cooling=0, factor=0.1), 0.1)

    Reference:
        As `torch.optim.lr_scheduler.ReduceLROnPlateau` with ``mode="min"``, but for negative losses: among those
        torch's relative threshold takes some increases for improvements.
    """
    best, waited, cooling, factor = state or Plateau()
    if observed < (best - threshold * abs(best) if math.isfinite(best) else best):
        best, waited = observed, 0
    else:
        waited += 1
    if cooling > 0:
        cooling, waited = cooling - 1, 0
    if waited > patience:
        factor, waited, cooling = max(factor / divide, least), 0, cooldown
    return Plateau(best, waited, cooling, factor), factor
