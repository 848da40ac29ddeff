"""Observed: what follows the loss of a run, an epoch at a time, in place of time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from thalweg.core.config import Config
from thalweg.core.errors import InputError, UnknownNameError
from thalweg.schedules import feedbacks, react, schedules
from thalweg.schedules.feedback import React


class Observed:
    """A feedback schedule: its factor follows the losses that were observed, one an epoch.

    Args:
        machine: What `thalweg.schedules.react` gives.

    Example:
        >>> falling = Observed(react("plateau", {"patience": 1}))
        >>> for loss in (2.0, 2.0, 2.0): falling.see(loss)
        >>> falling.factor, falling.seen
        (0.1, [2.0, 2.0, 2.0])
    """

    def __init__(self, machine: React) -> None:
        self._machine = machine
        self._state: Any = None
        self.factor, self.seen = 1.0, list[float]()

    def replay(self, losses: Sequence[float]) -> None:
        """Be where these losses, and no others, have led."""
        self._state, self.factor, self.seen = None, 1.0, []
        for loss in losses:
            self.see(loss)

    def see(self, loss: float) -> None:
        """Take note of a loss."""
        self._state, self.factor = self._machine(self._state, loss)
        self.seen.append(loss)

    def __call__(self, t: float) -> float:
        """Return the factor, whatever the time."""
        return self.factor


def observers(config: Config) -> dict[str, Observed]:
    """Return what multiplies each hyper-parameter that follows the loss.

    Raises:
        UnknownNameError: No such schedule of either kind.
        InputError: A feedback schedule of another hyper-parameter than the learning rate, whose interval has no
            upper end.
    """
    found: dict[str, Observed] = {}
    for hyper, (name, options) in config.all_schedules.items():
        if name not in schedules and name not in feedbacks:
            raise UnknownNameError("schedule", name, [*schedules, *feedbacks])
        if name in feedbacks:
            if hyper != "lr":
                raise InputError(
                    f"The schedule {name} follows the loss, and {hyper} cannot.",
                    got=f"{hyper}={name}",
                    expected="lr alone to follow the loss",
                )
            found[hyper] = Observed(react(name, options))
    return found
