"""Corpus: all cases there are, gathered from the packages of this folder."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules, walk_packages

from tests.faults.case import Case, Faulty, Healthy, cases


@cache
def corpus() -> tuple[Case, ...]:
    """Return all cases."""
    here = Path(__file__).parent
    for package in iter_modules([str(here)]):
        if package.ispkg:
            for module in walk_packages([str(here / package.name)], f"{__package__}.{package.name}."):
                import_module(module.name)
    return tuple(cases[name] for name in cases)


def faults() -> tuple[Faulty, ...]:
    """Return the faulty ones."""
    return tuple(case for case in corpus() if isinstance(case, Faulty))


def lookalikes() -> tuple[Healthy, ...]:
    """Return the healthy ones."""
    return tuple(case for case in corpus() if isinstance(case, Healthy))
