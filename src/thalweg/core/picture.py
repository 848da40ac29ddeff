"""Picture: what a finding shows, as plain data that a page draws."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """How a picture is drawn.

    ``curves``: lines over updates or epochs. ``ladder``: one outcome for each of some values of a setting, such as
    learning rates, on a log scale; an outcome that is not finite diverged. ``layers``: one value a layer, in the
    order of the net; places are names. ``histograms``: a distribution a layer, one below the other. ``bars``: a
    number for each of some names.
    """

    CURVES = "curves"
    LADDER = "ladder"
    LAYERS = "layers"
    HISTOGRAMS = "histograms"
    BARS = "bars"


class Scale(StrEnum):
    """How values are placed on an axis: ``share`` is linear from 0 to 1, in per cent."""

    LINEAR = "linear"
    LOG = "log"
    SHARE = "share"


Place = float | str


@dataclass(frozen=True, kw_only=True)
class Series:
    """Points under one name.

    Attributes:
        name: Such as ``"training"``, or the layer of a histogram.
        x: Their places: numbers, or the names of layers and classes.
        y: Their values, as many; what is not finite is a gap, in a ladder a run that diverged.
        low: The lower ends of a band around them, as many; empty without one.
        high: The upper ends.
    """

    name: str
    x: tuple[Place, ...]
    y: tuple[float, ...]
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        assert len(self.x) == len(self.y), "a series has as many places as values"
        assert len(self.low) == len(self.high) in (0, len(self.y)), "a band has two ends at every place"


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A value to compare with, drawn as a line across.

    Attributes:
        at: The value on the axis of values; on that of places in a ladder and of curves if `upright`.
        name: What it is, such as ``"threshold"`` or ``"yours"``.
        upright: Whether the line stands at a place.
    """

    at: float
    name: str
    upright: bool = False


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture as plain data.

    Attributes:
        kind: How it is drawn.
        title: What it shows.
        x: What its places are, such as ``"update"``; of histograms, what is counted.
        y: What its values are, such as ``"training loss"``.
        series: What is drawn.
        scale: Of the values.
        marks: Values to compare with.
        caption: How to read it; empty if the title says all.

    Example:
        >>> line = Series(name="training", x=(0, 1), y=(2.3, math.nan))
        >>> picture = Picture(kind=Kind.CURVES, title="Loss", x="update", y="loss", series=(line,))
        >>> Picture.from_json(picture.to_json()).series[0].x
        (0, 1)
    """

    kind: Kind
    title: str
    x: str
    y: str
    series: tuple[Series, ...]
    scale: Scale = Scale.LINEAR
    marks: tuple[Mark, ...] = field(default=())
    caption: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types; floats may be NaN (`core.plain.strict` nulls them)."""
        return asdict(self) | {"kind": str(self.kind), "scale": str(self.scale)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Picture:
        """Rebuild what `to_json` gave; null, which a file has in place of NaN, is NaN again."""
        parts = dict(data)
        parts |= {"kind": Kind(parts["kind"]), "scale": Scale(parts["scale"])}
        parts["series"] = tuple(
            Series(
                name=one["name"], x=tuple(one["x"]), **{key: _numbers(one[key]) for key in ("y", "low", "high")}
            )
            for one in parts["series"]
        )
        parts["marks"] = tuple(replace(Mark(**mark), at=_number(mark["at"])) for mark in parts["marks"])
        return cls(**parts)


def _numbers(values: Sequence[float | None]) -> tuple[float, ...]:
    return tuple(map(_number, values))


def _number(value: float | None) -> float:
    return math.nan if value is None else value
