"""Penalties on the size of the parameters, as terms of the gradient."""

from thalweg.formula import NonNegative, Tensor, option, sign


@option
def weight_decay(p: Tensor, g: Tensor, *, weight_decay: NonNegative = 0.0) -> Tensor:
    """L2: the gradient of ``weight_decay / 2 * |p|^2`` is added (Goodfellow et al. 2016, equation 7.3)."""
    return g + weight_decay * p


@option
def l1(p: Tensor, g: Tensor, *, l1: NonNegative = 0.0) -> Tensor:
    """L1: the subgradient of ``l1 * |p|_1`` is added (Goodfellow et al. 2016, equation 7.20)."""
    return g + l1 * sign(p)
