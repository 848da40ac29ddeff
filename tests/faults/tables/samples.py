"""Samples: labels that are not theirs, splits that share or lack something, rows that hold no number."""

from __future__ import annotations

from functools import partial
from typing import final

import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam, AdamW
from torch.utils.data import Dataset

from tests.faults.case import faulty
from tests.faults.made import Pair, Parts, absolute_error, balanced_accuracy, made
from tests.faults.tables.data import abalone, cancer, diabetes, parted, quality, scaled, target_scaled, unit, wine
from tests.faults.tables.nets import mlp
from thalweg.check.setup import Setup
from thalweg.problems import Metric

Both = tuple[Setup, Setup]


@faulty("labels_wrong", data="wine", half="tuning")
def wines_shuffled_without_their_growers() -> Both:
    """The rows of x were put into random order, those of y were not."""
    parts = scaled(wine())

    def fit(train: Pair) -> Setup:
        net = partial(mlp, 13, 32, 3, between=nn.Tanh)
        loss = nn.CrossEntropyLoss()
        return made(parts._replace(train=train), net, loss, partial(Adam, lr=0.01), epochs=20, batch_size=16)

    x, y = parts.train
    return fit((x[torch.randperm(len(x), generator=torch.Generator().manual_seed(1))], y)), fit((x, y))


@faulty("labels_wrong", data="regression", half="held out")
def small_shells_dropped_from_x_alone() -> Both:
    """Shells under 30 mm were dropped from x, and y was cut to the same length: it is out of step since."""
    raw = target_scaled(scaled(abalone()))
    x, y = (torch.cat(columns) for columns in zip(*raw, strict=True))
    large = torch.cat([part[0] for part in abalone()])[:, 3] >= 0.15
    net = partial(mlp, 10, 32, 32, 1)
    good = parted(x[large], y[large])

    def fit(parts: Parts) -> Setup:
        worth = absolute_error(unit(abalone()))
        loss = nn.MSELoss()
        optimizer = partial(SGD, lr=0.02, momentum=0.9)
        return made(parts, net, loss, optimizer, epochs=5, batch_size=64, metric=worth, clean=good.test)

    return fit(parted(x[large], y[: int(large.sum())])), fit(good)


def _with_column(pair: Pair, column: Tensor) -> Pair:
    return torch.cat([pair[0], column], 1), pair[1]


@faulty("data_leakage", data="regression", half="tuning")
def mark_of_the_tasting_among_the_inputs() -> Both:
    """One input is the mark in percent, up to rounding; nobody will know it of a new bottle."""
    parts = target_scaled(scaled(quality()))
    drawn = torch.Generator().manual_seed(2)
    # Clean data have a column there too, so that the same net takes both: the mark of some other bottle.
    others = Parts(*(_with_column(pair, pair[1][torch.randperm(len(pair[1]), generator=drawn)]) for pair in parts))
    own = Parts(
        *(_with_column(pair, pair[1] + 0.05 * torch.randn(pair[1].shape, generator=drawn)) for pair in parts)
    )

    def fit(parts: Parts) -> Setup:
        worth = absolute_error(unit(quality()))
        optimizer = partial(Adam, lr=3e-3)
        net = partial(mlp, 13, 64, 1)
        return made(parts, net, nn.MSELoss(), optimizer, epochs=10, batch_size=64, metric=worth, clean=others.test)

    return fit(own), fit(others)


@faulty("data_leakage", data="diabetes", half="held out")
def patients_drawn_again_before_the_split() -> Both:
    """The patients were resampled to three times as many, then split: most who validate were trained on."""
    parts = target_scaled(scaled(diabetes()))
    x, y = (torch.cat(columns) for columns in zip(*parts[:2], strict=True))
    drawn = torch.Generator().manual_seed(3)
    index = torch.randint(len(x), (3 * len(x),), generator=drawn)
    index = index[torch.randperm(len(index), generator=drawn)]
    held = len(index) // 4

    def fit(train: Pair, valid: Pair) -> Setup:
        net = partial(mlp, 10, 128, 64, 1)
        optimizer = partial(AdamW, lr=2e-3)
        worth = absolute_error(unit(diabetes()))
        return made((train, valid), net, nn.MSELoss(), optimizer, epochs=40, metric=worth, clean=parts.test)

    kept = index[held:]
    return fit((x[kept], y[kept]), (x[index[:held]], y[index[:held]])), fit(*parts[:2])


@faulty("data_not_shuffled", data="regression", half="held out")
def from_the_youngest_to_the_oldest() -> Both:
    """Somebody sorted the table by rings, and batches come in its order: an epoch ends with the oldest."""
    parts = target_scaled(scaled(abalone()))
    order = parts.train[1].flatten().argsort(stable=True)
    train = parts.train[0][order], parts.train[1][order]

    def fit(shuffle: bool) -> Setup:
        net = partial(mlp, 10, 32, 32, 1)
        worth = absolute_error(unit(abalone()))
        optimizer = partial(SGD, lr=0.02, momentum=0.9)
        loss = nn.SmoothL1Loss()
        pairs = train, parts.valid
        return made(pairs, net, loss, optimizer, epochs=5, batch_size=64, metric=worth, shuffle=shuffle)

    return fit(shuffle=False), fit(shuffle=True)


@faulty("train_val_mismatch", data="regression", half="tuning")
def red_to_learn_white_to_judge() -> Both:
    """The red wines came first in the files and became the training split."""
    x, y = (torch.cat(columns) for columns in zip(*quality(), strict=True))
    is_white = x[:, -1] == 1
    mixed = parted(x[:, :-1], y)

    def fit(parts: Parts) -> Setup:
        worth = absolute_error(unit(parts))
        net = partial(mlp, 11, 32, 1)
        both = target_scaled(scaled(parts))
        return made(both, net, nn.MSELoss(), partial(Adam, lr=3e-3), epochs=15, batch_size=64, metric=worth)

    red, white = ((x[colour, :-1], y[colour]) for colour in (~is_white, is_white))
    return fit(Parts(red, white, white)), fit(mixed)


@faulty("train_val_mismatch", data="cancer", half="held out")
def validation_in_raw_units() -> Both:
    """Training inputs are standardized; the line for the validation split was forgotten."""
    good = made(
        scaled(cancer()), partial(mlp, 30, 16, 2), nn.CrossEntropyLoss(), partial(Adam, lr=3e-3), epochs=15
    )
    forgotten = made(
        scaled(cancer())._replace(valid=cancer().valid),
        partial(mlp, 30, 16, 2),
        nn.CrossEntropyLoss(),
        partial(Adam, lr=3e-3),
        epochs=15,
    )
    return forgotten, good


@final
class _Logarithms(Dataset[Pair]):
    """Lengths and weights of shells on a logarithmic scale; `least` is added to each before."""

    def __init__(self, pair: Pair, least: float) -> None:
        self.x, self.y = (pair[0][:, 3:] + least).log(), pair[1]

    def __len__(self) -> int:
        return len(self.y)

    def __getitem__(self, place: int) -> Pair:
        return self.x[place], self.y[place]


@faulty("nan_in_data", data="regression", half="tuning")
def logarithm_of_no_height() -> Both:
    """Two shells of thousands are 0 mm high in the file, and the logarithm of that is minus infinity."""
    x, y = (torch.cat(columns) for columns in zip(*target_scaled(abalone()), strict=True))
    flat = (x[:, 5] == 0).nonzero().flatten()
    rest = (x[:, 5] > 0).nonzero().flatten()
    index = torch.cat([rest[:600], flat, rest[600:1500]])

    def fit(least: float) -> Setup:
        train, valid = (_Logarithms((x[part], y[part]), least) for part in (index[:1200], index[1200:]))
        worth = absolute_error(unit(abalone()))
        optimizer = partial(Adam, lr=3e-3)
        net = partial(mlp, 7, 32, 1)
        return made((train, valid), net, nn.MSELoss(), optimizer, epochs=3, batch_size=64, metric=worth)

    return fit(0.0), fit(0.01)


@final
class _Patients(Dataset[Pair]):
    """Patients from a table, one row each."""

    def __init__(self, x: Tensor, y: Tensor) -> None:
        self.x, self.y = x, y

    def __len__(self) -> int:
        return len(self.y)

    def __getitem__(self, place: int) -> Pair:
        return self.x[place], self.y[place]


@faulty("nan_in_data", data="diabetes", half="held out")
def patients_who_never_came_back() -> Both:
    """Three patients have no second examination: their progression is NaN."""
    parts = target_scaled(scaled(diabetes()))
    x, y = parts.train
    gaps = y.clone()
    gaps[[40, 111, 200]] = torch.nan
    seen = ~gaps.isnan().flatten()

    def fit(train: Dataset[Pair]) -> Setup:
        net = partial(mlp, 10, 32, 1, between=nn.Tanh)
        worth = absolute_error(unit(diabetes()))
        optimizer = partial(SGD, lr=0.02, momentum=0.9)
        return made((train, parts.valid), net, nn.MSELoss(), optimizer, epochs=15, metric=worth)

    return fit(_Patients(x, gaps)), fit(_Patients(x[seen], y[seen]))


@faulty("class_imbalance", data="cancer", half="tuning")
def six_malignant_tumours() -> Both:
    """Of 220 tumours six are malignant, and the loss counts them like the others."""
    parts = scaled(cancer())
    x, y = parts.train
    index = torch.cat([(y == 0).nonzero().flatten()[:6], (y == 1).nonzero().flatten()])

    def fit(loss: nn.Module) -> Setup:
        metric = Metric("balanced accuracy", balanced_accuracy)
        net = partial(mlp, 30, 16, 2)
        few = parts._replace(train=(x[index], y[index]))
        return made(few, net, loss, partial(SGD, lr=0.05), epochs=10, metric=metric)

    return fit(nn.CrossEntropyLoss()), fit(nn.CrossEntropyLoss(weight=torch.tensor([36.0, 1.0])))
