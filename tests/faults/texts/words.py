"""Nets over words: what is frozen, left out, held down or learnt by heart."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn
from torch.optim import SGD, Adagrad, Adam, AdamW

from tests.faults.case import faulty
from tests.faults.made import made
from tests.faults.texts.data import PAD, numbered, polarity, sms, vocabulary
from tests.faults.texts.nets import Averaged
from thalweg.check.setup import Setup
from thalweg.core.config import Config

Both = tuple[Setup, Setup]


class _FromVectors(nn.Module):
    """Vectors of words that were read from somewhere; here nowhere, so that they are random."""

    def __init__(self, words: int, freeze: bool) -> None:
        super().__init__()
        vectors = torch.randn(words, 24)
        self.embedding = nn.Embedding.from_pretrained(vectors, freeze=freeze, padding_idx=PAD)
        self.hidden = nn.Linear(24, 24)
        self.out = nn.Linear(24, 2)

    def forward(self, x: Tensor) -> Tensor:
        total = self.embedding(x).sum(1) / (x != PAD).sum(1, keepdim=True).clamp(min=1).sqrt()
        return self.out(self.hidden(total).relu())


@faulty("frozen_layer", data="rt-polarity", half="tuning")
def random_vectors_frozen_by_default() -> Both:
    """`from_pretrained` freezes what it is given, and it was given random vectors."""
    words = vocabulary(polarity().train[0])
    parts = numbered(polarity(), words)
    good = made(
        parts, partial(_FromVectors, len(words), False), nn.CrossEntropyLoss(), partial(Adam, lr=3e-3), epochs=4
    )
    return good.with_problem(model=partial(_FromVectors, len(words), True)), good


@faulty("weight_decay_too_strong", data="sms-spam", half="tuning")
def decay_of_words_rarely_seen() -> Both:
    """L2 of 0.03 pulls at all words in every step; most are in one batch of fifty."""
    words = vocabulary(sms().train[0])
    parts = numbered(sms(), words)

    def fit(decay: float) -> Setup:
        setting = Config(optimizer="adam", hyper={"lr": 5e-3, "weight_decay": decay})
        return made(parts, partial(Averaged, len(words)), nn.CrossEntropyLoss(), setting, epochs=6)

    return fit(0.03), fit(0.0)


@faulty("dropout_too_high", data="rt-polarity", half="tuning")
def one_number_of_twenty_left() -> Both:
    """Dropout of 0.97 on 32 numbers leaves one."""
    words = vocabulary(polarity().train[0])
    parts = numbered(polarity(), words)

    def fit(rate: float) -> Setup:
        net = partial(Averaged, len(words), hidden=32, dropout=rate)
        return made(parts, net, nn.CrossEntropyLoss(), partial(AdamW, lr=3e-3), epochs=6)

    return fit(0.97), fit(0.2)


@faulty("lr_too_low", data="rt-polarity", half="held out")
def gradient_descent_on_rare_words() -> Both:
    """A word is in one sentence of a thousand: at 0.05 gradient descent hardly moves its vector."""
    words = vocabulary(polarity().train[0])
    parts = numbered(polarity(), words)

    def fit(rate: float) -> Setup:
        net = partial(Averaged, len(words))
        return made(parts, net, nn.CrossEntropyLoss(), partial(SGD, lr=rate, momentum=0.9), epochs=8)

    return fit(0.05), fit(2.0)


@faulty("batch_too_large", data="sms-spam", half="tuning", also=("lr_too_low",))
def all_messages_a_step() -> Both:
    """A batch of 2,000 holds all messages, and five epochs are five steps."""
    words = vocabulary(sms().train[0])
    parts = numbered(sms(), words)

    def fit(batch: int) -> Setup:
        net = partial(Averaged, len(words))
        return made(parts, net, nn.CrossEntropyLoss(), partial(Adagrad, lr=0.05), epochs=5, batch_size=batch)

    return fit(2000), fit(32)


@faulty("overfitting", data="rt-polarity", half="held out")
def six_hundred_sentences_by_heart() -> Both:
    """600 sentences and 200,000 weights: the loss on others rises from the third epoch on."""
    words = vocabulary(polarity().train[0])
    parts = numbered(polarity(), words)
    few = parts._replace(train=(parts.train[0][::4], parts.train[1][::4]))

    def fit(hidden: int, *, decay: float, dropout: float) -> Setup:
        net = partial(Averaged, len(words), 64, hidden=hidden, dropout=dropout)
        optimizer = partial(AdamW, lr=2e-3, weight_decay=decay)
        return made(few, net, nn.CrossEntropyLoss(), optimizer, epochs=20, objective="loss")

    return fit(64, decay=0.0, dropout=0.0), fit(0, decay=0.1, dropout=0.5)


@faulty("loss_sign", data="rt-polarity", half="held out", also=("optimizer_setting",))
def maximized_by_a_switch() -> Both:
    """`maximize=True` was left in from a reward; the loss is climbed."""
    words = vocabulary(polarity().train[0])
    parts = numbered(polarity(), words)

    def fit(maximize: bool) -> Setup:
        optimizer = partial(Adam, lr=2e-3, maximize=maximize)
        return made(parts, partial(Averaged, len(words)), nn.CrossEntropyLoss(), optimizer, epochs=4)

    return fit(maximize=True), fit(maximize=False)


class _Attentive(nn.Module):
    """Looks at the words with the highest scores: softly, or at one alone."""

    def __init__(self, words: int, hard: bool) -> None:
        super().__init__()
        self.embedding = nn.Embedding(words, 24, padding_idx=PAD)
        self.score = nn.Linear(24, 1)
        self.head = nn.Linear(24, 2)
        self.hard = hard

    def forward(self, x: Tensor) -> Tensor:
        e = self.embedding(x)
        scores = self.score(e).squeeze(2).masked_fill(x == PAD, -1e9)
        if self.hard:
            return self.head(e[torch.arange(len(x)), scores.argmax(1)])
        return self.head((scores.softmax(1).unsqueeze(2) * e).sum(1))


@faulty("gradient_blocked", data="rt-polarity", half="held out")
def attention_by_argmax() -> Both:
    """The word to look at is chosen by argmax, so that nothing teaches the scores which one."""
    words = vocabulary(polarity().train[0])
    parts = numbered(polarity(), words)
    good = made(
        parts, partial(_Attentive, len(words), False), nn.CrossEntropyLoss(), partial(Adam, lr=5e-3), epochs=5
    )
    return good.with_problem(model=partial(_Attentive, len(words), True)), good
