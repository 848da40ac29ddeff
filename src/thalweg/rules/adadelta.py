"""AdaDelta: steps in the units of the parameters, without a global rate to tune."""

from thalweg.formula import Fraction, NonNegative, Tensor, Update, rule, sqrt


@rule(reference="Zeiler 2012, Algorithm 1", search=(1e-2, 100))
def adadelta(
    p: Tensor,
    g: Tensor,
    r: Tensor,
    s: Tensor,
    *,
    lr: NonNegative = 1.0,
    rho: Fraction = 0.9,
    delta: NonNegative = 1e-6,
) -> Update:
    """AdaDelta: the gradient scaled by the ratio of RMS past steps to RMS gradients; lr = 1 is the paper's."""
    r = rho * r + (1 - rho) * g * g
    u = -(sqrt(s + delta) / sqrt(r + delta)) * g
    s = rho * s + (1 - rho) * u * u
    return p + lr * u, r, s
