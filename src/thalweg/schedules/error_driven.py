"""Error-driven rate: it follows the error that is observed."""

from __future__ import annotations

import math
from typing import Annotated, NamedTuple

from thalweg.schedules.schedule import AtLeast


class ErrorDriven(NamedTuple):
    """What `error_driven` remembers.

    Attributes:
        eta: The present factor.
    """

    eta: float = 1.0


def error_driven(
    state: ErrorDriven | None,
    observed: float,
    *,
    alpha: float = 0.1,
    beta: float = 1,
    floor: Annotated[float, AtLeast(0)] = 0,
) -> tuple[ErrorDriven, float]:
    """Return the next state and factor: eta moves towards beta times the error above the floor.

    ``d eta / dt = alpha eta (c - eta)`` with ``c = beta (e - floor)``, solved over one observation at constant e:
    ``eta' = eta c / (eta + (c - eta) exp(-alpha c))``, and ``eta / (1 + alpha eta)`` at c = 0. So eta falls like
    ``1 / (alpha t)`` while the error is at its floor, as a rate must for the weights to converge, and rises again
    when what is to be learned changes.

    Args:
        state: What the call before returned; ``None`` at first, when eta is 1.
        observed: The error e, such as the loss of the last mini-batch or its mean over the last epoch. One that is
            not finite leaves eta as it is.
        alpha: How fast eta follows, > 0.
        beta: The factor for an error of 1 above the floor, > 0.
        floor: The least error that can be hoped for, >= 0. An estimate that is too low leaves the rate too high.

    Example:
        >>> state, etas = None, []
        >>> for error in (0.0, 0.0, 0.0, 4.0):
        ...     state, eta = error_driven(state, error, alpha=1)
        ...     etas.append(round(eta, 3))
        >>> etas
        [0.5, 0.333, 0.25, 3.138]

    Reference:
        H. Sompolinsky, N. Barkai, H. S. Seung, "On-line learning of dichotomies: algorithms and learning curves",
        1995; as a rule for eta: N. Murata et al., "Adaptive on-line learning in changing environments", 1997,
        whose update is this one to first order in alpha. Theirs turns eta negative where alpha is large.
    """
    eta = (state or ErrorDriven()).eta
    target = beta * (observed - floor)
    if math.isfinite(target):
        eta = _follow(eta, target, alpha)
    return ErrorDriven(eta), eta


def _follow(eta: float, target: float, alpha: float) -> float:
    """Return ``eta e^x / (1 + eta alpha (e^x - 1) / x)`` with ``x = alpha target``, without overflow."""
    x = alpha * target
    if not eta:
        return 0.0
    if x > 0:
        return eta / (math.exp(-x) + eta * alpha * -math.expm1(-x) / x)
    grown = math.expm1(x) / x if x else 1.0
    return eta * math.exp(x) / (1 + eta * alpha * grown)
