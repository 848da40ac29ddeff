"""A stream whose distribution drifts: the shares of the classes move with time."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from thalweg.core.bounds import NON_NEGATIVE, POSITIVE
from thalweg.data.sampling.draws import classes_of, generator

_NUMBERS = 2**21  # probabilities held at a time


def drifting(
    n: int, *, seed: int, epoch: int, labels: Tensor, period: float = 10.0, strength: float = 2.0
) -> Tensor:
    """Draw independent samples from a mixture of the classes that changes with every draw.

    At time t, in epochs, class c of C, of size n_c, has the probability ::

        p_c(t) ~ n_c exp(strength cos(2 pi (t / period - c / C)))

    so that one class after the other comes to the fore, and after a period the first again. Within a class all
    samples have the same probability. Averages over the past mislead in such a stream: it tells optimizers that
    forget (RMSProp) from those that do not (AdaGrad), and rates that stay up from rates that decay.

    Args:
        n: Number of samples.
        seed: The run's seed.
        epoch: The number of the epoch, which lasts n draws.
        labels: The class of each sample, shape ``(n,)``.
        period: Epochs until all repeats, > 0.
        strength: How far the shares swing, >= 0; 0 is no drift, 2 makes a class 55 times as likely at its best
            time as at its worst.

    Returns:
        Indices, int64, shape ``(n,)``.

    Raises:
        OutOfRangeError: An option out of its range.
        DataError: Labels that are not one class a sample.

    Example:
        >>> labels = torch.arange(300) % 3
        >>> labels[drifting(300, seed=0, epoch=0, labels=labels, period=1)][:20].bincount(minlength=3)
        tensor([19,  1,  0])

    Reference:
        Moreno-Torres et al. 2012, A unifying view on dataset shift in classification (prior probability shift);
        the periodic form is our own.
    """
    POSITIVE.check("The period of the sampling drifting", period)
    NON_NEGATIVE.check("The strength of the sampling drifting", strength)
    classes = classes_of(labels, n)
    counts = classes.bincount()
    random = generator(seed, epoch)
    u, v = torch.rand(2, n, dtype=torch.float64, generator=random)
    chosen = torch.empty(n, dtype=torch.int64)
    phase = torch.arange(len(counts), dtype=torch.float64) / len(counts)
    for draw in torch.arange(n).split(max(1, _NUMBERS // len(counts))):
        angle = 2 * math.pi * ((epoch + draw[:, None] / n) / period - phase)
        reach = torch.softmax(strength * angle.cos() + counts.log(), 1).cumsum(1)
        chosen[draw] = torch.searchsorted(reach, u[draw, None] * reach[:, -1:], right=True).flatten()
    chosen.clamp_(max=len(counts) - 1)
    first = counts.cumsum(0) - counts
    within = torch.minimum((v * counts[chosen]).long(), counts[chosen] - 1)
    return classes.argsort(stable=True)[first[chosen] + within]
