"""Hard samples more often: probability by the last loss."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from thalweg.core.bounds import NON_NEGATIVE, Bounds
from thalweg.core.errors import DataError
from thalweg.data.sampling.draws import draws, generator

_SHARE = Bounds(0, 1)


def hard(
    n: int, *, seed: int, epoch: int, losses: Tensor, power: float = 0.5, cap: float = 0.95, uniform: float = 0.1
) -> Tensor:
    """Draw samples with replacement, those of high last loss more often: see `hardness` for the probabilities.

    What is drawn is no longer what the data says: the gradient of a batch is that of another distribution, tilted
    to the hard samples. And what is hard may be wrong: for data with outliers or wrong labels the scheme is
    disastrous, which `cap` softens and does not cure.

    Args:
        n: Number of samples.
        seed: The run's seed.
        epoch: The number of the epoch.
        losses: The last loss of each sample, shape ``(n,)``, NaN where none is known yet.
        power: How much hard samples are preferred, >= 0; 0 is not at all.
        cap: The quantile of the losses above which all count the same, in [0, 1].
        uniform: The share of draws that take any sample, in [0, 1]; above 0 no sample is forgotten.

    Returns:
        Indices, int64, shape ``(n,)``.

    Raises:
        OutOfRangeError: An option out of its range.
        DataError: Losses that are not one a sample.

    Example:
        >>> losses = torch.tensor([0.0, 0.0, 4.0, 0.0])
        >>> hard(4, seed=0, epoch=1, losses=losses, cap=1, uniform=0)
        tensor([2, 2, 2, 2])

    Reference:
        LeCun, Bottou, Orr & Müller 1998, Efficient BackProp, section 4.2, second rule (the emphasizing scheme) and
        its warning.
    """
    if losses.shape != (n,):
        raise DataError(
            "The last losses are not one a sample.", got=f"shape {tuple(losses.shape)}", expected=f"({n},)"
        )
    return draws(hardness(losses.cpu(), power=power, cap=cap, uniform=uniform), n, generator(seed, epoch))


def hardness(losses: Tensor, *, power: float = 0.5, cap: float = 0.95, uniform: float = 0.1) -> Tensor:
    """Return ``(1 - uniform) w / sum(w) + uniform / n`` with ``w = min(loss, quantile(losses, cap))^power``.

    A loss that is not known yet counts as the quantile: what was never seen is worth a look. One below 0 counts as
    0, an infinite one as the largest of the others. Weights of ``1 / (n p)`` would make the expected loss of a
    batch that of the data again.

    Args:
        losses: The last loss of each sample, shape ``(n,)``, NaN where none is known.
        power: How much hard samples are preferred, >= 0.
        cap: The quantile of the losses above which all count the same, in [0, 1].
        uniform: The share of all samples alike, in [0, 1].

    Returns:
        Probabilities, float64, shape ``(n,)``.

    Raises:
        OutOfRangeError: An option out of its range.

    Example:
        >>> hardness(torch.tensor([1.0, 4.0, float("nan"), 4.0]), uniform=0.0, cap=1.0)
        tensor([0.1429, 0.2857, 0.2857, 0.2857], dtype=torch.float64)
    """
    NON_NEGATIVE.check("The power of the sampling hard", power)
    _SHARE.check("The cap of the sampling hard", cap)
    _SHARE.check("The uniform of the sampling hard", uniform)
    values = losses.double().clamp(min=0)
    finite = values[values.isfinite()]
    if not len(finite):
        return torch.full_like(values, 1 / len(values))
    values = values.clamp(max=finite.max())
    known = values[~values.isnan()].sort().values
    bound = known[round(cap * (len(known) - 1))]
    least = torch.finfo(torch.float64).tiny  # if all losses are 0, all are equally hard
    weights = (values.where(~values.isnan(), bound).clamp(max=bound) / bound.clamp(min=least)) ** power
    if not weights.sum() > 0:
        weights = torch.ones_like(weights)
    return (1 - uniform) * weights / weights.sum() + uniform / len(weights)


def sample_losses(loss: Callable[[Tensor, Tensor], Tensor], output: Tensor, target: Tensor) -> Tensor:
    """Return the loss of each sample of a batch, from a loss that gives the mean over a batch.

    Args:
        loss: From (output, target) to a scalar.
        output: The model's output, shape ``(b, ...)``.
        target: The targets, shape ``(b, ...)``.

    Returns:
        Shape ``(b,)``, without gradient.

    Example:
        >>> sample_losses(torch.nn.MSELoss(), torch.tensor([1.0, 2.0]), torch.zeros(2))
        tensor([1., 4.])
    """
    with torch.no_grad():
        return torch.vmap(loss)(output.detach()[:, None], target[:, None])
