"""Faults of the data: labels, splits, order, values."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from tests.faults.case import faulty
from tests.faults.images.data import Images, images, standardized
from tests.faults.images.nets import adam, cnn, mlp, sgd
from thalweg.check.setup import Setup
from thalweg.problems import Problem

Pair = tuple[Setup, Setup]


def shuffled(*parts: Tensor, seed: int = 0) -> tuple[Tensor, ...]:
    order = torch.randperm(len(parts[0]), generator=torch.Generator().manual_seed(seed))
    return tuple(part[order] for part in parts)


@faulty("labels_wrong", data="mnist", half="tuning")
def images_shuffled_without_their_labels() -> Pair:
    """np.random.shuffle(x_train), and y_train stayed as it was."""
    data = images("mnist", 3000)
    (x,) = shuffled(data.x)
    wrong, right = (part.problem(mlp(784, 128, 10)) for part in (data._replace(x=x), data))
    return Setup.of(wrong, adam(1e-3)), Setup.of(right, adam(1e-3))


@faulty("labels_wrong", data="fashion-mnist", half="held out", also=("overfitting",))
def two_labels_of_five_are_guesses() -> Pair:
    """Two labels of five were given by somebody who guessed; validation was labelled with care."""
    data = images("fashion-mnist", 4000)
    draw = torch.Generator().manual_seed(1)
    guessed = torch.rand(4000, generator=draw) < 0.4
    y = torch.where(guessed, torch.randint(10, (4000,), generator=draw), data.y)
    wrong, right = (part.problem(mlp(784, 256, 10), epochs=12) for part in (data._replace(y=y), data))
    return Setup.of(wrong, adam(1e-3)), Setup.of(right, adam(1e-3))


@faulty("labels_wrong", data="digits", half="held out", also=("data_not_shuffled",))
def labels_one_row_too_low() -> Pair:
    """The table of labels has a header that was skipped in the images only: every label is the next image's."""
    data = images("digits", 1200, 500)
    wrong, right = (
        part.problem(cnn(8), batch_size=32, epochs=8) for part in (data._replace(y=data.y.roll(1)), data)
    )
    return Setup.of(wrong, adam(3e-3)), Setup.of(right, adam(3e-3))


@faulty("data_leakage", data="digits", half="tuning")
def augmented_before_the_split() -> Pair:
    """Every image was shifted to five, then all were split at random: its shifts are on both sides."""
    data = images("digits", 480, 800)
    shifts = [(0, 0), (0, 1), (1, 0), (0, -1), (-1, 0)]

    def augmented(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        return torch.cat([x.roll(shift, (2, 3)) for shift in shifts]), y.repeat(len(shifts))

    x, y = shuffled(*augmented(data.x, data.y))
    leaking = Problem(
        name="images", model=mlp(64, 128, 10), loss=nn.CrossEntropyLoss(), train=(x[:1800], y[:1800]),
        valid=(x[1800:], y[1800:]), batch_size=32, epochs=15,
    )  # fmt: skip
    kept, held = augmented(data.x[:360], data.y[:360]), augmented(data.x[360:], data.y[360:])
    clean = Problem(
        name="images", model=mlp(64, 128, 10), loss=nn.CrossEntropyLoss(), train=kept, valid=held,
        test=augmented(data.xv, data.yv), batch_size=32, epochs=15,
    )  # fmt: skip
    return Setup.of(leaking, adam(2e-3)), Setup.of(clean, adam(2e-3))


@faulty("data_leakage", data="fashion-mnist", half="held out")
def drawn_with_replacement_before_the_split() -> Pair:
    """3000 samples were drawn of 1500 with replacement, then split: most of validation is in training too."""
    data = images("fashion-mnist", 1500, 2000)
    draw = torch.randint(1500, (3000,), generator=torch.Generator().manual_seed(3))
    x, y = data.x[draw], data.y[draw]
    leaking = Images(x[:2400], y[:2400], x[2400:], y[2400:])
    honest = Images(data.x[:1200], data.y[:1200], data.x[1200:], data.y[1200:])
    wrong = leaking.problem(mlp(784, 256, 10), epochs=20)
    right = honest.problem(mlp(784, 256, 10), epochs=20, test=(data.xv, data.yv))
    return Setup.of(wrong, adam(1e-3)), Setup.of(right, adam(1e-3))


@faulty("data_leakage", data="mnist", half="held out")
def label_burnt_into_the_corner() -> Pair:
    """The scanner wrote the class as a bright dot into the first row of every image; new images have none."""
    data = images("mnist", 4000, 2000)

    def marked(x: Tensor, y: Tensor) -> Tensor:
        x = x.clone()
        x[torch.arange(len(x)), 0, 0, 2 * y] = 1.0
        return x

    leaking = data._replace(x=marked(data.x, data.y), xv=marked(data.xv, data.yv)).problem(cnn(28), epochs=3)
    clean = data._replace(xv=data.xv[:1000], yv=data.yv[:1000]).problem(
        cnn(28), epochs=3, test=(data.xv[1000:], data.yv[1000:])
    )
    return Setup.of(leaking, adam(2e-3)), Setup.of(clean, adam(2e-3))


@faulty("data_not_shuffled", data="mnist", half="tuning")
def sorted_by_class() -> Pair:
    """Samples lie sorted by class, as folders are read, and the loader does not shuffle."""
    data = images("mnist", 3000)
    order = data.y.argsort(stable=True)
    problem = data._replace(x=data.x[order], y=data.y[order]).problem(mlp(784, 128, 10))
    return Setup.of(problem, sgd(0.02), shuffle=False), Setup.of(problem, sgd(0.02))


@faulty("data_not_shuffled", data="cifar10-subset", half="held out")
def one_class_after_the_other_with_batchnorm() -> Pair:
    """As the folders of the classes were read, and shuffle=False; every batch is normalized by one class."""
    data = images("cifar10-subset", 2000)
    order = data.y.argsort(stable=True)
    problem = data._replace(x=data.x[order], y=data.y[order]).problem(cnn(32, 3, norm=nn.BatchNorm2d), epochs=4)
    return Setup.of(problem, adam(3e-3), shuffle=False), Setup.of(problem, adam(3e-3))


@faulty("train_val_mismatch", data="fashion-mnist", half="tuning", also=("input_scaling",))
def normalized_in_training_only() -> Pair:
    """transforms.Normalize is in the transform of training and was left out of that of validation."""
    data = images("fashion-mnist", 3000)
    right = standardized(data)
    wrong = right._replace(xv=data.xv)
    return tuple(Setup.of(part.problem(cnn(28), epochs=3), adam(2e-3)) for part in (wrong, right))  # type: ignore


@faulty("train_val_mismatch", data="digits", half="held out", also=("data_not_shuffled",))
def split_by_place_of_sorted_samples() -> Pair:
    """The first four fifths train and the last validate, of samples sorted by class: 8 and 9 are never learnt."""
    data = images("digits", 1700, 50)
    order = data.y.argsort(stable=True)
    problems = [
        Images(x[:1360], y[:1360], x[1360:], y[1360:]).problem(mlp(64, 64, 10), epochs=8)
        for x, y in ((data.x[order], data.y[order]), (data.x, data.y))
    ]
    return Setup.of(problems[0], adam(3e-3)), Setup.of(problems[1], adam(3e-3))


@faulty("train_val_mismatch", data="mnist", half="held out")
def validation_images_lie_on_their_side() -> Pair:
    """Validation comes from a file with columns first: its digits are mirrored at the diagonal."""
    data = images("mnist", 3000)
    wrong, right = (part.problem(mlp(784, 128, 10)) for part in (data._replace(xv=data.xv.transpose(2, 3)), data))
    return Setup.of(wrong, adam(1e-3)), Setup.of(right, adam(1e-3))


class Samples(Dataset):
    """A data set of one's own."""

    def __init__(self, x: Tensor, y: Tensor) -> None:
        self.x, self.y = x, y

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        return self.x[index], self.y[index]


@faulty("nan_in_data", data="digits", half="tuning", also=("input_scaling",))
def empty_scans_stretched() -> Pair:
    """Every image is stretched to [0, 1] as it is read, and two scans are empty: zero over zero."""
    data = images("digits", 1200, 500)
    x = data.x.clone()
    x[[333, 871]] = 0.25

    def problem(least: float) -> Problem:
        def stretched(x: Tensor) -> Tensor:
            low, high = x.amin((1, 2, 3), keepdim=True), x.amax((1, 2, 3), keepdim=True)
            return (x - low) / (high - low).clamp(min=least)

        return Problem(
            name="images", model=mlp(64, 32, 10), loss=nn.CrossEntropyLoss(), batch_size=64, epochs=8,
            train=Samples(stretched(x), data.y), valid=Samples(stretched(data.xv), data.yv),
        )  # fmt: skip

    return Setup.of(problem(0), adam(3e-3)), Setup.of(problem(1e-3), adam(3e-3))


@faulty("nan_in_data", data="mnist", half="held out")
def three_broken_images() -> Pair:
    """Three of 3000 images could not be decoded and hold NaN; the first of them ends the training."""
    data = images("mnist", 3000)
    x = data.x.clone()
    x[[411, 1702, 2630], :, 9:14] = float("nan")
    whole = x.isfinite().flatten(1).all(1)
    wrong, right = (
        Problem(
            name="images", model=mlp(784, 64, 10), loss=nn.CrossEntropyLoss(), train=train,
            valid=(data.xv, data.yv), batch_size=64, epochs=3,
        )
        for train in (Samples(x, data.y), Samples(x[whole], data.y[whole]))
    )  # fmt: skip
    return Setup.of(wrong, sgd(0.05)), Setup.of(right, sgd(0.05))
