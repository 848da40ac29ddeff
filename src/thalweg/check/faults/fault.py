"""Fault: one word of the vocabulary, with all that is to be said of it."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from textwrap import dedent
from types import ModuleType

TERMS = {
    "skill": "(Skill is 0 where outputs tell nothing of the targets, and 1 where they are right.)",
    "chance": "(The loss of chance is that of the best output that is the same for all samples.)",
}
"""What words of thresholds mean that are not everybody's."""


@dataclass(frozen=True, kw_only=True)
class Example:
    """A fault and its repair in plain PyTorch, which run after ``import torch`` and ``from torch import nn``.

    Attributes:
        diff: Lines of Python. ``-`` in front marks those of the fault alone, ``+`` those of the repair, two spaces
            those of both.
        sign: An expression that is true after the faulty lines and false after the repaired ones.

    Example:
        >>> example = Example(diff='''
        ...       x = torch.ones(3)
        ...     - x[0] = torch.nan
        ... ''', sign="not x.isfinite().all()")
        >>> example.lines
        (('', 'x = torch.ones(3)'), ('-', 'x[0] = torch.nan'))
        >>> example.repaired
        'x = torch.ones(3)'
    """

    diff: str
    sign: str

    @property
    def lines(self) -> tuple[tuple[str, str], ...]:
        """Every line: the mark, which is empty on lines of both, and the code."""
        return tuple((line[:2].strip(), line[2:]) for line in dedent(self.diff).strip("\n").splitlines())

    @property
    def faulty(self) -> str:
        """The program with the fault."""
        return "\n".join(code for mark, code in self.lines if mark != "+")

    @property
    def repaired(self) -> str:
        """The program without it."""
        return "\n".join(code for mark, code in self.lines if mark != "-")


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A fault: what it is, how it is found, and what to do.

    In all texts code stands between backticks.

    Attributes:
        name: As findings have it.
        title: The same in words.
        what: What goes wrong, and what it looks like.
        found: The looks and experiments that find it.
        compared: What is compared with what. The constants of the looks stand in braces, by module and name,
            such as ``{experiments.units.DEAD}``, so that page and look never disagree.
        basis: Where the threshold comes from.
        remedy: What to do.
        example: Fault and repair as code.
        sources: Where to read on.
    """

    name: str
    title: str
    what: str
    found: str
    compared: str
    basis: str
    remedy: str
    example: Example
    sources: tuple[str, ...]

    @property
    def threshold(self) -> str:
        """What is compared with what, with its numbers. The looks are imported for it."""
        said = self.compared.format_map(_Modules())
        return " ".join([said, *(meaning for word, meaning in TERMS.items() if word in said)])


class _Modules:
    """The modules of `thalweg.check` by name."""

    def __getitem__(self, name: str) -> ModuleType:
        return import_module(f"thalweg.check.{name}")
