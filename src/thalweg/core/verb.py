"""A verb and the package that does it share one name: ``thalweg.compare`` is a package that can be called."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any


class Verb(ModuleType):
    """A package that is called like the function it is named after.

    Importing ``thalweg.compare.result`` binds the package to ``thalweg.compare``, where a user expects the
    function; so the package itself answers the call.
    """

    __verb__: str

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function that the package is named after."""
        return self.__function()(*args, **kwargs)

    @property
    def __doc__(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]
        """What ``help`` shows: the function's signature and docstring, then the package's own.

        Examples stay with the function, whose names they use: so they are tested once.
        """
        function = self.__function()
        told = inspect.cleandoc(function.__doc__ or "").partition("\n\nExample")[0]
        call = f"{self.__name__.rpartition('.')[2]}{self.__signature__}"
        examples = f"Examples: help({function.__module__}.{function.__name__})"
        return "\n\n".join([call, told, examples, vars(self)["__doc__"]])

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(self.__function())

    def __getattr__(self, name: str) -> Any:
        """Import a module of the package when it is named, as in ``help(thalweg.check.conduct.check)``."""
        if not name.startswith("_"):
            try:
                return import_module(f"{self.__name__}.{name}")
            except ModuleNotFoundError:
                pass
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")

    def __function(self) -> Callable[..., Any]:
        module, _, name = self.__verb__.partition(":")
        return getattr(import_module(module), name)


def make_callable(package: str, target: str) -> None:
    """Let `package` be called; the call goes to ``"module:function"``, imported when first needed."""
    module = sys.modules[package]
    module.__class__ = Verb
    module.__verb__ = target  # pyright: ignore[reportAttributeAccessIssue]
