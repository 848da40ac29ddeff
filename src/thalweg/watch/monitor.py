"""Monitor: what `thalweg.watch` returns. It hears a loop, measures, and says what it finds."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterable, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn
from torch.optim import Optimizer

from thalweg.core.config import Config
from thalweg.core.environment import Environment
from thalweg.core.errors import InputError, one_line
from thalweg.core.finding import Finding, Severity
from thalweg.core.run import Outcome
from thalweg.watch import words
from thalweg.watch.broken import examine
from thalweg.watch.ears import Ears
from thalweg.watch.guard import Guard
from thalweg.watch.journal import Journal
from thalweg.watch.noise import Noise
from thalweg.watch.points import Points
from thalweg.watch.sharpness import Sharpness
from thalweg.watch.update import Call, Update
from thalweg.watch.watched import Point, Watched
from thalweg.watch.watchers import WATCHERS

if TYPE_CHECKING:
    from rich.console import Console


logger = logging.getLogger("thalweg.watch")
_LEVELS = {Severity.ERROR: logging.ERROR, Severity.WARNING: logging.WARNING, Severity.NOTE: logging.INFO}

UNHEARD_LOSS = (
    "No call of the loss was heard with its targets, so that nothing is known of their order and shape, nor of "
    "sharpness: a function cannot be hooked, call monitor.loss(output, target) in its place."
)

UNHEARD_MODEL = (
    "it is compiled into a larger function, or parts of it are called by themselves. Watch what is called, before "
    "it is compiled."
)

RECOVERED = 3
"""Watched updates in a row with finite numbers, after which a loss that was not is past."""


class Monitor:
    """Watches one loop; made by `thalweg.watch`. A context manager, which closes it.

    Args:
        model: The model.
        optimizer: What steps it.
        loss: What is computed of outputs and targets; None if the model computes it.
        others: Further optimizers of the same loop.
        every: Every how many updates one is watched.
        name: Of the model.
        config: The optimizer's class and numbers.
        environment: Versions and hardware.
        journal: Keeps it all; None for nothing.
        sharpness: Whether it is measured.
        quiet: Whether findings are not told as they arise.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: Optimizer,
        loss: Any,
        *,
        others: Sequence[Optimizer],
        every: int,
        name: str,
        config: Config,
        environment: Environment,
        journal: Journal | None,
        sharpness: bool,
        quiet: bool,
    ) -> None:
        self._model, self._loss, self._name, self._config = model, loss, name, config
        self._every, self._environment, self._journal, self._quiet = every, environment, journal, quiet
        self._found: dict[tuple[str, str], Finding] = {}
        self._unheard: dict[str, None] = {}
        self._points, self._noise, self._sharpness = Points(), Noise(), Sharpness(model, loss, every)
        self._watchers = [watcher() for watcher in WATCHERS]
        self._started, self._losses = time.perf_counter(), list[float]()
        self._ended = 0.0
        self._broke, self._sound, self._silent = False, 0, 0
        self._ears = Ears(
            model,
            optimizer,
            loss,
            others=others,
            every=every,
            heard=self._heard,
            underway=self._underway,
            broken=self._broken,
            wants_state=self._sharpness.due if sharpness else lambda _: False,
            guard=Guard(self._failed),
        )

    def __enter__(self) -> Monitor:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.close(Outcome.INTERRUPTED if kind else Outcome.COMPLETED)

    def __repr__(self) -> str:
        return f"Monitor({self._name}: {words.verdict(self.report())})"

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found up to now, in the order in which it arose."""
        return tuple(self._found.values())

    @property
    def study(self) -> str | None:
        """Where the store keeps it, such as ``"watch-0001"``; None if nowhere."""
        return self._journal.study if self._journal else None

    def loss(self, *inputs: Any, **keywords: Any) -> Any:
        """Compute the loss and hear it: to be called in the place of a loss that is a plain function.

        A module is heard without; of a function that is called by itself only the value is known, not its targets.

        Raises:
            InputError: No loss was given to `thalweg.watch`.
        """
        if self._loss is None:
            raise InputError("This monitor knows no loss.", remedy="pass loss=... to thalweg.watch")
        result = self._loss(*inputs, **keywords)
        if not isinstance(self._loss, nn.Module):
            self._ears.told(self._ears.loss_given, self._loss, inputs, keywords, result)
        return result

    def begins(self, method: str, *inputs: Any) -> None:
        """Tell that a method of the model begins that computes a loss, such as ``training_step`` of a framework's.

        From then on what it does counts as the model's pass, and `heard` as what it gave.

        Args:
            method: Its name.
            inputs: What it is given.
        """
        self._ears.told(self._ears.step_told, method, inputs)

    def heard(self, loss: Tensor, targets: Tensor | None = None, *, times: float | Tensor = 1.0) -> None:
        """Tell of the loss that such a method has computed, and that is about to go backward.

        Args:
            loss: With its graph.
            targets: What outputs were compared with, if that is known.
            times: What makes it the loss of the step, if it was divided or scaled.
        """
        self._ears.told(self._ears.backward_told, loss, targets, times)

    def report(self, path: str | PathLike[str] | None = None) -> Watched:
        """Return what was seen up to now, and write it as a page.

        Args:
            path: An HTML file to write; None for none.
        """
        self._note_unheard()
        watched = Watched(
            name=self._name,
            config=self._config,
            every=self._every,
            updates=self._ears.updates,
            seconds=(self._ended or time.perf_counter()) - self._started,
            points=self._points.kept,
            findings=self.findings,
            unheard=tuple(self._unheard),
            environment=self._environment,
        )
        if path is not None:
            from importlib import import_module

            import_module("thalweg.report").write(watched, path)  # which lies above this package
        return watched

    def show(self, console: Console | None = None) -> None:
        """Print what was seen up to now."""
        self.report().show(console)

    def close(self, outcome: Outcome = Outcome.COMPLETED) -> None:
        """Take all hooks away and finish the study in the store; what was found stays here.

        Args:
            outcome: How the training ended, for the store.
        """
        if self._ended:
            return
        self._ended = time.perf_counter()
        self._ears.close()
        self._note(lambda journal: journal.close(self.report(), outcome))

    def _heard(self, update: Update) -> None:
        self._noise.hear(update)
        self._sharpness.measure(update)
        numbers = update.numbers
        self._silent += not update.passes
        self._sound = self._sound + 1 if math.isfinite(numbers.get("update ratio", 0.0)) else 0
        if self._broke and self._sound == RECOVERED:  # a bad batch that was left out
            self._broke = False
        if not self._broke:
            for watcher in self._watchers:
                self._take(watcher.hear(update))
        if math.isfinite(loss := numbers.get("loss", math.nan)):
            self._losses = [*self._losses[:1], loss]
        point = Point(step=update.step, numbers={k: v for k, v in numbers.items() if v == v})
        self._points.add(point)
        self._note(lambda journal: journal.measured(point))

    def _underway(self, update: Update) -> None:
        for watcher in self._watchers:
            self._take(watcher.underway(update))

    def _broken(self, loss: Call) -> None:
        if not self._broke:  # all that comes after follows from the first
            self._broke, self._sound = True, 0
            self._take([examine(self._model, self._ears.batch, loss, self._losses, self._ears.updates)])

    def _take(self, findings: Iterable[Finding]) -> None:
        for finding in findings:
            key = finding.fault, finding.where
            if key in self._found:
                continue
            self._found[key] = finding
            if not self._quiet:
                logger.log(_LEVELS[finding.severity], words.aloud(finding))
            number = len(self._found)
            self._note(lambda journal, one=finding, number=number: journal.found(one, number))

    def _note(self, write: Callable[[Journal], None]) -> None:
        """Write to the store, if there is one; one that fails is left, and the watch goes on without."""
        if self._journal is None or not self._journal.is_own:
            return
        try:
            write(self._journal)
        except Exception as error:
            told = f"The store keeps nothing after update {self._ears.updates}: {one_line(error)}."
            self._unheard[told] = None
            logger.warning("thalweg: %s", told)
            self._journal.leave()
            self._journal = None

    def _note_unheard(self) -> None:
        if self._sharpness.obstacle:
            self._unheard[f"Sharpness could not be measured: {self._sharpness.obstacle}."] = None
        count = len(self._points)
        if self._silent > count / 2:
            told = f"The model was not heard to be called in {self._silent} of {count} watched updates: "
            self._unheard.pop(next((one for one in self._unheard if one.startswith(told[:32])), ""), None)
            self._unheard[f"{told}{UNHEARD_MODEL}"] = None
        elif self._loss is not None and count and not self._ears.hears_targets:
            self._unheard[UNHEARD_LOSS] = None

    def _failed(self, error: Exception) -> None:
        told = f"Nothing was heard after update {self._ears.updates}: {one_line(error)}."
        self._unheard[told] = None
        logger.warning("thalweg: %s The training goes on.", told, exc_info=error)
        self._ears.deafen()
