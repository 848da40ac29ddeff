"""Healthy set-ups on texts that look faulty."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_
from torch.nn.utils.rnn import pack_padded_sequence
from torch.optim import SGD, Adagrad, Adam, AdamW, Optimizer

from tests.faults.case import healthy
from tests.faults.made import Parts, balanced_accuracy, made
from tests.faults.texts.data import PAD, SYMBOLS, numbered, play, polarity, sms, vocabulary
from tests.faults.texts.nets import Averaged, CharacterGRU, CharacterTransformer
from thalweg.check.setup import Setup
from thalweg.core.config import Config
from thalweg.problems import Metric, accuracy

Loss = Callable[[Tensor, Tensor], Tensor]


def _counted(parts: Parts, words: int) -> Parts:
    """Zeros and ones, a column a word."""
    return Parts(*((torch.zeros(len(x), words).scatter_(1, x, 1.0), y) for x, y in parts))


@healthy(look_alike_of="input_scaling", data="sms-spam", half="tuning", reaches=0.96)
def columns_of_zeros() -> Setup:
    """A column a word: 99 of 100 inputs are zero, and many columns nearly always."""
    words = vocabulary(sms().train[0])
    parts = _counted(numbered(sms(), words, 60), len(words))
    net = partial(nn.Linear, len(words), 2)
    return made(parts, net, nn.CrossEntropyLoss(), partial(Adam, lr=0.01), epochs=5)


@healthy(look_alike_of="class_imbalance", data="sms-spam", half="held out", reaches=0.85)
def spam_that_counts_sixfold() -> Setup:
    """One message of seven is spam, and the loss weighs the classes."""
    words = vocabulary(sms().train[0])
    parts = numbered(sms(), words)
    loss = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 6.0]))
    metric = Metric("balanced accuracy", balanced_accuracy)
    net = partial(Averaged, len(words), hidden=16)
    return made(parts, net, loss, partial(AdamW, lr=3e-3), epochs=10, metric=metric)


class _Bag(nn.Module):
    """Sums of embeddings with sparse gradients: only words of the batch are touched."""

    def __init__(self, words: int) -> None:
        super().__init__()
        self.bag = nn.EmbeddingBag(words, 16, mode="mean", padding_idx=PAD, sparse=True)
        self.out = nn.Linear(16, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.bag(x))


@healthy(look_alike_of="frozen_layer", data="rt-polarity", half="tuning", reaches=0.62)
def words_touched_once_an_epoch() -> Setup:
    """All 10,000 words have a vector, most occur once: their gradients are sparse and nearly always zero."""
    words = vocabulary(polarity().train[0], least=1)
    parts = numbered(polarity(), words)
    setting = Config(optimizer="adagrad", hyper={"lr": 0.1})
    return made(parts, partial(_Bag, len(words)), nn.CrossEntropyLoss(), setting, epochs=8)


@healthy(look_alike_of="lr_too_high", data="rt-polarity", half="held out", reaches=0.62)
def adagrad_at_a_rate_of_one_half() -> Setup:
    """Adagrad at 0.5: its rate falls by itself, and rare words need the large steps."""
    words = vocabulary(polarity().train[0])
    parts = numbered(polarity(), words)
    optimizer = partial(Adagrad, lr=0.5)
    return made(parts, partial(Averaged, len(words), 8), nn.CrossEntropyLoss(), optimizer, epochs=4)


@healthy(look_alike_of="dropout_too_high", data="rt-polarity", half="held out", reaches=0.69)
def dropout_that_helps() -> Setup:
    """Three of four numbers are dropped, because sentences are few and weights are many."""
    words = vocabulary(polarity().train[0])
    parts = numbered(polarity(), words)
    net = partial(Averaged, len(words), 128, dropout=0.75)
    return made(parts, net, nn.CrossEntropyLoss(), partial(Adam, lr=3e-3), epochs=25)


def _vectors(x: Tensor, words: int, width: int) -> Tensor:
    """Vectors of words by the company they keep: the singular vectors of their logarithmic co-occurrence."""
    held = torch.zeros(len(x), words).scatter_(1, x, 1.0)
    held[:, :2] = 0
    vectors, values, _ = torch.svd_lowrank((held.T @ held).log1p(), width, niter=4)
    found = vectors * values.sqrt()
    return found / found[2:].std()


class _Pretrained(nn.Module):
    def __init__(self, vectors: Tensor) -> None:
        super().__init__()
        self.embedding = nn.Embedding.from_pretrained(vectors, freeze=True, padding_idx=PAD)
        self.hidden = nn.Linear(vectors.shape[1], 32)
        self.out = nn.Linear(32, 2)

    def forward(self, x: Tensor) -> Tensor:
        present = (x != PAD).sum(1, keepdim=True).clamp(min=1)
        return self.out(self.hidden(self.embedding(x).sum(1) / present.sqrt()).relu())


@healthy(look_alike_of="frozen_layer", data="sms-spam", half="tuning", reaches=0.94)
def vectors_learnt_before() -> Setup:
    """The vectors of words come from their co-occurrence and stay as they are: so few labels would spoil them."""
    words = vocabulary(sms().train[0], least=3)
    parts = numbered(sms(), words)
    torch.manual_seed(0)
    net = partial(_Pretrained, _vectors(parts.train[0], len(words), 32))
    return made(parts, net, nn.CrossEntropyLoss(), partial(Adam, lr=3e-3), epochs=8)


def _clipped(model: nn.Module, optimizer: Optimizer, loss: Loss, x: Tensor, y: Tensor) -> Tensor:
    optimizer.zero_grad()
    value = loss(model(x), y)
    value.backward()
    clip_grad_norm_(model.parameters(), 0.5)
    optimizer.step()
    return value


class _PlainRNN(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(SYMBOLS, 32)
        self.rnn = nn.RNN(32, 64, batch_first=True)
        self.head = nn.Linear(64, SYMBOLS)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.rnn(self.embedding(x))[0]).transpose(1, 2)


@healthy(look_alike_of="exploding_gradient", data="tinyshakespeare", half="held out", reaches=0.35)
def clipped_through_time() -> Setup:
    """Gradient descent at a rate of 2 on a plain recurrent net, with gradients clipped to a norm of 0.5."""
    optimizer, loss = partial(SGD, lr=2.0), nn.CrossEntropyLoss()
    return made(play(), _PlainRNN, loss, optimizer, epochs=4, metric=accuracy, train_step=_clipped)


class _Truncated(CharacterGRU):
    """Goes back through 16 places at most."""

    def forward(self, x: Tensor) -> Tensor:
        e, state, found = self.embedding(x), None, []
        for piece in e.split(16, dim=1):
            states, state = self.gru(piece, None if state is None else state.detach())
            found.append(states)
        return self.head(torch.cat(found, 1)).transpose(1, 2)


@healthy(look_alike_of="gradient_blocked", data="tinyshakespeare", half="tuning", reaches=0.4)
def back_through_sixteen_places() -> Setup:
    """The state is detached between pieces of 16 characters: truncated backpropagation through time."""
    return made(play(), _Truncated, nn.CrossEntropyLoss(), partial(Adam, lr=5e-3), epochs=3, metric=accuracy)


class _Tied(CharacterTransformer):
    """Reads and writes characters by the same vectors."""

    def __init__(self) -> None:
        super().__init__()
        self.head.weight = self.symbol.weight
        nn.init.normal_(self.head.weight, std=0.05)


@healthy(look_alike_of="params_not_optimised", data="tinyshakespeare", half="held out", reaches=0.3)
def one_table_for_both_ends() -> Setup:
    """The embedding and the last layer are one parameter under two names, on purpose."""
    return made(play(), _Tied, nn.CrossEntropyLoss(), partial(AdamW, lr=2e-3), epochs=3, metric=accuracy)


class _Packed(nn.Module):
    def __init__(self, words: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(words, 24, padding_idx=PAD)
        self.lstm = nn.LSTM(24, 24, batch_first=True)
        self.head = nn.Linear(24, 2)

    def forward(self, x: Tensor) -> Tensor:
        lengths = (x != PAD).sum(1).clamp(min=1).cpu()
        packed = pack_padded_sequence(self.embedding(x), lengths, batch_first=True, enforce_sorted=False)
        _, (state, _) = self.lstm(packed)
        return self.head(state[-1])


@healthy(look_alike_of="token_encoding", data="sms-spam", half="tuning", reaches=0.95)
def mostly_padding_and_packed() -> Setup:
    """Three of four places are padding, and packing keeps the net from reading them."""
    words = vocabulary(sms().train[0])
    parts = numbered(sms(), words, 80)
    return made(parts, partial(_Packed, len(words)), nn.CrossEntropyLoss(), partial(Adam, lr=5e-3), epochs=4)
