"""Order: which samples a run takes in an epoch, one after the other, and what it remembers of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from thalweg.core.choice import read
from thalweg.core.config import Config
from thalweg.data.batches import Split
from thalweg.data.sampling import bind


class Order:
    """The samples of each epoch in the order of a Config's sampling.

    Args:
        split: The training split.
        config: Names the sampling; its seed draws.

    Raises:
        UnknownNameError: No such sampling or option.
        OutOfRangeError: An option out of its range.
        DataError: The sampling asks for labels that are not known.

    Attributes:
        watches: Whether it asks for the last loss of each sample, and so depends on how training went.

    Example:
        >>> from thalweg.problems import load
        >>> order = Order(load("digits/logistic").train, Config(sampling="with-replacement"))
        >>> order.of(epoch=0).unique().numel() < len(order.of(epoch=0))
        True
    """

    def __init__(self, split: Split, config: Config) -> None:
        name, options = read(config.sampling)[0]
        self.sampling = bind(name, options)
        self.seed, self.n = config.seed, len(split)
        self.watches = "losses" in self.sampling.needs
        self.key = (config.seed, config.sampling, id(self) if self.watches else None)
        labels = split.labels if "labels" in self.sampling.needs else None
        self._labels = None if labels is None else labels.cpu()
        self._losses = torch.full((self.n,), torch.nan) if self.watches else None
        self._epoch, self._index = -1, torch.empty(0, dtype=torch.int64)
        if self.sampling.needs:
            self.of(0)  # what it lacks is said now

    def of(self, epoch: int) -> Tensor:
        """Return the samples of an epoch, by index: settled when it is first asked for."""
        if epoch != self._epoch:
            known = {"labels": self._labels, "losses": self._losses}
            self._index = self.sampling(self.n, seed=self.seed, epoch=epoch, **known)
            self._epoch = epoch
        return self._index

    def saw(self, done: int, losses: Tensor) -> None:
        """Take note of the losses of the samples that came after the first `done` of the epoch."""
        assert self._losses is not None
        self._losses[self._index[done : done + len(losses)]] = losses.to("cpu", torch.float32)

    def state(self) -> dict[str, Any]:
        """Return what a resumed run needs beside its seed: nothing, unless it watches."""
        return {"losses": self._losses, "index": self._index, "epoch": self._epoch} if self.watches else {}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state` gave."""
        if self.watches and state:
            self._losses, self._index = state["losses"].cpu(), state["index"].cpu()
            self._epoch = state["epoch"]
