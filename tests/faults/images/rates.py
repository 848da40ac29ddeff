"""Faults of the optimizer's setting: its rate, its other numbers, its batches."""

from __future__ import annotations

from collections.abc import Callable
from weakref import WeakKeyDictionary

from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import ExponentialLR

from tests.faults.case import faulty
from tests.faults.images.data import images, standardized
from tests.faults.images.nets import adam, cnn, mlp, resnet, sgd
from thalweg.check.setup import Setup
from thalweg.core.config import Config
from thalweg.problems import Problem

Pair = tuple[Setup, Setup]


@faulty("lr_too_high", data="mnist", half="tuning")
def adam_at_the_rate_of_sgd() -> Pair:
    """Adam kept the rate 0.05 of the SGD that it replaced."""
    problem = images("mnist", 4000).problem(mlp(784, 256, 128, 10))
    return Setup.of(problem, adam(0.05)), Setup.of(problem, adam(1e-3))


@faulty("lr_too_high", data="fashion-mnist", half="held out", also=("dead_relu", "exploding_gradient"))
def momentum_ten_times_too_fast() -> Pair:
    """Momentum 0.9 was added to plain SGD at 0.3, which multiplies its steps by ten."""
    problem = standardized(images("fashion-mnist", 4000)).problem(cnn(28))
    return Setup.of(problem, sgd(0.3)), Setup.of(problem, sgd(0.03))


@faulty("lr_too_high", data="cifar10-subset", half="held out")
def residual_net_at_a_tenth_with_adam() -> Pair:
    """A residual net whose recipe said 0.1, for SGD; BatchNorm keeps it from blowing up, and it learns badly."""
    problem = images("cifar10-subset", 3000).problem(resnet(16, 2), epochs=4)
    return Setup.of(problem, adam(0.1)), Setup.of(problem, adam(3e-3))


@faulty("lr_too_high", data="digits", half="tuning", also=("dead_relu", "exploding_gradient"))
def a_rate_on_the_edge() -> Pair:
    """Plain SGD a little beyond where it is stable: some runs recover, all of them jump."""
    problem = standardized(images("digits", 1200, 500)).problem(mlp(64, 64, 64, 64, 10), batch_size=32, epochs=10)
    fast, slow = (Config(optimizer="sgd", hyper={"lr": lr}) for lr in (1.5, 0.1))
    return Setup.of(problem, fast), Setup.of(problem, slow)


@faulty("lr_too_low", data="fashion-mnist", half="tuning")
def sgd_at_the_rate_of_adam() -> Pair:
    """Plain SGD took over the 0.001 of Adam."""
    problem = images("fashion-mnist", 4000).problem(mlp(784, 128, 10))
    return Setup.of(problem, sgd(1e-3, momentum=0)), Setup.of(problem, sgd(0.1, momentum=0))


@faulty("lr_too_low", data="mnist", half="held out")
def adam_at_a_fine_tuning_rate() -> Pair:
    """A net with fresh weights is trained at 2e-5, from a recipe for fine-tuning."""
    problem = images("mnist", 4000).problem(cnn(28))
    slow, right = (Config(optimizer="adam", hyper={"lr": lr}) for lr in (2e-5, 2e-3))
    return Setup.of(problem, slow), Setup.of(problem, right)


@faulty("lr_too_low", data="digits", half="held out", also=("optimizer_setting",))
def schedule_stepped_every_batch() -> Pair:
    """The schedule was made to be stepped once an epoch; stepped once a batch, the rate is gone in one epoch."""
    problem = images("digits", 1200, 500).problem(mlp(64, 64, 10), batch_size=32, epochs=15)
    return _scheduled(problem, every_batch=True), _scheduled(problem, every_batch=False)


def _scheduled(problem: Problem, *, every_batch: bool) -> Setup:
    schedulers: WeakKeyDictionary[Optimizer, ExponentialLR] = WeakKeyDictionary()
    done: WeakKeyDictionary[Optimizer, int] = WeakKeyDictionary()
    between = 1 if every_batch else -(-len(problem.train) // problem.batch_size)

    def train_step(
        model: nn.Module, optimizer: Optimizer, loss: Callable[..., Tensor], x: Tensor, y: Tensor
    ) -> Tensor:
        if optimizer not in schedulers:
            schedulers[optimizer] = ExponentialLR(optimizer, gamma=0.8)
        optimizer.zero_grad()
        value = loss(model(x), y)
        value.backward()
        optimizer.step()
        done[optimizer] = done.get(optimizer, 0) + 1
        if done[optimizer] % between == 0:
            schedulers[optimizer].step()
        return value

    return Setup.of(problem, sgd(0.05), train_step=train_step)


@faulty("optimizer_setting", data="digits", half="tuning", also=("lr_too_high",))
def momentum_of_three_nines() -> Pair:
    """Momentum 0.999 in place of 0.9: a decay as Adam's second, which remembers a thousand steps."""
    problem = images("digits", 1200, 500).problem(mlp(64, 64, 10), batch_size=32, epochs=8)
    return Setup.of(problem, sgd(0.05, momentum=0.999)), Setup.of(problem, sgd(0.05))


@faulty("optimizer_setting", data="fashion-mnist", half="held out")
def betas_the_wrong_way_round() -> Pair:
    """Adam's betas are swapped: the mean of gradients is slow, that of their squares quick."""
    problem = standardized(images("fashion-mnist", 4000)).problem(mlp(784, 128, 64, 10))
    return Setup.of(problem, adam(3e-3, betas=(0.999, 0.9))), Setup.of(problem, adam(3e-3))


@faulty("optimizer_setting", data="mnist", half="tuning", also=("lr_too_low",))
def epsilon_of_one() -> Pair:
    """Adam with eps=1, which drowns the squared gradients, so that it is SGD at a rate of 0.001."""
    problem = images("mnist", 4000).problem(mlp(784, 128, 10))
    return Setup.of(problem, adam(1e-3, eps=1.0)), Setup.of(problem, adam(1e-3))


@faulty("batch_too_large", data="digits", half="tuning", also=("lr_too_low",))
def all_samples_in_one_batch() -> Pair:
    """The whole training set is one batch: ten epochs are ten updates."""
    problem = images("digits", 1200, 500).problem(mlp(64, 64, 10), epochs=10)
    config = Config(optimizer="adam", hyper={"lr": 1e-3})
    return Setup.of(problem, config.replace(batch_size=1200)), Setup.of(problem, config.replace(batch_size=32))


@faulty("batch_too_large", data="mnist", half="held out", also=("lr_too_low",))
def batch_as_large_as_memory_allows() -> Pair:
    """A batch of 2048 of 4000, at the rate that suited 64."""
    data = images("mnist", 4000)
    large, small = (data.problem(cnn(28), batch_size=size) for size in (2048, 64))
    return Setup.of(large, sgd(0.02)), Setup.of(small, sgd(0.02))
