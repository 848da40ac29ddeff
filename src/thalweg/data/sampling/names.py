"""The orders of samples by name, and what they have to be told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from thalweg.core.errors import DataError
from thalweg.core.parameters import parameters
from thalweg.data.batches import order
from thalweg.data.named import Named, Options
from thalweg.data.sampling.balanced import class_balanced
from thalweg.data.sampling.divergent import class_divergent
from thalweg.data.sampling.drift import drifting
from thalweg.data.sampling.hard import hard
from thalweg.data.sampling.replacement import with_replacement

TOLD = ("seed", "epoch", "labels", "losses")

samplings: Named[Tensor] = Named("sampling", told=TOLD)
samplings.add("shuffled", order)
samplings.add("with-replacement", with_replacement)
samplings.add("class-divergent", class_divergent)
samplings.add("hard", hard)
samplings.add("drifting", drifting)
samplings.add("class-balanced", class_balanced)


@dataclass(frozen=True)
class Sampling:
    """An order of samples with its options filled in: a pure function of what a training loop tells it.

    Attributes:
        name: Its name in `samplings`.
        function: From ``(n, *, seed, epoch)``, and `needs`, to indices.
        needs: What it asks for besides: ``"labels"``, ``"losses"``, or neither.
    """

    name: str
    function: Callable[..., Tensor]
    needs: frozenset[str]

    def __call__(
        self, n: int, *, seed: int, epoch: int, labels: Tensor | None = None, losses: Tensor | None = None
    ) -> Tensor:
        """Return the samples of one epoch in order, for `thalweg.data.batches.batches`.

        Args:
            n: Number of samples.
            seed: The run's seed.
            epoch: The number of the epoch.
            labels: The class of each sample, shape ``(n,)``, such as ``split.labels``.
            losses: The last loss of each sample, shape ``(n,)``, NaN where none is known yet.

        Returns:
            Indices, int64, on the CPU, shape ``(n,)``.

        Raises:
            DataError: What it needs is not known for this data.
        """
        known = {"labels": labels, "losses": losses}
        for need in self.needs:
            if known[need] is None:
                raise DataError(
                    f"The sampling {self.name} needs the {need} of all samples, and they are not known.",
                    expected=_SOURCES[need],
                )
        return self.function(n, seed=seed, epoch=epoch, **{need: known[need] for need in self.needs})


_SOURCES = {
    "labels": "targets that are classes, in memory: a pair (x, y), not a Dataset",
    "losses": "the last loss of each sample, NaN where none is known yet",
}


def bind(name: str, options: Options) -> Sampling:
    """Return the order `name` with these options; what is wrong with them is said now, not in the middle of a run.

    Args:
        name: A name in `samplings`.
        options: Values of its options; the rest is default.

    Raises:
        UnknownNameError: No such sampling or option.
        OutOfRangeError: An option out of its range.

    Example:
        >>> bind("with-replacement", {})(5, seed=0, epoch=1)
        tensor([0, 1, 4, 4, 3])
        >>> sorted(bind("hard", {"power": 1}).needs)
        ['losses']
    """
    function = samplings.bind(name, options)
    needs = frozenset(parameters(samplings[name])) & {"labels", "losses"}
    sampling = Sampling(name, function, needs)
    sampling(2, seed=0, epoch=0, labels=torch.arange(2), losses=torch.ones(2))
    return sampling
