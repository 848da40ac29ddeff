"""Interval: a mean over seeds, and how sure it is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A mean over seeds with its 95 % Student interval; `low` and `high` are NaN for a single seed."""

    mean: float
    low: float
    high: float
    n: int
