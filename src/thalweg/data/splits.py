"""Hold out a part of the samples: the same part for the same seed, in every process."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from thalweg.core.errors import DataError, InputError
from thalweg.core.seeding import derive

Index = NDArray[np.int64]


def holdout(
    n: int, fraction: float, seed: int, labels: ArrayLike | None = None, *, groups: ArrayLike | None = None
) -> tuple[Index, Index]:
    """Split ``0 .. n - 1`` into what is kept and what is held out.

    With labels, the shuffled samples are sorted by class and every ``1 / fraction``-th is taken, so that
    each class has its share to within one sample. With groups, whole groups are drawn in place of samples, by
    the label of their first: what is alike never stands on both sides.

    Args:
        n: Number of samples, >= 2.
        fraction: The share to hold out, in (0, 1); at least one sample is held out and one kept.
        seed: The same seed gives the same split.
        labels: The class of each sample, shape ``(n,)``, to stratify by.
        groups: Samples of one value are kept together, shape ``(n,)``; see `repeats`.

    Returns:
        The kept and the held-out index, each ascending.

    Raises:
        InputError: Fewer than two samples, a fraction outside (0, 1), or labels that are not one a sample.

    Example:
        >>> kept, held = holdout(6, 1 / 3, seed=0, labels=[0, 0, 0, 1, 1, 1])
        >>> len(kept), [int(i) // 3 for i in held]
        (4, [0, 1])
    """
    if n < 2 or not 0 < fraction < 1:
        raise InputError(
            "No samples can be held out.", got=f"{fraction} of {n}", expected="a share in (0, 1) of 2 or more"
        )
    if groups is not None:
        _, first, member = np.unique(np.asarray(groups), return_index=True, return_inverse=True)
        chosen = holdout(len(first), fraction, seed, None if labels is None else np.asarray(labels)[first])
        kept, held = (np.flatnonzero(np.isin(member, part)) for part in chosen)
        return kept, held
    shuffled = np.random.default_rng(derive(seed, "holdout")).permutation(n)
    if labels is not None:
        classes = np.asarray(labels)
        if classes.shape != (n,):
            raise DataError(
                "Labels to stratify by are not one a sample.", got=f"shape {classes.shape}", expected=f"({n},)"
            )
        shuffled = shuffled[np.argsort(classes[shuffled], kind="stable")]
    share = min(max(round(n * fraction), 1), n - 1)
    position = np.arange(n)
    held = (position + 1) * share // n > position * share // n
    return np.sort(shuffled[~held]), np.sort(shuffled[held])


def repeats(x: ArrayLike) -> Index:
    """Number the rows of `x`, shape ``(n, ...)``, so that identical ones have the same number, shape ``(n,)``.

    Example:
        >>> repeats([[1, 2], [0, 5], [1, 2]]).tolist()
        [1, 0, 1]
    """
    return np.unique(np.asarray(x), axis=0, return_inverse=True)[1].reshape(-1)


def three_parts(
    n: int,
    *,
    test: float,
    valid: float,
    seed: int,
    labels: ArrayLike | None = None,
    groups: ArrayLike | None = None,
) -> tuple[Index, Index, Index]:
    """Hold out a test part, then a validation part of the rest; see `holdout`.

    Args:
        n: Number of samples, >= 3.
        test: The share of all to test on, in (0, 1).
        valid: The share of the rest to validate on, in (0, 1).
        seed: The same seed gives the same parts.
        labels: The class of each sample, shape ``(n,)``, to stratify by.
        groups: Samples of one value are kept together, shape ``(n,)``.

    Returns:
        The index of training, validation and test, each ascending.

    Example:
        >>> [len(part) for part in three_parts(10, test=0.2, valid=0.25, seed=0)]
        [6, 2, 2]
    """
    rest, tested = holdout(n, test, seed, labels, groups=groups)
    of_rest = [None if values is None else np.asarray(values)[rest] for values in (labels, groups)]
    kept, held = holdout(len(rest), valid, seed, of_rest[0], groups=of_rest[1])
    return rest[kept], rest[held], tested
