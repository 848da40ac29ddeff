"""AdaGrad: rates that shrink with the accumulated squared gradient."""

from thalweg.formula import NonNegative, Tensor, Update, rule, sqrt


@rule(reference="Goodfellow, Bengio & Courville 2016, Algorithm 8.4; Duchi et al. 2011", search=(1e-4, 1))
def adagrad(p: Tensor, g: Tensor, r: Tensor, *, lr: NonNegative = 1e-2, delta: NonNegative = 1e-7) -> Update:
    """AdaGrad: each rate divided by the root of the sum of all squared gradients."""
    r = r + g * g
    return p - lr / (delta + sqrt(r)) * g, r
