"""Wire: what a process and its workers say to each other: pickles, one after the other, in two pipes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from thalweg.core.events import Event


@dataclass(frozen=True)
class Begin:
    """The first order: what there is to do.

    Attributes:
        path: Where Python looks for modules, to be set before the parcel is opened.
        parcel: All jobs, as `thalweg.execute.parcel` packs them.
        own: Which of them are the worker's own, by index.
        folder: Where unfinished runs are written down, and looked for.
    """

    path: list[str]
    parcel: bytes
    own: list[int]
    folder: Path | None


@dataclass(frozen=True)
class Advance:
    """An order: train every run that goes on until it has `stop` epochs, or to its end."""

    stop: int | None


@dataclass(frozen=True)
class Prune:
    """An order: end these runs in favour of others."""

    run_ids: frozenset[str]


@dataclass(frozen=True)
class Turn:
    """A report: from now on the worker is at this run."""

    run_id: str


@dataclass(frozen=True)
class Told:
    """A report: a run has told an event."""

    event: Event


@dataclass(frozen=True)
class Rested:
    """A report: the order is carried out."""


@dataclass(frozen=True)
class Broke:
    """A report: an error that ends it all, as it would in one process."""

    error: BaseException


Order = Begin | Advance | Prune
Report = Turn | Told | Rested | Broke
