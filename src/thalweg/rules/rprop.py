"""Rprop: the sign of the gradient is the direction, and whether it changed makes the step smaller or larger."""

from typing import Annotated

from thalweg.formula import Bounds, Fraction, NonNegative, Number, Start, Tensor, Update, clip, rule, sign, where

Growth = Annotated[Number, Bounds(1, high_open=True)]


@rule(
    reference="Riedmiller & Braun 1993, equations 4 and 5; Igel & Huesken 2000, iRprop-",
    search=(1e-5, 0.1),
)
def rprop(
    p: Tensor,
    g: Tensor,
    g_old: Tensor,
    delta: Annotated[Tensor, Start("lr")],
    *,
    lr: NonNegative = 1e-2,
    eta_minus: Fraction = 0.5,
    eta_plus: Growth = 1.2,
    delta_min: NonNegative = 1e-6,
    delta_max: NonNegative = 50.0,
) -> Update:
    """Rprop: steps of size delta, at first lr; they grow while the sign stays, shrink and pause when it turns."""
    turn = g * g_old
    delta = clip(delta * where(turn > 0, eta_plus, where(turn < 0, eta_minus, 1.0)), delta_min, delta_max)
    g = where(turn < 0, 0.0, g)
    return p - delta * sign(g), g, delta
