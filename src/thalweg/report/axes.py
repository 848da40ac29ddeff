"""Axes: scales that keep a bad start and a close finish visible in one figure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from thalweg.compare import words

_SHARES = (0.0, 0.2, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999)
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Scale:
    """How values of one metric are placed on an axis.

    An accuracy is placed by its distance from 100 %, on a log scale: the step from 90 to 95 % is as long as
    that from 95 to 97.5 %. A loss, or any other positive metric that should be small, has a log scale; other
    metrics a linear one.

    Attributes:
        metric: The metric's name.
        kind: ``"share"``, ``"log"`` or ``"linear"``.
        low: The least value in view.
        high: The greatest value in view.
    """

    metric: str
    kind: str
    low: float
    high: float

    def place(self, value: float | None) -> float | None:
        """Return the Plotly coordinate of `value`; ``None``, a gap in the line, for what has no place."""
        if value is None or not math.isfinite(value):
            return None
        if self.kind == "share":
            return max(1.0 - value, 1.0 - self.high)
        return value if value > 0 or self.kind == "linear" else None

    def axis(self) -> dict[str, Any]:
        """Return the Plotly axis."""
        if self.kind == "linear":
            return {"range": _padded(self.low, self.high)}
        if self.kind == "log":
            low, high = _padded(math.log10(self.low), math.log10(self.high))
            return {"type": "log", "range": [low, high]} | log_ticks(10**low, 10**high)
        best, worst = _padded(math.log10(1.0 - self.high), math.log10(1.0 - self.low))
        shown = share_ticks(max(0.0, 1.0 - 10**worst), 1.0 - 10**best)
        return {
            "type": "log",
            "range": [worst, best],
            "tickvals": [1.0 - share for share in shown],
            "ticktext": [f"{100 * share:.6g} %" for share in shown],
        }


_PERFECT = 1.0 - 1e-9
"""From here on a share is 100 % but for rounding."""


def scale(metric: str, values: Iterable[float | None], *, higher_is_better: bool) -> Scale:
    """Return the scale on which all `values` of `metric` can be seen.

    Args:
        metric: The metric's name.
        values: What will be shown; ``None``, NaN and infinities are passed over.
        higher_is_better: The metric's direction.

    Example:
        >>> scale("accuracy", [0.1, 0.98], higher_is_better=True).kind
        'share'
        >>> scale("loss", [2.3, 0.01], higher_is_better=False).place(0.5)
        0.5
    """
    known = [value for value in values if value is not None and math.isfinite(value)] or [0.5]
    low, high = min(known), max(known)
    if words.is_share(metric) and low >= 0.0 and high <= 1.0:
        # 100 % has no place on this scale: it stands a little beyond the best value below it.
        below = max((value for value in known if value < _PERFECT), default=0.9)
        top = high if high < _PERFECT else 1.0 - (1.0 - below) / 2
        return Scale(metric, "share", min(low, below), top)
    if not higher_is_better and low > 0:
        return Scale(metric, "log", low, high)
    return Scale(metric, "linear", low, high)


def share_ticks(low: float, high: float) -> list[float]:
    """Return readable shares from `low` to `high`, both in [0, 1); round steps where the usual ones are sparse.

    Example:
        >>> share_ticks(0.4, 0.97), share_ticks(0.902, 0.918)
        ([0.5, 0.8, 0.9, 0.95], [0.905, 0.91, 0.915])
    """
    usual = [share for share in _SHARES if low <= share <= high]
    if usual[:2] == [0.0, 0.2] and high > 0.95:
        del usual[1]  # the two would stand on each other
    if len(usual) > 2 or not low < high:
        return usual
    exponent = math.floor(math.log10((high - low) / 3))
    step = max(size for size in (1, 2, 5) if size * 10.0**exponent * 3 <= (high - low) * 1.001) * 10.0**exponent
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(number * step, 12) for number in range(first, last + 1)]


def log_ticks(low: float, high: float) -> dict[str, Any]:
    """Return readable ticks for a log axis: powers of ten, or 1, 2, 5 where there are few of those.

    Example:
        >>> log_ticks(1e-4, 0.1)["ticktext"]
        ['10⁻⁴', '0.001', '0.01', '0.1']
    """
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    steps: Sequence[int] = (1,) if math.log10(high / low) > 2 else (1, 2, 5)
    stride = 1 + max(0, last - first - 1) // 9
    powers = range(first, last + 1, stride)
    values = [step * 10.0**power for power in powers for step in steps]
    shown = [value for value in values if low * 0.999 <= value <= high * 1.001]
    return {"tickvals": shown, "ticktext": [_power(value) for value in shown]}


def _power(value: float) -> str:
    power = math.floor(math.log10(value) + 1e-9)
    if -3 <= power <= 3:
        return f"{value:g}"
    digit = round(value / 10.0**power)
    ten = f"10{str(power).translate(_SUPERSCRIPT)}"
    return ten if digit == 1 else f"{digit}·{ten}"


def _padded(low: float, high: float) -> list[float]:
    pad = 0.04 * (high - low) or 0.1
    return [low - pad, high + pad]
