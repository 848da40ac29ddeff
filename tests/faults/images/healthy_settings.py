"""Healthy set-ups whose settings look suspicious: large rates, large and small batches, strong regularization."""

from __future__ import annotations

from collections.abc import Callable
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812
from torch.optim import Optimizer

from tests.faults.case import healthy
from tests.faults.images.data import images, standardized
from tests.faults.images.nets import adam, cnn, mlp, sgd
from thalweg.check.setup import Setup
from thalweg.core.config import Config
from thalweg.problems import Metric

Loss = Callable[[Tensor, Tensor], Tensor]


@healthy(look_alike_of="lr_too_high", data="cifar10-subset", half="tuning", reaches=0.38)
def a_rate_of_a_fifth_with_batchnorm() -> Setup:
    """Plain SGD at 0.2: BatchNorm makes the scale of the weights, and so the rate, matter little."""
    data = images("cifar10-subset", 3000)
    return Setup.of(data.problem(cnn(32, 3, norm=nn.BatchNorm2d), epochs=6), sgd(0.2, momentum=0))


@healthy(look_alike_of="lr_too_high", data="digits", half="held out", reaches=0.9)
def a_rate_of_one_for_small_inputs() -> Setup:
    """Plain SGD at 1.0 for sigmoids, whose slopes are small: the rate has to make up for them."""
    net = mlp(64, 48, 10, act=nn.Sigmoid)
    return Setup.of(images("digits", 1200, 500).problem(net, batch_size=32, epochs=15), sgd(1.0, momentum=0))


@healthy(look_alike_of="batch_too_large", data="fashion-mnist", half="held out", reaches=0.78)
def a_large_batch_at_a_large_rate() -> Setup:
    """Batches of 512, at a rate and for a number of epochs that suit them."""
    data = images("fashion-mnist", 5000)
    return Setup.of(data.problem(mlp(784, 128, 10), batch_size=512, epochs=15), adam(4e-3))


@healthy(look_alike_of="zero_grad", data="mnist", half="tuning", reaches=0.88)
def gradients_accumulated_over_four() -> Setup:
    """Gradients of four small batches are averaged before a step: zero_grad comes every fourth time."""
    seen: WeakKeyDictionary[Optimizer, int] = WeakKeyDictionary()

    def step(model: nn.Module, optimizer: Optimizer, loss: Loss, x: Tensor, y: Tensor) -> Tensor:
        value = loss(model(x), y)
        (value / 4).backward()
        seen[optimizer] = seen.get(optimizer, 0) + 1
        if seen[optimizer] % 4 == 0:
            optimizer.step()
            optimizer.zero_grad()
        return value

    problem = images("mnist", 4000).problem(mlp(784, 128, 10), batch_size=16, epochs=6)
    return Setup.of(problem, adam(1e-3), train_step=step)


@healthy(look_alike_of="zero_grad", data="fashion-mnist", half="held out", reaches=0.78)
def zeroed_at_the_end() -> Setup:
    """zero_grad() comes after the step, not before the backward pass: the same, but for one call."""

    def step(model: nn.Module, optimizer: Optimizer, loss: Loss, x: Tensor, y: Tensor) -> Tensor:
        value = loss(model(x), y)
        value.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        for parameter in model.parameters():
            parameter.grad = None
        return value

    problem = images("fashion-mnist", 4000).problem(mlp(784, 128, 10), epochs=6)
    return Setup.of(problem, sgd(0.02), train_step=step)


@healthy(look_alike_of="loss_sign", data="digits", half="tuning", reaches=0.92)
def likelihood_maximized() -> Setup:
    """The mean log-likelihood is the objective, and the optimizer maximizes: two signs that belong together."""

    def likelihood(output: Tensor, y: Tensor) -> Tensor:
        return F.log_softmax(output, dim=1).gather(1, y[:, None]).mean()

    data = images("digits", 1200, 500)
    problem = data.problem(mlp(64, 48, 10), loss=likelihood, batch_size=32, epochs=10)
    return Setup.of(problem, sgd(0.05, maximize=True))


@healthy(look_alike_of="wrong_loss", data="mnist", half="held out", reaches=0.88)
def squares_of_one_hot_classes() -> Setup:
    """Least squares on one-hot targets: unusual, and about as good."""
    data = images("mnist", 4000)
    hot = data._replace(y=F.one_hot(data.y, 10).float(), yv=F.one_hot(data.yv, 10).float())
    right = Metric("accuracy", lambda output, y: (output.argmax(1) == y.argmax(1)).double().mean())
    return Setup.of(hot.problem(mlp(784, 128, 10), loss=nn.MSELoss(), metrics=[right]), adam(1e-3))


@healthy(look_alike_of="output_activation", data="digits", half="tuning", reaches=0.92)
def log_softmax_and_nll() -> Setup:
    """The model ends in a softmax, a logarithmic one, and the loss is the one that wants it."""
    data = images("digits", 1200, 500)
    net = lambda: nn.Sequential(mlp(64, 48, 10)(), nn.LogSoftmax(dim=1))  # noqa: E731
    return Setup.of(data.problem(net, loss=nn.NLLLoss(), batch_size=32, epochs=8), adam(2e-3))


@healthy(look_alike_of="output_activation", data="mnist", half="held out", reaches=0.85)
def scaled_cosines() -> Setup:
    """Outputs are cosines times ten: bounded on both sides, by design."""

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed = mlp(784, 128, 32)()
            self.classes = nn.Parameter(torch.randn(10, 32))

        def forward(self, x: Tensor) -> Tensor:
            return 10 * F.normalize(self.embed(x)) @ F.normalize(self.classes).T

    return Setup.of(images("mnist", 4000).problem(Net), adam(1e-3))


@healthy(look_alike_of="numerical_instability", data="fashion-mnist", half="tuning", reaches=0.76)
def logarithm_with_a_floor() -> Setup:
    """The logarithm of a softmax by hand, kept from zero by a clamp."""

    def loss(output: Tensor, y: Tensor) -> Tensor:
        return -output.softmax(1).gather(1, y[:, None]).clamp(min=1e-8).log().mean()

    return Setup.of(images("fashion-mnist", 3000).problem(mlp(784, 128, 10), loss=loss), adam(1e-3))


@healthy(look_alike_of="dropout_too_high", data="mnist", half="held out", reaches=0.88)
def strong_dropout_that_helps() -> Setup:
    """Half of 800 units are dropped, and a fifth of the inputs, of a net with 2000 samples: it is better so."""

    def net() -> nn.Module:
        return nn.Sequential(nn.Dropout(0.2), mlp(784, 800, 800, 10, drop=0.5)())

    return Setup.of(images("mnist", 2000).problem(net, epochs=12), adam(1e-3))


@healthy(look_alike_of="weight_decay_too_strong", data="fashion-mnist", half="tuning", reaches=0.78)
def decoupled_decay_of_a_tenth() -> Setup:
    """AdamW with weight_decay=0.1, which is multiplied by the rate: a ten-thousandth an update."""
    config = Config(optimizer="adamw", hyper={"lr": 1e-3, "weight_decay": 0.1})
    return Setup.of(images("fashion-mnist", 4000).problem(mlp(784, 128, 10)), config)


@healthy(look_alike_of="batchnorm_small_batch", data="cifar10-subset", half="tuning", reaches=0.33)
def batches_of_four_and_groupnorm() -> Setup:
    """Batches of four in a net with GroupNorm, which does not look at the batch."""
    data = images("cifar10-subset", 2000)
    net = cnn(32, 3, norm=lambda channels: nn.GroupNorm(4, channels))
    return Setup.of(data.problem(net, batch_size=4, epochs=3), adam(1e-3))


@healthy(look_alike_of="optimizer_setting", data="digits", half="held out", reaches=0.92)
def momentum_of_two_nines() -> Setup:
    """Momentum 0.99 at a rate ten times smaller, for as many epochs as that takes."""
    data = standardized(images("digits", 1200, 500))
    return Setup.of(data.problem(mlp(64, 64, 10), batch_size=32, epochs=15), sgd(2e-3, momentum=0.99))


@healthy(look_alike_of="exploding_gradient", data="mnist", half="tuning", reaches=0.6)
def a_recurrent_net_with_clipping() -> Setup:
    """A recurrent net over the rows of an image, whose gradients are large at times and are clipped."""

    class Rows(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.rnn = nn.LSTM(28, 48, batch_first=True)
            self.head = nn.Linear(48, 10)

        def forward(self, x: Tensor) -> Tensor:
            return self.head(self.rnn(x.squeeze(1))[0][:, -1])

    def step(model: nn.Module, optimizer: Optimizer, loss: Loss, x: Tensor, y: Tensor) -> Tensor:
        optimizer.zero_grad()
        value = loss(model(x), y)
        value.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        return value

    return Setup.of(images("mnist", 3000).problem(Rows), adam(5e-3), train_step=step)
