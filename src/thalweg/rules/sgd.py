"""Stochastic gradient descent, with momentum, and with Nesterov's."""

from thalweg.formula import Fraction, NonNegative, Tensor, Update, rule


@rule(reference="Goodfellow, Bengio & Courville 2016, Algorithm 8.1", search=(1e-3, 10))
def sgd(p: Tensor, g: Tensor, *, lr: NonNegative = 1e-3) -> Update:
    """Stochastic gradient descent: a step down the gradient."""
    return p - lr * g


@rule(reference="Goodfellow, Bengio & Courville 2016, Algorithm 8.2", search=(1e-4, 1))
def momentum(theta: Tensor, g: Tensor, v: Tensor, *, lr: NonNegative = 1e-3, alpha: Fraction = 0.9) -> Update:
    """SGD with momentum: a velocity that remembers past gradients."""
    v = alpha * v - lr * g
    return theta + v, v


@rule(
    reference="Goodfellow, Bengio & Courville 2016, Algorithm 8.3; Sutskever et al. 2013",
    interim=("alpha", "v"),
    search=(1e-4, 1),
)
def nesterov(theta: Tensor, g: Tensor, v: Tensor, *, lr: NonNegative = 1e-3, alpha: Fraction = 0.9) -> Update:
    """SGD with Nesterov momentum: the gradient is taken at the interim point theta + alpha v."""
    v = alpha * v - lr * g
    return theta + v, v
