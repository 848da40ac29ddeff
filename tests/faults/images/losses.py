"""Faults between output and loss: sign, kind, activation and number of outputs."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812
from torch.optim import Optimizer

from tests.faults.case import faulty
from tests.faults.images.data import images, standardized
from tests.faults.images.nets import adam, cnn, mlp, sgd
from thalweg.check.setup import Setup
from thalweg.problems import Metric

Pair = tuple[Setup, Setup]
Loss = Callable[[Tensor, Tensor], Tensor]


@faulty("loss_sign", data="mnist", half="tuning", also=("wrong_loss",))
def likelihood_without_its_minus() -> Pair:
    """The mean log-likelihood is minimized; its minus was forgotten."""

    def likelihood(output: Tensor, y: Tensor) -> Tensor:
        return F.log_softmax(output, dim=1).gather(1, y[:, None]).mean()

    data = images("mnist", 3000)
    wrong = data.problem(mlp(784, 64, 10), loss=likelihood, epochs=3)
    right = data.problem(mlp(784, 64, 10), loss=lambda output, y: -likelihood(output, y), epochs=3)
    return Setup.of(wrong, adam(1e-3)), Setup.of(right, adam(1e-3))


@faulty("loss_sign", data="fashion-mnist", half="held out")
def climbing_in_the_step() -> Pair:
    """The step turns the loss round before the backward pass, as for a reward."""

    def climb(model: nn.Module, optimizer: Optimizer, loss: Loss, x: Tensor, y: Tensor) -> Tensor:
        optimizer.zero_grad()
        objective = -loss(model(x), y)
        objective.backward()
        optimizer.step()
        return -objective

    problem = images("fashion-mnist", 3000).problem(cnn(28), epochs=3)
    return Setup.of(problem, sgd(0.001), train_step=climb), Setup.of(problem, sgd(0.02))


@faulty("wrong_loss", data="digits", half="tuning", also=("output_activation",))
def nll_of_raw_outputs() -> Pair:
    """NLLLoss expects log-probabilities and gets raw outputs: it falls without bound."""
    data = images("digits", 1200, 500)
    wrong = data.problem(mlp(64, 32, 10), loss=nn.NLLLoss(), epochs=20)
    right = data.problem(mlp(64, 32, 10), epochs=20)
    return Setup.of(wrong, sgd(0.05)), Setup.of(right, sgd(0.05))


@faulty("wrong_loss", data="fashion-mnist", half="held out", also=("output_size", "output_activation"))
def classes_as_numbers() -> Pair:
    """The number of the class is regressed: a shoe is taken for nine times a shirt."""
    data = images("fashion-mnist", 4000)
    nearest = Metric("accuracy", lambda output, y: (output.round() == y).double().mean())
    wrong = data._replace(y=data.y.float()[:, None], yv=data.yv.float()[:, None]).problem(
        mlp(784, 128, 1), loss=nn.MSELoss(), metrics=[nearest]
    )
    return Setup.of(wrong, adam(1e-3)), Setup.of(data.problem(mlp(784, 128, 10)), adam(1e-3))


@faulty("wrong_loss", data="mnist", half="held out", also=("lr_too_high",))
def loss_summed_over_the_batch() -> Pair:
    """reduction="sum" multiplies every gradient by the size of the batch."""
    data = standardized(images("mnist", 4000))
    summed = data.problem(mlp(784, 128, 64, 10), loss=nn.CrossEntropyLoss(reduction="sum"))
    return Setup.of(summed, sgd(0.02)), Setup.of(data.problem(mlp(784, 128, 64, 10)), sgd(0.02))


@faulty("output_activation", data="fashion-mnist", half="tuning")
def softmax_before_cross_entropy() -> Pair:
    """The model ends in a softmax, and nn.CrossEntropyLoss takes another."""
    data = images("fashion-mnist", 4000)
    twice = data.problem(lambda: nn.Sequential(mlp(784, 128, 10)(), nn.Softmax(dim=1)))
    return Setup.of(twice, sgd(0.02)), Setup.of(data.problem(mlp(784, 128, 10)), sgd(0.02))


@faulty("output_activation", data="mnist", half="held out", also=("dead_relu",))
def relu_on_the_outputs() -> Pair:
    """A loop over all layers put a ReLU behind the last one too: an output below zero learns nothing more."""

    class Net(nn.Module):
        def __init__(self, last: bool) -> None:
            super().__init__()
            self.layers = nn.ModuleList(nn.Linear(*sizes) for sizes in pairwise((784, 64, 64, 64, 64, 10)))
            self.last = last

        def forward(self, x: Tensor) -> Tensor:
            x = x.flatten(1)
            for i, layer in enumerate(self.layers):
                x = layer(x)
                if self.last or i < 4:
                    x = F.relu(x)
            return x

    data = images("mnist", 4000)
    wrong, right = (data.problem(lambda last=last: Net(last)) for last in (True, False))
    return Setup.of(wrong, adam(1e-3)), Setup.of(right, adam(1e-3))


@faulty("output_activation", data="digits", half="held out")
def sigmoid_before_cross_entropy() -> Pair:
    """A sigmoid on ten outputs, from a program for two classes: no output can stand out by more than one."""
    data = images("digits", 1200, 500)
    net = mlp(64, 32, 10, act=nn.Tanh)
    squashed = data.problem(lambda: nn.Sequential(net(), nn.Sigmoid()), epochs=8)
    return Setup.of(squashed, sgd(0.05)), Setup.of(data.problem(net, epochs=8), sgd(0.05))


@faulty("output_size", data="digits", half="tuning")
def an_output_too_few() -> Pair:
    """Nine outputs for the digits 0 to 9: the largest label was taken for the number of classes."""
    data = images("digits", 1200, 500)
    classes = int(data.y.max())
    few, enough = (data.problem(mlp(64, 32, count), batch_size=32, epochs=10) for count in (classes, classes + 1))
    return Setup.of(few, adam(3e-3)), Setup.of(enough, adam(3e-3))


@faulty("output_size", data="mnist", half="held out", also=("wrong_loss", "output_activation"))
def one_output_and_cross_entropy() -> Pair:
    """One output and nn.CrossEntropyLoss for two classes: a softmax over one output is 1, the loss always 0."""
    data = images("mnist", 3000)
    pair = data._replace(y=(data.y > 4).float()[:, None], yv=(data.yv > 4).float()[:, None])
    right = Metric("accuracy", lambda output, y: ((output > 0) == (y > 0.5)).double().mean())
    wrong = pair.problem(mlp(784, 64, 1), metrics=[right], epochs=3)
    repaired = pair.problem(mlp(784, 64, 1), loss=nn.BCEWithLogitsLoss(), metrics=[right], epochs=3)
    return Setup.of(wrong, adam(1e-3)), Setup.of(repaired, adam(1e-3))
