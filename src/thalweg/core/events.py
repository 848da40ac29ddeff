"""What a training loop says while it works. A sink listens; the loop knows no database and no terminal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from thalweg.core.config import Config
from thalweg.core.finding import Finding
from thalweg.core.run import Epoch, Run


@dataclass(frozen=True, kw_only=True)
class Event:
    """Base of all events; `run_id` tells the runs of one sink apart."""

    run_id: str


@dataclass(frozen=True, kw_only=True)
class RunStarted(Event):
    """A run begins, or goes on from a checkpoint after `resumed_at` epochs."""

    problem: str
    config: Config
    total_epochs: int
    resumed_at: int = 0


@dataclass(frozen=True, kw_only=True)
class EpochEnded(Event):
    """One more epoch of the curve."""

    epoch: Epoch


@dataclass(frozen=True, kw_only=True)
class RunEnded(Event):
    """The run is over, whatever its outcome."""

    run: Run


@dataclass(frozen=True, kw_only=True)
class Measured(Event):
    """Quantities of one update of a loop that is watched, by name."""

    step: int
    numbers: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class Found(Event):
    """A finding in a loop that is watched, the first of which is number 1."""

    number: int
    finding: Finding


@dataclass(frozen=True, kw_only=True)
class Notice(Event):
    """Something that the user should know, such as why runs are not trained together."""

    text: str


@dataclass(frozen=True, kw_only=True)
class Several(Event):
    """Events of several runs that are told at once: all of them are acknowledged, or none.

    Attributes:
        events: The events, none of them of this kind; `run_id` is that of the first.
    """

    events: tuple[Event, ...]


def single(event: Event) -> tuple[Event, ...]:
    """Return an event by itself, or the several that it stands for.

    Example:
        >>> two = (Event(run_id="a"), Event(run_id="b"))
        >>> single(Several(run_id="a", events=two)) == two, single(two[0]) == two[:1]
        (True, True)
    """
    return event.events if isinstance(event, Several) else (event,)


Sink = Callable[[Event], None]


def silent(event: Event) -> None:
    """Hear an event and do nothing: the sink of those who only want the result."""


def tee(*sinks: Sink) -> Sink:
    """Return a sink that hands every event to each of `sinks`, in order.

    Example:
        >>> heard = []
        >>> tee(heard.append, silent)(Event(run_id="a"))
        >>> heard
        [Event(run_id='a')]
    """

    def everyone(event: Event) -> None:
        for sink in sinks:
            sink(event)

    return everyone
