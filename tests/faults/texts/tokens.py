"""Tokens: words as numbers, and what goes wrong before any layer has done its work."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam, AdamW

from tests.faults.case import faulty
from tests.faults.made import Parts, balanced_accuracy, made
from tests.faults.texts.data import LENGTH, PAD, numbered, padded, polarity, sms, vocabulary
from tests.faults.texts.nets import Averaged
from thalweg.check.setup import Setup
from thalweg.problems import Metric

Both = tuple[Setup, Setup]


class _OfNumbers(nn.Module):
    """A net over the numbers of words as if they were quantities."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(LENGTH, 64), nn.ReLU(), nn.Linear(64, 2))

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x.float())


@faulty("token_encoding", data="sms-spam", half="tuning")
def numbers_of_words_as_quantities() -> Both:
    """Word 2,000 is not twice word 1,000: the numbers go into a linear layer in place of an embedding."""
    words = vocabulary(sms().train[0])
    parts = numbered(sms(), words)
    good = made(parts, partial(Averaged, len(words)), nn.CrossEntropyLoss(), partial(Adam, lr=5e-3), epochs=5)
    return good.with_problem(model=_OfNumbers), good


class _Clamped(Averaged):
    """As many words as the table has rows; those beyond take the last."""

    def __init__(self, rows: int) -> None:
        super().__init__(rows, hidden=16)
        self.rows = rows

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.clamp(max=self.rows - 1))


@faulty("token_encoding", data="rt-polarity", half="held out")
def words_beyond_the_table() -> Both:
    """The table has 200 rows, and clamping gives all words after the letter a the last of them."""
    words = vocabulary(polarity().train[0])
    parts = numbered(polarity(), words)
    good = made(parts, partial(_Clamped, len(words)), nn.CrossEntropyLoss(), partial(AdamW, lr=5e-3), epochs=6)
    return good.with_problem(model=partial(_Clamped, 200)), good


class _MeanOfAll(nn.Module):
    def __init__(self, words: int, padding: int | None) -> None:
        super().__init__()
        self.embed = nn.Embedding(words, 24, padding_idx=padding)
        self.out = nn.Linear(24, 2)
        self.masked = padding is not None

    def forward(self, x: Tensor) -> Tensor:
        e = self.embed(x)
        if self.masked:
            return self.out(e.sum(1) / (x != PAD).sum(1, keepdim=True).clamp(min=1))
        return self.out(e.mean(1))


@faulty("token_encoding", data="rt-polarity", half="tuning")
def padding_counts_as_a_word() -> Both:
    """Sentences of 20 words are padded to 200, and the mean goes over all of it."""
    words = vocabulary(polarity().train[0])
    parts = numbered(polarity(), words, 200)

    def fit(padding: int | None) -> Setup:
        net = partial(_MeanOfAll, len(words), padding)
        return made(parts, net, nn.CrossEntropyLoss(), partial(Adam, lr=5e-3), epochs=3)

    return fit(None), fit(PAD)


class _LastState(nn.Module):
    def __init__(self, words: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(words, 24, padding_idx=PAD)
        self.rnn = nn.GRU(24, 24, batch_first=True)
        self.head = nn.Linear(24, 2)

    def forward(self, x: Tensor) -> Tensor:
        states, _ = self.rnn(self.embedding(x))
        return self.head(states[:, -1])


@faulty("token_encoding", data="sms-spam", half="held out", also=("vanishing_gradient",))
def last_state_after_the_padding() -> Both:
    """The answer is read off the last state, which has seen 60 places of padding since the last word."""
    words = vocabulary(sms().train[0])

    def fit(left: bool) -> Setup:
        parts = numbered(sms(), words, 80, left=left)
        net = partial(_LastState, len(words))
        return made(parts, net, nn.CrossEntropyLoss(), partial(Adam, lr=5e-3), epochs=2)

    return fit(left=False), fit(left=True)


@faulty("train_val_mismatch", data="rt-polarity", half="tuning", also=("token_encoding",))
def validation_with_a_vocabulary_of_its_own() -> Both:
    """The function that numbers words was called for either split, and counted the words of that split."""
    texts = polarity()
    words = vocabulary(texts.train[0])
    parts = numbered(texts, words)
    other = vocabulary(texts.valid[0])
    mixed = parts._replace(valid=(padded(texts.valid[0], other), texts.valid[1]))

    def fit(parts: Parts) -> Setup:
        net = partial(Averaged, len(words), dropout=0.3)
        return made(parts, net, nn.CrossEntropyLoss(), partial(Adam, lr=5e-3), epochs=6)

    return fit(mixed), fit(parts)


@faulty("data_not_shuffled", data="rt-polarity", half="tuning")
def first_all_bad_then_all_good() -> Both:
    """The negative sentences are one file, the positive ones another, and batches come in this order."""
    words = vocabulary(polarity().train[0])
    parts = numbered(polarity(), words)
    x, y = parts.train
    order = y.argsort(stable=True)

    def fit(shuffle: bool) -> Setup:
        sorted_ = parts._replace(train=(x[order], y[order]))
        net = partial(Averaged, len(words))
        optimizer = partial(Adam, lr=3e-3)
        return made(sorted_, net, nn.CrossEntropyLoss(), optimizer, epochs=6, shuffle=shuffle)

    return fit(shuffle=False), fit(shuffle=True)


@faulty("class_imbalance", data="sms-spam", half="held out")
def spam_one_of_a_hundred() -> Both:
    """Fifteen messages of 1,500 are spam, and saying ham is right 99 times of a hundred."""
    words = vocabulary(sms().train[0])
    parts = numbered(sms(), words)
    x, y = parts.train
    index = torch.cat([(y == 1).nonzero().flatten()[:15], (y == 0).nonzero().flatten()])

    def fit(loss: nn.Module) -> Setup:
        rare = parts._replace(train=(x[index], y[index]))
        metric = Metric("balanced accuracy", balanced_accuracy)
        net = partial(Averaged, len(words), hidden=16)
        return made(rare, net, loss, partial(Adam, lr=3e-3), epochs=12, metric=metric)

    return fit(nn.CrossEntropyLoss()), fit(nn.CrossEntropyLoss(weight=torch.tensor([1.0, 100.0])))


class _Unguarded(Averaged):
    def forward(self, x: Tensor) -> Tensor:
        known = (x > 1).unsqueeze(-1).float()
        return self.head((self.embedding(x) * known).sum(1) / known.sum(1))


class _Guarded(Averaged):
    def forward(self, x: Tensor) -> Tensor:
        known = (x > 1).unsqueeze(-1).float()
        return self.head((self.embedding(x) * known).sum(1) / known.sum(1).clamp(min=1))


@faulty("numerical_instability", data="sms-spam", half="tuning")
def mean_of_no_words() -> Both:
    """A few messages have no word of the vocabulary, and the mean of nothing is 0 / 0."""
    words = vocabulary(sms().train[0], least=5)
    parts = numbered(sms(), words)
    good = made(parts, partial(_Guarded, len(words)), nn.CrossEntropyLoss(), partial(SGD, lr=2.0), epochs=8)
    return good.with_problem(model=partial(_Unguarded, len(words))), good
