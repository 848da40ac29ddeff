"""Ranges of hyper-parameters, as a rule's annotations declare them."""

from __future__ import annotations

from typing import Annotated

from thalweg.core.bounds import Bounds
from thalweg.formula.expression import Expression

Finite = Annotated[Expression | float, Bounds(low_open=True, high_open=True)]
NonNegative = Annotated[Expression | float, Bounds(0, high_open=True)]
Positive = Annotated[Expression | float, Bounds(0, low_open=True)]
Fraction = Annotated[Expression | float, Bounds(0, 1, high_open=True)]
