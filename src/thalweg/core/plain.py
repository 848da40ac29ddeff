"""Plain JSON values, for files and pipes that other programs read."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import Any, cast


def strict(value: object) -> Any:
    """Return `value` in types that every JSON reader takes: NaN and infinities become ``None``.

    Numbers of other libraries, such as NumPy's, become Python's own.

    Example:
        >>> strict({"loss": float("nan"), "seeds": (1, 2)})
        {'loss': None, 'seeds': [1, 2]}
    """
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): strict(item) for key, item in cast(Mapping[object, object], value).items()}
    if isinstance(value, Sequence):
        return [strict(item) for item in cast(Sequence[object], value)]
    return value


def dumps(value: object, *, indent: int | None = 2) -> str:
    """Return strict JSON text."""
    return json.dumps(strict(value), indent=indent, allow_nan=False)
