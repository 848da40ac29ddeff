"""Optimizers that are in no registry: the user's own factory, checked and recorded like any other setting."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Real

from torch import nn
from torch.optim import Optimizer

from thalweg.core.config import Config
from thalweg.core.errors import InputError, InputTypeError
from thalweg.optim.foreign import require_plain_step

OptimizerFactory = Callable[[list[nn.Parameter]], Optimizer]


def from_factory(
    factory: OptimizerFactory, parameters: list[nn.Parameter], config: Config
) -> tuple[Optimizer, Config]:
    """Return the factory's optimizer, and the Config that names its class and the numbers among its defaults.

    Raises:
        InputTypeError: No factory, or one that makes no optimizer.
        InputError: Hyper-parameters in the Config, which the factory would not see, or an optimizer that
            cannot be stepped without a closure.

    Example:
        >>> from torch.optim import SGD
        >>> _, config = from_factory(lambda p: SGD(p, lr=0.1), [nn.Parameter()], Config(seed=2))
        >>> config.optimizer, config.hyper["lr"], config.seed
        ('SGD', 0.1, 2)
    """
    if isinstance(factory, Optimizer) or not callable(factory):
        raise _no_factory(f"an object of type {type(factory).__name__}")
    if config.hyper:
        raise InputError(
            "Hyper-parameters are set beside an optimizer factory, which does not see them.",
            got=", ".join(f"{name}={value:g}" for name, value in config.hyper.items()),
            expected="all of them inside the factory",
            remedy="set them where the factory makes the optimizer, or name the optimizer in place of the factory",
        )
    optimizer = factory(parameters)
    if not isinstance(optimizer, Optimizer):
        raise _no_factory(f"a function that returns an object of type {type(optimizer).__name__}")
    require_plain_step(optimizer)
    numbers = {name: value for name, value in optimizer.defaults.items() if isinstance(value, Real)}
    return optimizer, config.replace(optimizer=type(optimizer).__name__, hyper=numbers)


def _no_factory(got: str) -> InputTypeError:
    return InputTypeError(
        "The optimizer has to be a factory: each run has fresh weights.",
        got=got,
        expected="a function that takes the list of parameters and returns an optimizer",
        remedy="pass optimizer=lambda parameters: torch.optim.Adam(parameters, lr=0.001)",
    )
