"""The exception tree: every error says what happened, what was got, what was expected and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def one_line(error: BaseException) -> str:
    """Return an error's type and the first line of what it says.

    Example:
        >>> one_line(KeyError("lr")), one_line(TypeError())
        ("KeyError: 'lr'", 'TypeError')
    """
    lines = str(error).splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


class ThalwegError(Exception):
    """Base of all errors that thalweg raises on purpose.

    Args:
        what: What happened, in one sentence.
        got: What was found.
        expected: What would have been right.
        remedy: What the user can do now.

    Example:
        >>> print(InputError("The batch size is not positive.", got="0", remedy="pass batch_size >= 1"))
        The batch size is not positive.
          got:      0
          do this:  pass batch_size >= 1
    """

    def __init__(
        self, what: str, *, got: object = None, expected: object = None, remedy: str | None = None
    ) -> None:
        self.what, self.got, self.expected, self.remedy = what, got, expected, remedy
        super().__init__(what)

    def __str__(self) -> str:
        rows = (("got:", self.got), ("expected:", self.expected), ("do this:", self.remedy))
        return "\n".join([self.what, *(f"  {label:<10}{text}" for label, text in rows if text is not None)])


class InputError(ThalwegError, ValueError):
    """Something the user passed cannot be used."""


class InputTypeError(ThalwegError, TypeError):
    """Something the user passed is of the wrong type."""


class UnknownNameError(InputError):
    """A name that is in no registry; carries the nearest known names.

    Example:
        >>> print(UnknownNameError("optimizer", "adma", ["adam", "sgd"]))
        There is no optimizer named 'adma'.
          expected: one of adam, sgd
          do this:  did you mean 'adam'?
    """

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        names = sorted(known)
        cased = {known_name.lower(): known_name for known_name in names}
        matches = get_close_matches(str(name).lower(), cased, n=3, cutoff=0.5)
        typed = str(name).lower()  # adma: adam, not adamax; adamm: adam, not radam
        matches.sort(key=lambda match: (match[:2] != typed[:2], abs(len(match) - len(typed))))
        self.nearest = [cased[match] for match in matches]
        guess = " or ".join(f"'{near}'" for near in self.nearest)
        super().__init__(
            f"There is no {kind} named {name!r}.",
            expected=f"one of {', '.join(names)}" if names else "nothing: none is known here",
            remedy=f"did you mean {guess}?" if guess else None,
        )
        self.args = (kind, name, names)  # what a pickle calls this with again


class OutOfRangeError(InputError):
    """A hyper-parameter outside its declared range."""


class DataError(InputError):
    """Data that cannot be trained on: NaN, lengths that differ, labels outside the classes ..."""


class CorruptFileError(DataError):
    """A file that is truncated or is not what its name says."""


class MissingDataError(DataError, FileNotFoundError):
    """A data set that is not on this machine and could not be downloaded."""


class ModelError(InputError):
    """A model, loss or metric that does not fit the data or each other."""


class CheckpointError(InputError):
    """A state or checkpoint that does not fit what it is loaded into."""


class WorkerError(ThalwegError):
    """A worker process that ended before it began any run: no run is to blame."""


class StoreError(ThalwegError):
    """The run store cannot be opened, read or written."""


class OutputError(ThalwegError, OSError):
    """A result cannot be written where the user asked."""
