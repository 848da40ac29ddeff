"""Training: rates, optimizers, batches and steps that waste a good net."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from torch import Tensor, nn
from torch.optim import SGD, Adam, AdamW, Optimizer, RMSprop

from tests.faults.case import faulty
from tests.faults.made import absolute_error, made
from tests.faults.tables.data import abalone, cancer, diabetes, quality, scaled, target_scaled, unit, wine
from tests.faults.tables.nets import mlp
from thalweg.check.setup import Setup
from thalweg.core.config import Config

Both = tuple[Setup, Setup]
Loss = Callable[[Tensor, Tensor], Tensor]


@faulty("lr_too_high", data="diabetes", half="tuning")
def momentum_at_a_rate_of_a_quarter() -> Both:
    """The rate is 0.25, and with momentum the net is thrown out of every valley."""
    parts = target_scaled(scaled(diabetes()))

    def fit(rate: float) -> Setup:
        setting = Config(optimizer="momentum", hyper={"lr": rate, "momentum": 0.9})
        worth = absolute_error(unit(diabetes()))
        return made(parts, partial(mlp, 10, 64, 32, 1), nn.MSELoss(), setting, epochs=10, metric=worth)

    return fit(0.25), fit(0.01)


@faulty("lr_too_high", data="regression", half="held out")
def adam_at_a_tenth() -> Both:
    """Adam moves every weight by 0.1 a step, as much as the weights themselves."""
    parts = target_scaled(scaled(quality()))

    def fit(rate: float) -> Setup:
        worth = absolute_error(unit(quality()))
        net = partial(mlp, 12, 64, 64, 64, 1)
        return made(parts, net, nn.MSELoss(), partial(Adam, lr=rate), epochs=10, batch_size=64, metric=worth)

    return fit(0.1), fit(2e-3)


@faulty("lr_too_low", data="regression", half="tuning")
def steps_of_a_hundred_thousandth() -> Both:
    """The rate is 1e-5, and ten epochs of 40 steps lead nowhere."""
    parts = target_scaled(scaled(abalone()))

    def fit(rate: float) -> Setup:
        worth = absolute_error(unit(abalone()))
        net = partial(mlp, 10, 32, 32, 1, between=nn.Tanh)
        return made(parts, net, nn.MSELoss(), partial(RMSprop, lr=rate), epochs=10, batch_size=64, metric=worth)

    return fit(1e-5), fit(2e-3)


@faulty("optimizer_setting", data="regression", half="tuning", also=("lr_too_high",))
def momentum_that_forgets_nothing() -> Both:
    """Momentum of 0.999 adds up a thousand gradients and swings past every minimum."""
    parts = target_scaled(scaled(abalone()))

    def fit(momentum: float) -> Setup:
        worth = absolute_error(unit(abalone()))
        net = partial(mlp, 10, 32, 1)
        optimizer = partial(SGD, lr=2e-3, momentum=momentum)
        return made(parts, net, nn.MSELoss(), optimizer, epochs=15, batch_size=64, metric=worth)

    return fit(0.999), fit(0.9)


@faulty("optimizer_setting", data="wine", half="held out", also=("lr_too_low",))
def adam_with_an_epsilon_of_one() -> Both:
    """With eps = 1 Adam divides by one and is gradient descent at a rate of 0.001."""

    def fit(eps: float) -> Setup:
        optimizer = partial(Adam, lr=1e-3, eps=eps)
        net = partial(mlp, 13, 32, 3)
        return made(scaled(wine()), net, nn.CrossEntropyLoss(), optimizer, epochs=25, batch_size=16)

    return fit(1.0), fit(1e-8)


@faulty("batch_too_large", data="regression", half="held out", also=("lr_too_low",))
def all_shells_in_one_batch() -> Both:
    """The batch is the whole training split: ten epochs are ten steps."""
    parts = target_scaled(scaled(abalone()))

    def fit(batch: int) -> Setup:
        worth = absolute_error(unit(abalone()))
        net = partial(mlp, 10, 64, 1)
        return made(parts, net, nn.MSELoss(), partial(AdamW, lr=2e-3), epochs=10, batch_size=batch, metric=worth)

    return fit(4096), fit(64)


def _without_zeroing(model: nn.Module, optimizer: Optimizer, loss: Loss, x: Tensor, y: Tensor) -> Tensor:
    value = loss(model(x), y)
    value.backward()
    optimizer.step()
    return value


def _zeroed_too_late(model: nn.Module, optimizer: Optimizer, loss: Loss, x: Tensor, y: Tensor) -> Tensor:
    value = loss(model(x), y)
    value.backward()
    optimizer.zero_grad()
    optimizer.step()
    return value


@faulty("zero_grad", data="regression", half="tuning")
def gradients_that_pile_up() -> Both:
    """The step never clears gradients: each is the sum of all so far."""
    parts = target_scaled(scaled(quality()))
    worth = absolute_error(unit(quality()))
    net, optimizer = partial(mlp, 12, 32, 1), partial(Adam, lr=2e-3)
    good = made(parts, net, nn.MSELoss(), optimizer, epochs=8, batch_size=64, metric=worth)
    return good.replace(train_step=_without_zeroing), good


@faulty("zero_grad", data="diabetes", half="held out")
def gradients_cleared_before_the_step() -> Both:
    """The gradients are cleared between backward and step, and nothing ever moves."""
    parts = target_scaled(scaled(diabetes()))
    worth = absolute_error(unit(diabetes()))
    net, optimizer = partial(mlp, 10, 32, 1), partial(Adam, lr=5e-3)
    good = made(parts, net, nn.MSELoss(), optimizer, epochs=10, metric=worth)
    return good.replace(train_step=_zeroed_too_late), good


@faulty("vanishing_gradient", data="cancer", half="held out")
def eight_layers_of_sigmoids_on_a_table() -> Both:
    """Each sigmoid passes a quarter of the gradient at best, and there are eight."""

    def fit(between: type[nn.Module]) -> Setup:
        net = partial(mlp, 30, *[32] * 8, 2, between=between)
        optimizer = partial(SGD, lr=0.05, momentum=0.9)
        return made(scaled(cancer()), net, nn.CrossEntropyLoss(), optimizer, epochs=20)

    return fit(nn.Sigmoid), fit(nn.Tanh)
