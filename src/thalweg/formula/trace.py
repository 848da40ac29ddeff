"""Tracing: calling a sentence with symbols, and saying where it does what symbols cannot."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping, Sequence
from types import CodeType
from typing import Any, cast

from thalweg.core.errors import InputError, InputTypeError, ThalwegError
from thalweg.formula.expression import Expression, as_expression


def call(
    owner: str,
    function: Callable[..., object],
    positional: Sequence[Expression],
    keywords: Mapping[str, object],
    count: int,
) -> tuple[Expression, ...]:
    """Return what a sentence says of these symbols.

    Args:
        owner: Whose sentence it is, for messages.
        function: The sentence.
        positional: Symbols of the parameter, the gradient and the states.
        keywords: Symbols of hyper-parameters, and flags.
        count: How many values it must return.

    Raises:
        InputError: It returns another number of values.
        InputTypeError: It does what cannot be traced; the message names the line.
    """
    try:
        result = function(*positional, **keywords)
    except ThalwegError:
        raise
    except Exception as error:
        raise _untraceable(owner, function, error) from None
    if result is None:
        raise InputError(f"{owner} returns nothing.", remedy="return the new parameter, then the new states")
    new = cast("tuple[Any, ...]", result if isinstance(result, tuple) else (result,))
    if len(new) != count:
        raise InputError(
            f"{owner} returns {len(new)} value{'s' * (len(new) != 1)}.",
            expected=f"{count}: the parameter, then its states",
            remedy="return every state; put * before the first hyper-parameter",
        )
    return tuple(as_expression(value) for value in new)


def _untraceable(owner: str, function: Callable[..., object], error: Exception) -> InputTypeError:
    """The error that points at the last line of the sentence's own file."""
    code: CodeType | None = getattr(function, "__code__", None)
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if code and frame.filename == code.co_filename] or frames
    return InputTypeError(
        f"{owner} cannot be traced ({own[-1].filename}, line {own[-1].lineno}): {error}",
        got=own[-1].line,
        expected="arithmetic, comparisons and the functions of thalweg.formula on its arguments",
    )
