"""RMSProp, plain and with Nesterov momentum.

In both, delta stands inside the root. With ``delta=0`` the second is Algorithm 8.6 to the letter, which divides
by zero where the gradient has been zero from the start.
"""

from thalweg.formula import Fraction, NonNegative, Tensor, Update, rule, sqrt


@rule(reference="Goodfellow, Bengio & Courville 2016, Algorithm 8.5; Hinton 2012", search=(1e-5, 0.1))
def rmsprop(
    p: Tensor,
    g: Tensor,
    r: Tensor,
    *,
    lr: NonNegative = 1e-3,
    rho: Fraction = 0.9,
    delta: NonNegative = 1e-6,
) -> Update:
    """RMSProp: each rate divided by the root of a moving average of squared gradients."""
    r = rho * r + (1 - rho) * g * g
    return p - lr / sqrt(delta + r) * g, r


@rule(reference="Goodfellow, Bengio & Courville 2016, Algorithm 8.6", interim=("alpha", "v"), search=(1e-6, 1e-2))
def rmsprop_nesterov(
    theta: Tensor,
    g: Tensor,
    r: Tensor,
    v: Tensor,
    *,
    lr: NonNegative = 1e-3,
    rho: Fraction = 0.9,
    alpha: Fraction = 0.9,
    delta: NonNegative = 1e-6,
) -> Update:
    """RMSProp with Nesterov momentum: the gradient is taken at the interim point theta + alpha v."""
    r = rho * r + (1 - rho) * g * g
    v = alpha * v - lr / sqrt(delta + r) * g
    return theta + v, r, v
