"""Inverse-time decay."""


def inverse(t: float, *, k: float = 1) -> float:
    """Return ``1 / (1 + k t)``.

    Args:
        t: Time in epochs, >= 0.
        k: Decay an epoch, > 0: at ``t = 1/k`` the rate has halved.

    Example:
        >>> inverse(0.0), inverse(3.0)
        (1.0, 0.25)

    Reference:
        Robbins & Monro 1951 for why such a sum of rates, infinite with a finite sum of squares, converges.
    """
    return 1 / (1 + k * t)
