"""Classes of unequal size: drawn more evenly, or weighed more evenly in the loss."""

from __future__ import annotations

from torch import Tensor

from thalweg.core.bounds import Bounds
from thalweg.core.errors import DataError
from thalweg.data.sampling.draws import classes_of, draws, generator


def class_balanced(n: int, *, seed: int, epoch: int, labels: Tensor, balance: float = 1.0) -> Tensor:
    """Draw samples with replacement, each with a probability ~ ``n_c^-balance`` of its class's size n_c.

    Args:
        n: Number of samples.
        seed: The run's seed.
        epoch: The number of the epoch.
        labels: The class of each sample, shape ``(n,)``.
        balance: In [0, 1]: 0 leaves the classes their shares, 1 makes all shares equal.

    Returns:
        Indices, int64, shape ``(n,)``.

    Raises:
        OutOfRangeError: Another balance.
        DataError: Labels that are not one class a sample.

    Example:
        >>> import torch
        >>> labels = torch.tensor([0] * 90 + [1] * 10)
        >>> labels[class_balanced(100, seed=0, epoch=0, labels=labels)].bincount()
        tensor([49, 51])
    """
    classes = classes_of(labels, n)
    return draws(_weights(classes.bincount(), balance)[classes], n, generator(seed, epoch))


def class_weights(labels: Tensor, classes: int, *, balance: float = 1.0) -> Tensor:
    """Return what to multiply the loss of each class by, ``w_c ~ n_c^-balance``, with mean 1 over the samples.

    They do to the expected gradient what `class_balanced` does, without drawing any sample twice.

    Args:
        labels: The class of each training sample, shape ``(n,)``.
        classes: Number of classes.
        balance: In [0, 1]; 1 is scikit-learn's ``class_weight="balanced"``, ``n / (C n_c)``.

    Returns:
        Shape ``(classes,)``, float32, for ``nn.CrossEntropyLoss(weight=...)``, whose mean divides by the weights
        in the batch, not by its samples.

    Raises:
        OutOfRangeError: Another balance.
        DataError: Labels that are no classes, or a class without samples, which no weight can help.

    Example:
        >>> import torch
        >>> class_weights(torch.tensor([0, 0, 0, 1]), 2)
        tensor([0.6667, 2.0000])
    """
    classes_of(labels, len(labels))
    if labels.numel() and not 0 <= int(labels.min()) <= int(labels.max()) < classes:
        raise DataError(
            "Labels outside the classes.",
            got=f"they range from {int(labels.min())} to {int(labels.max())}",
            expected=f"0 to {classes - 1}, for {classes} classes",
        )
    counts = labels.bincount(minlength=classes)
    if (counts == 0).any():
        raise DataError(
            "Some classes have no samples, and so no weight.",
            got=f"none of class {counts.argmin().item()}",
            expected=f"samples of each of {classes} classes",
        )
    weights = _weights(counts, balance)
    return (weights * len(labels) / (counts * weights).sum()).float()


def _weights(counts: Tensor, balance: float) -> Tensor:
    return counts.double() ** -Bounds(0, 1).check("The balance of classes", balance)
