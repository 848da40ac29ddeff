"""Parameters: what a function or class takes, read once: it takes as long as to make a small layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from inspect import Parameter, signature
from typing import Any

KEPT = 1024


@lru_cache(maxsize=KEPT)
def parameters(function: Callable[..., Any]) -> Mapping[str, Parameter]:
    """Return the parameters of a function or class by name, as `inspect.signature` does.

    Example:
        >>> [*parameters(lambda x, *, rate=0.1: x * rate)]
        ['x', 'rate']
    """
    return signature(function).parameters
