"""Guard: a hook of ours that fails must not end the training that it listens to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Guard:
    """Wraps hooks: after the first error all of them do nothing more.

    Args:
        failed: Gets the error.

    Example:
        >>> guard = Guard(lambda error: print("heard:", error))
        >>> hook = guard(lambda number: 1 / number)
        >>> hook(1), hook(0), hook(0)
        heard: division by zero
        (None, None, None)
    """

    def __init__(self, failed: Callable[[Exception], None]) -> None:
        self._failed, self._down = failed, False

    def __call__(self, hook: Callable[..., Any]) -> Callable[..., None]:
        """Return a hook that gives nothing back, and raises nothing."""

        def guarded(*inputs: Any, **keywords: Any) -> None:
            if self._down:
                return
            try:
                hook(*inputs, **keywords)
            except Exception as error:
                self._down = True
                self._failed(error)

        return guarded
