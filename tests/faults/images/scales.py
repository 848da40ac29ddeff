"""Faults of the inputs' scale and axes."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from tests.faults.case import faulty
from tests.faults.images.data import images, standardized
from tests.faults.images.nets import adam, cnn, mlp, resnet, sgd
from thalweg.check.setup import Setup

Pair = tuple[Setup, Setup]


@faulty("input_scaling", data="fashion-mnist", half="tuning")
def raw_bytes() -> Pair:
    """Pixels of 0 to 255 go in as they come from the file."""
    data = images("fashion-mnist", 3000)
    raw, scaled = (part.problem(mlp(784, 128, 10)) for part in (data.of_inputs(lambda x: x * 255), data))
    return Setup.of(raw, sgd(0.01)), Setup.of(scaled, sgd(0.01))


@faulty("input_scaling", data="mnist", half="held out")
def divided_by_255_twice() -> Pair:
    """ToTensor() scaled the pixels already; they are divided by 255 once more."""
    data = images("mnist", 4000)
    tiny, right = (part.problem(mlp(784, 128, 10)) for part in (data.of_inputs(lambda x: x / 255), data))
    return Setup.of(tiny, sgd(0.05)), Setup.of(right, sgd(0.05))


@faulty("input_scaling", data="cifar10-subset", half="tuning")
def raw_bytes_under_adam() -> Pair:
    """Pixels of 0 to 255, which Adam survives, at a price."""
    data = images("cifar10-subset", 2500)
    raw, scaled = (part.problem(cnn(32, 3)) for part in (data.of_inputs(lambda x: x * 255), standardized(data)))
    return Setup.of(raw, adam(2e-3)), Setup.of(scaled, adam(2e-3))


class ToChannelsFirst(nn.Module):
    """Images with channels last, for convolutions."""

    def __init__(self, by_view: bool) -> None:
        super().__init__()
        self.by_view = by_view

    def forward(self, x: Tensor) -> Tensor:
        return x.reshape(-1, 3, 32, 32) if self.by_view else x.permute(0, 3, 1, 2)


@faulty("tensor_shape", data="cifar10-subset", half="tuning", also=("capacity_too_small",))
def channels_moved_by_reshape() -> Pair:
    """x.reshape(-1, 3, 32, 32) of images with channels last: rows and colours are torn apart."""
    data = standardized(images("cifar10-subset", 4000)).of_inputs(lambda x: x.permute(0, 2, 3, 1).contiguous())

    def problem(by_view: bool) -> Setup:
        net = resnet(16, 2)
        return Setup.of(data.problem(lambda: nn.Sequential(ToChannelsFirst(by_view), net())), adam(3e-3))

    return problem(True), problem(False)


class Rows(nn.Module):
    """A recurrent net that reads an image row by row."""

    def __init__(self, turn: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.turn = turn
        self.rnn = nn.GRU(28, 48)
        self.head = nn.Linear(48, 10)

    def forward(self, x: Tensor) -> Tensor:
        states, _ = self.rnn(self.turn(x))
        return self.head(states[-1])


@faulty("tensor_shape", data="mnist", half="held out")
def rows_first_by_view() -> Pair:
    """A GRU wants (rows, batch, columns) and gets it by view, which mixes the rows of different images."""
    data = images("mnist", 2000)

    def problem(turn: Callable[[Tensor], Tensor]) -> Setup:
        return Setup.of(data.problem(lambda: Rows(turn), epochs=4), adam(3e-3))

    return problem(lambda x: x.reshape(28, -1, 28)), problem(lambda x: x.squeeze(1).transpose(0, 1))


class Patches(nn.Module):
    """Attention between the patches of an image; `first` says whether the batch is the first dimension."""

    def __init__(self, first: bool) -> None:
        super().__init__()
        self.embed = nn.Linear(49, 32)
        self.place = nn.Parameter(0.1 * torch.randn(16, 32))
        self.attend = nn.MultiheadAttention(32, 4, batch_first=first)
        self.head = nn.Linear(32, 10)

    def forward(self, x: Tensor) -> Tensor:
        patches = x.unfold(2, 7, 7).unfold(3, 7, 7).reshape(len(x), 16, 49)
        tokens = self.embed(patches) + self.place
        tokens = tokens + self.attend(tokens, tokens, tokens, need_weights=False)[0]
        return self.head(torch.relu(tokens).mean(1))


@faulty("tensor_shape", data="fashion-mnist", half="held out")
def attention_between_samples() -> Pair:
    """nn.MultiheadAttention without batch_first=True: it attends to the other images of the batch."""
    data = images("fashion-mnist", 3000)

    def problem(first: bool) -> Setup:
        return Setup.of(data.problem(lambda: Patches(first)), adam(3e-3))

    return problem(False), problem(True)
