"""Wording: figures as the text that terminal, page and errors share."""

from __future__ import annotations

import math
from collections.abc import Sequence

from thalweg.core.interval import Interval

ABSENT = "–"
"""What stands where there is no number."""


def is_share(metric: str) -> bool:
    """Return whether `metric` is a share of 1 that reads best in per cent.

    Example:
        >>> is_share("accuracy"), is_share("loss")
        (True, False)
    """
    return "accuracy" in metric


def amount(metric: str, value: float | None) -> str:
    """Return a value of `metric` as text: an accuracy in per cent, others with four significant digits.

    Example:
        >>> amount("accuracy", 0.9741), amount("loss", 0.123456), amount("loss", float("nan"))
        ('97.4 %', '0.1235', '–')
    """
    if value is None or not math.isfinite(value):
        return ABSENT
    return f"{100 * value:.1f} %" if is_share(metric) else f"{value:#.4g}".rstrip(".")


def spread(metric: str, interval: Interval) -> str:
    """Return the two ends of an interval as text; empty where a single seed gives none.

    Example:
        >>> spread("accuracy", Interval(mean=0.97, low=0.966, high=0.974, n=10))
        '96.6 to 97.4 %'
    """
    if not (math.isfinite(interval.low) and math.isfinite(interval.high)):
        return ""
    low, high = ends(metric, interval)
    return f"{amount(metric, low).removesuffix(' %')} to {amount(metric, high)}"


def ends(metric: str, interval: Interval) -> tuple[float, float]:
    """Return the two ends of an interval, a share's kept between 0 and 1.

    Example:
        >>> ends("accuracy", Interval(mean=0.99, low=0.95, high=1.03, n=2))
        (0.95, 1.0)
    """
    known = is_share(metric) and math.isfinite(interval.low) and math.isfinite(interval.high)
    return (max(0.0, interval.low), min(1.0, interval.high)) if known else (interval.low, interval.high)


def rate(lr: float | None) -> str:
    """Return a learning rate as text that can be typed back: three significant digits.

    Example:
        >>> rate(0.04217), rate(3.2e-5), rate(0.1)
        ('0.0422', '3.2e-5', '0.1')
    """
    return ABSENT if lr is None else f"{lr:.3g}".replace("e-0", "e-").replace("e+0", "e")


def chance(p: float) -> str:
    """Return a p-value as text.

    Example:
        >>> chance(0.0314), chance(2e-7), chance(0.62)
        ('p = 0.031', 'p < 0.001', 'p = 0.62')
    """
    if not math.isfinite(p):
        return f"p {ABSENT}"
    return "p < 0.001" if p < 0.001 else f"p = {p:.2g}"


def duration(seconds: float | None) -> str:
    """Return a time span as text.

    Example:
        >>> duration(0.0042), duration(0.314), duration(42.3), duration(200)
        ('4.2 ms', '0.31 s', '42 s', '3 min 20 s')
    """
    if seconds is None or not math.isfinite(seconds):
        return ABSENT
    if 0 < seconds < 0.01:
        return f"{1000 * seconds:.2g} ms"
    if seconds < 10:
        return f"{seconds:.2f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def count(number: float | None) -> str:
    """Return a mean count as text; :data:`ABSENT` for none.

    Example:
        >>> count(1240.4), count(None)
        ('1,240', '–')
    """
    return ABSENT if number is None or not math.isfinite(number) else f"{number:,.0f}"


def listed(names: Sequence[str]) -> str:
    """Return names as an English list.

    Example:
        >>> listed(["sgd", "adam", "adagrad"])
        'sgd, adam and adagrad'
    """
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
