"""Guard: a hook of ours that fails must not end the training that it listens to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch


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
        self.failed, self.down = failed, False

    def __call__(self, hook: Callable[..., Any]) -> Hook:
        """Return a hook that gives nothing back, and raises nothing."""
        return Hook(self, hook)


class Hook:
    """A guarded hook. What is compiled stays in one piece without it; a copy, or a file, of a model has none."""

    def __init__(self, guard: Guard, hook: Callable[..., Any]) -> None:
        self._guard, self._hook = guard, hook
        self.__name__ = getattr(hook, "__name__", "hook")

    def __call__(self, *inputs: Any, **keywords: Any) -> None:
        """Call the hook."""
        if torch.compiler.is_compiling() or self._guard.down:
            return
        try:
            self._hook(*inputs, **keywords)
        except Exception as error:
            self._guard.down = True
            self._guard.failed(error)

    def __reduce__(self) -> tuple[Callable[[], Callable[..., None]], tuple[()]]:
        return _silent, ()


def silent(*_: Any, **__: Any) -> None:
    """Hear nothing: what stands in a copy for a hook."""


def _silent() -> Callable[..., None]:
    return silent
