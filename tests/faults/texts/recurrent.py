"""Recurrent nets: what happens through time, and where time is taken for something else."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_
from torch.optim import SGD, Adam, Optimizer

from tests.faults.case import faulty
from tests.faults.made import made
from tests.faults.texts.data import PAD, SYMBOLS, numbered, play, sms, spelled, vocabulary
from tests.faults.texts.nets import CharacterGRU
from thalweg.check.setup import Setup
from thalweg.problems import accuracy

Both = tuple[Setup, Setup]
Loss = Callable[[Tensor, Tensor], Tensor]


class _CharacterRNN(nn.Module):
    """A plain recurrent net whose states pass on by `gain` times an orthogonal matrix at the start."""

    def __init__(self, gain: float) -> None:
        super().__init__()
        self.embedding = nn.Embedding(SYMBOLS, 32)
        self.rnn = nn.RNN(32, 64, nonlinearity="relu", batch_first=True)
        self.head = nn.Linear(64, SYMBOLS)
        nn.init.orthogonal_(self.rnn.weight_hh_l0, gain=gain)

    def forward(self, x: Tensor) -> Tensor:
        states, _ = self.rnn(self.embedding(x))
        return self.head(states).transpose(1, 2)


def _plain(model: nn.Module, optimizer: Optimizer, loss: Loss, x: Tensor, y: Tensor) -> Tensor:
    optimizer.zero_grad()
    value = loss(model(x), y)
    value.backward()
    optimizer.step()
    return value


def _clipped(model: nn.Module, optimizer: Optimizer, loss: Loss, x: Tensor, y: Tensor) -> Tensor:
    optimizer.zero_grad()
    value = loss(model(x), y)
    value.backward()
    clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return value


@faulty("exploding_gradient", data="tinyshakespeare", half="tuning", also=("lr_too_high",))
def gradients_that_grow_with_time() -> Both:
    """With ReLU and recurrent weights of gain 1.2 gradients grow 300-fold in 32 steps, and nothing clips them."""
    good = made(
        play(),
        partial(_CharacterRNN, 1.2),
        nn.CrossEntropyLoss(),
        partial(SGD, lr=0.3),
        epochs=3,
        metric=accuracy,
        train_step=_clipped,
    )
    return good.replace(train_step=_plain), good


@faulty("exploding_gradient", data="sms-spam", half="held out", also=("weight_init", "saturation"))
def chaos_through_time() -> Both:
    """Recurrent weights of gain 4 make a tanh net chaotic: gradients of early words are astronomic."""
    words = vocabulary(sms().train[0])
    parts = numbered(sms(), words, left=True)

    def fit(gain: float) -> Setup:
        net = partial(_LastOfRNN, len(words), gain)
        return made(parts, net, nn.CrossEntropyLoss(), partial(Adam, lr=2e-3), epochs=4)

    return fit(4.0), fit(0.9)


class _LastOfRNN(nn.Module):
    def __init__(self, words: int, gain: float) -> None:
        super().__init__()
        self.embedding = nn.Embedding(words, 32, padding_idx=PAD)
        self.rnn = nn.RNN(32, 48, batch_first=True)
        self.head = nn.Linear(48, 2)
        nn.init.orthogonal_(self.rnn.weight_hh_l0, gain=gain)

    def forward(self, x: Tensor) -> Tensor:
        states, _ = self.rnn(self.embedding(x))
        return self.head(states[:, -1])


class _Spelled(nn.Module):
    """Reads a message letter by letter, and answers from the last state or from all of them."""

    def __init__(self, pooled: bool) -> None:
        super().__init__()
        self.embedding = nn.Embedding(128, 24, padding_idx=PAD)
        self.rnn = nn.RNN(24, 48, batch_first=True)
        self.head = nn.Linear(48, 2)
        self.pooled = pooled

    def forward(self, x: Tensor) -> Tensor:
        states, _ = self.rnn(self.embedding(x))
        return self.head(states.amax(1) if self.pooled else states[:, -1])


@faulty("vanishing_gradient", data="sms-spam", half="tuning")
def last_of_a_hundred_letters() -> Both:
    """A plain recurrent net answers from its last state, to which no gradient finds its way from early letters."""

    def fit(pooled: bool) -> Setup:
        parts, net = spelled(sms(), 100), partial(_Spelled, pooled)
        return made(parts, net, nn.CrossEntropyLoss(), partial(Adam, lr=3e-3), epochs=4)

    return fit(pooled=False), fit(pooled=True)


class _Cell(nn.Module):
    """A GRU cell walked over a sentence by hand."""

    def __init__(self, words: int, detach: bool) -> None:
        super().__init__()
        self.embedding = nn.Embedding(words, 24, padding_idx=PAD)
        self.cell = nn.GRUCell(24, 32)
        self.head = nn.Linear(32, 2)
        self.detach = detach

    def forward(self, x: Tensor) -> Tensor:
        state = torch.zeros(len(x), 32)
        for word in self.embedding(x).unbind(1):
            state = self.cell(word, state.detach() if self.detach else state)
        return self.head(state)


@faulty("gradient_blocked", data="sms-spam", half="tuning", also=("vanishing_gradient",))
def state_detached_at_every_word() -> Both:
    """Detaching belongs between batches; between words it leaves the last word alone to learn from."""
    words = vocabulary(sms().train[0])
    parts = numbered(sms(), words, 24, left=True)

    def fit(detach: bool) -> Setup:
        net = partial(_Cell, len(words), detach)
        return made(parts, net, nn.CrossEntropyLoss(), partial(Adam, lr=3e-3), epochs=3)

    return fit(detach=True), fit(detach=False)


class _Sentence(nn.Module):
    def __init__(self, words: int, batch_first: bool) -> None:
        super().__init__()
        self.embedding = nn.Embedding(words, 32, padding_idx=PAD)
        self.lstm = nn.LSTM(32, 32, batch_first=batch_first)
        self.head = nn.Linear(32, 2)

    def forward(self, x: Tensor) -> Tensor:
        states, _ = self.lstm(self.embedding(x))
        return self.head(states[:, -1])


@faulty("tensor_shape", data="sms-spam", half="held out")
def batch_taken_for_time() -> Both:
    """Without batch_first an LSTM walks along the batch: each message goes on from the one before it."""
    words = vocabulary(sms().train[0])
    parts = numbered(sms(), words, 24, left=True)
    good = made(
        parts, partial(_Sentence, len(words), True), nn.CrossEntropyLoss(), partial(Adam, lr=5e-3), epochs=4
    )
    return good.with_problem(model=partial(_Sentence, len(words), False)), good


class _Viewed(CharacterGRU):
    def forward(self, x: Tensor) -> Tensor:
        states, _ = self.gru(self.embedding(x))
        return self.head(states).view(len(x), SYMBOLS, -1)


@faulty("tensor_shape", data="tinyshakespeare", half="tuning")
def view_for_a_transpose() -> Both:
    """The loss wants (batch, symbols, time), and view gives that shape with the numbers in the wrong places."""
    good = made(play(), CharacterGRU, nn.CrossEntropyLoss(), partial(Adam, lr=5e-3), epochs=3, metric=accuracy)
    return good.with_problem(model=_Viewed), good


@faulty("capacity_too_small", data="tinyshakespeare", half="tuning")
def a_language_in_two_numbers() -> Both:
    """A state of two numbers has to remember the text so far."""
    good = made(play(), CharacterGRU, nn.CrossEntropyLoss(), partial(Adam, lr=5e-3), epochs=4, metric=accuracy)
    return good.with_problem(model=partial(CharacterGRU, 2)), good


@faulty("lr_too_high", data="tinyshakespeare", half="tuning")
def gru_at_a_rate_of_a_fifth() -> Both:
    """Adam at 0.2 saturates the gates within a few steps."""

    def fit(rate: float) -> Setup:
        return made(play(), CharacterGRU, nn.CrossEntropyLoss(), partial(Adam, lr=rate), epochs=3, metric=accuracy)

    return fit(0.2), fit(5e-3)
