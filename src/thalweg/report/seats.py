"""Seats: one fixed colour and shape for every optimizer, on every page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

_NAMED = (
    "sgd",
    "momentum",
    "nesterov",
    "adagrad",
    "rmsprop",
    "rmsprop-nesterov",
    "adadelta",
    "adam",
)  # the order of the colours --seat-0 ... --seat-7 in templates/page.css

# Plotly's name of a shape, and the same shape as an SVG path in a box from -5 to 5.
_SHAPES = (
    ("circle", "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0Z"),
    ("square", "M-3.6-3.6H3.6V3.6H-3.6Z"),
    ("diamond", "M0-4.9L4.9 0L0 4.9L-4.9 0Z"),
    ("triangle-up", "M0-4.4L4.6 3.7H-4.6Z"),
    ("triangle-down", "M0 4.4L4.6-3.7H-4.6Z"),
    ("star", "M0-5L1.2-1.6 4.8-1.5 1.9.6 2.9 4 0 2-2.9 4-1.9.6-4.8-1.5-1.2-1.6Z"),
    ("triangle-left", "M-4.4 0L3.7-4.6V4.6Z"),
    ("triangle-right", "M4.4 0L-3.7-4.6V4.6Z"),
)
_DASHES = ("solid", "dash", "dot")


@dataclass(frozen=True, kw_only=True)
class Seat:
    """How one optimizer looks.

    Attributes:
        colour: A CSS variable of the page's style sheet.
        symbol: Plotly's name of the marker, so that colour is never the only sign.
        path: The same shape as an SVG path.
        dash: Plotly's name of the line style; it changes only where there are more names than colours.
        hollow: Whether the shape is an outline, for the same reason.
    """

    colour: str
    symbol: str
    path: str
    dash: str
    hollow: bool


def seats(names: Iterable[str]) -> dict[str, Seat]:
    """Return the seat of each optimizer: its own for the classical ones, a free one for others.

    Args:
        names: Registry names; repeats are fine.

    Returns:
        One seat a name, in the order of first appearance.

    Example:
        >>> seats(["adam", "mine"])["adam"].colour == seats(["adam"])["adam"].colour
        True
    """
    unique = list(dict.fromkeys(names))
    strangers = sorted(set(unique) - set(_NAMED))
    free = [i for i in range(len(_NAMED)) if _NAMED[i] not in unique]
    # Where the free seats do not suffice, all are dealt again, with another dash.
    order = free + list(range(len(_NAMED), len(_NAMED) + len(strangers)))
    number = {name: i for i, name in enumerate(_NAMED)} | dict(zip(strangers, order, strict=False))
    return {name: _seat(number[name]) for name in unique}


def in_order(names: Iterable[str]) -> dict[str, Seat]:
    """Return seats for lines that are no optimizers, dealt in their order; one that is alone has the accent.

    Example:
        >>> [seat.colour for seat in in_order(["without", "with"]).values()]
        ['var(--seat-0)', 'var(--seat-1)']
    """
    unique = list(dict.fromkeys(names))
    return {name: _seat(number) for number, name in enumerate(unique, start=1 if len(unique) == 1 else 0)}


def _seat(number: int) -> Seat:
    lap, index = divmod(number, len(_SHAPES))
    symbol, path = _SHAPES[index]
    return Seat(
        colour=f"var(--seat-{index})",
        symbol=f"{symbol}-open" if lap else symbol,
        path=path,
        dash=_DASHES[lap % len(_DASHES)],
        hollow=lap > 0,
    )
