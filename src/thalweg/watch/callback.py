"""Callback: what the callbacks of training frameworks share, which is a monitor for each training."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any, Self

from torch import nn
from torch.optim import Optimizer

from thalweg.core import place
from thalweg.core.errors import InputError
from thalweg.core.finding import Finding
from thalweg.watch.conduct import watch
from thalweg.watch.monitor import Monitor
from thalweg.watch.watched import Watched

if TYPE_CHECKING:
    from rich.console import Console


AROUND = {"AcceleratedOptimizer", "LightningOptimizer"}
"""Classes of frameworks that hold an optimizer."""


class Watching:
    """Holds the settings of `thalweg.watch`, and the monitor of the last training. ``with`` closes it.

    Args:
        every: Every how many updates one is watched, >= 1.
        store: The SQLite file for quantities and findings; ``None`` for none.
        name: What to call it; the class of the model if empty.
        quiet: Say nothing of findings as they arise; else the logger ``thalweg.watch`` does.

    Attributes:
        monitor: That of the last training; None before the first.
    """

    def __init__(
        self,
        *,
        every: int = 10,
        store: str | PathLike[str] | None = place.DEFAULT,
        name: str = "",
        quiet: bool = False,
    ) -> None:
        self._every, self._store, self._name, self._quiet = every, store, name, quiet
        self.monitor: Monitor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found in the last training up to now."""
        return self.monitor.findings if self.monitor else ()

    def report(self, path: str | PathLike[str] | None = None) -> Watched:
        """Return what was seen of the last training, and write it as a page.

        Args:
            path: An HTML file to write; None for none.

        Raises:
            InputError: Nothing was trained.
        """
        if self.monitor is None:
            raise InputError("Nothing was watched yet.", remedy="train first")
        return self.monitor.report(path)

    def show(self, console: Console | None = None) -> None:
        """Print what was seen of the last training."""
        self.report().show(console)

    def close(self) -> None:
        """Take all hooks away; what was found stays here. The end of a training does it."""
        if self.monitor:
            self.monitor.close()

    def _start(
        self, model: nn.Module, optimizers: Sequence[Any], *, first: bool, loss: nn.Module | None = None
    ) -> None:
        """Watch a training. Of several processes all do, as passes may wait for each other; the first tells."""
        self.close()
        optimizer, *others = map(_unwrapped, optimizers)
        self.monitor = watch(
            model,
            optimizer,
            loss=loss,
            others=others,
            every=self._every,
            store=self._store if first else None,
            name=self._name,
            quiet=self._quiet or not first,
        )


def _unwrapped(optimizer: Any) -> Optimizer:
    """Return the optimizer that makes the steps; what frameworks put around it cannot be hooked."""
    while any(kind.__name__ in AROUND for kind in type(optimizer).__mro__):
        optimizer = optimizer.optimizer
    return optimizer
