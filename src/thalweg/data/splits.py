"""Hold out a part of the samples: the same part for the same seed, in every process."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from thalweg.core.errors import DataError, InputError
from thalweg.core.seeding import derive

Index = NDArray[np.int64]


def holdout(n: int, fraction: float, seed: int, labels: ArrayLike | None = None) -> tuple[Index, Index]:
    """Split ``0 .. n - 1`` into what is kept and what is held out.

    With labels, the shuffled samples are sorted by class and every ``1 / fraction``-th is taken, so that
    each class has its share to within one sample.

    Args:
        n: Number of samples, >= 2.
        fraction: The share to hold out, in (0, 1); at least one sample is held out and one kept.
        seed: The same seed gives the same split.
        labels: The class of each sample, shape ``(n,)``, to stratify by.

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
