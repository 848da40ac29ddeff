"""Conduct: the door of the package. A model and its optimizer go in, a monitor comes out."""

from __future__ import annotations

import atexit
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from os import PathLike
from pathlib import Path
from typing import Any
from weakref import WeakSet, finalize

import torch
from torch import nn
from torch.optim import Optimizer

from thalweg.core import place
from thalweg.core.config import Config
from thalweg.core.errors import InputError, InputTypeError
from thalweg.core.run import Outcome
from thalweg.execute.environment import describe
from thalweg.watch.journal import Journal
from thalweg.watch.monitor import Monitor

_open: WeakSet[Monitor] = WeakSet()
"""Monitors that nobody has closed; the end of the program does."""


def watch(
    model: nn.Module,
    optimizer: Optimizer,
    *,
    loss: nn.Module | Callable[..., Any] | None = None,
    others: Sequence[Optimizer] = (),
    every: int = 10,
    store: str | PathLike[str] | None = place.DEFAULT,
    name: str = "",
    sharpness: bool = True,
    quiet: bool = False,
) -> Monitor:
    """Watch a training loop of your own: two lines to add, and what goes wrong in it is said as it arises.

    By hooks alone, and now and then by a second pass of a batch through a copy of the model, for the sharpness.
    Weights, results and random numbers are the same bit for bit with and without, and an error of ours ends the
    watch, not the training. It takes the memory of one more copy of the weights, and of another for that pass.

    Args:
        model: The model that is trained.
        optimizer: What steps it.
        loss: What is computed of outputs and targets. A module is heard by itself. A plain function cannot be: of
            its calls as ``monitor.loss(output, target)`` all is known, of others the value alone. ``None`` for a
            model that returns its loss under the key ``"loss"``, or if there is nothing to tell.
        others: Further optimizers that step the same model, such as that of an opponent. Their parameters are left
            out, and the loss need not fall.
        every: Every how many updates one is watched, >= 1. Others cost next to nothing.
        store: The SQLite file that quantities and findings are written to, within a second; ``None`` for none.
        name: What to call it; the class of the model if empty.
        sharpness: Whether batches are passed through a copy now and then. A pass that would change a tensor
            outside of the model, or draw from a generator of its own, is given up; of what it does outside in
            Python nothing is seen.
        quiet: Say nothing of findings as they arise; else the logger ``thalweg.watch`` does.

    Returns:
        A `Monitor`: ``findings``, ``report()``, ``show()``, ``close()``. The end of the program closes it too.

    Raises:
        InputTypeError: A model, optimizer or loss that is none.
        InputError: An `every` below 1.
        StoreError: The store cannot be written.

    Example:
        >>> import thalweg as tw
        >>> model, loss_fn = nn.Linear(2, 1), nn.MSELoss()
        >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        >>> monitor = tw.watch(model, optimizer, loss=loss_fn, every=2, store=None, quiet=True)
        >>> for _ in range(6):  # a loop that forgets optimizer.zero_grad()
        ...     loss_fn(model(torch.ones(4, 2)), torch.ones(4, 1)).backward()
        ...     optimizer.step()
        >>> [finding.fault for finding in monitor.findings]
        ['zero_grad']
        >>> monitor.close()
    """
    for stepping in (optimizer, *others):
        _require_usable(model, stepping, loss, every)
    began, threads = datetime.now(UTC), torch.get_num_threads()
    command, called = " ".join([Path(sys.argv[0]).name, *sys.argv[1:]]), name or type(model).__name__
    file = None if store is None else place.usual() if store is place.DEFAULT else Path(store)
    numbers = {key: value for key, value in optimizer.defaults.items() if isinstance(value, int | float)}
    hyper = {key: value for key, value in numbers.items() if not isinstance(value, bool)}
    config = Config(optimizer=type(optimizer).__name__, hyper=hyper)
    journal = None if file is None else Journal(file, called, config, command)
    monitor = Monitor(
        model,
        optimizer,
        loss,
        others=others,
        every=every,
        name=called,
        config=config,
        environment=describe(command, began, f"{threads} torch threads", threads),
        journal=journal,
        sharpness=sharpness,
        quiet=quiet,
    )
    _open.add(monitor)
    if journal:
        finalize(monitor, journal.abandon)  # of a model that is gone before the program ends
    return monitor


@atexit.register
def _close_all() -> None:
    failed = getattr(sys, "last_value", None) is not None
    for monitor in list(_open):
        monitor.close(Outcome.INTERRUPTED if failed else Outcome.COMPLETED)


def _require_usable(model: object, optimizer: object, loss: object, every: object) -> None:
    if isinstance(model, torch.jit.ScriptModule):
        raise InputTypeError(
            "A scripted model cannot be heard: it takes no hooks.",
            got=type(model).__name__,
            expected="the torch.nn.Module that it was made from",
        )
    if not isinstance(model, nn.Module):
        raise InputTypeError("There is no model to watch.", got=type(model).__name__, expected="a torch.nn.Module")
    if not isinstance(optimizer, Optimizer):
        raise InputTypeError(
            "There is no optimizer to watch.",
            got=type(optimizer).__name__,
            expected="the torch.optim.Optimizer that steps the model",
            remedy="pass the optimizer itself, after it is made",
        )
    if loss is not None and (not callable(loss) or isinstance(loss, type)):
        raise InputTypeError(
            "The loss cannot be called.",
            got=f"the class {loss.__name__}" if isinstance(loss, type) else type(loss).__name__,
            expected="a module that is made, such as nn.CrossEntropyLoss(), or a function of output and target",
        )
    if not isinstance(every, int) or every < 1:
        raise InputError(
            "Updates cannot be watched so often.", got=f"every={every!r}", expected="a whole number >= 1"
        )
