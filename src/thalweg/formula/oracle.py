"""Oracle: a program evaluated by NumPy, every step rounded; float64 is the truth, float32 the bit reference."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from thalweg.formula.expression import Expression
from thalweg.formula.program import Program
from thalweg.formula.row import Row

Array = npt.NDArray[Any]

_OPERATIONS: Mapping[str, Callable[..., Any]] = {
    "neg": np.negative,
    "sqrt": np.sqrt,
    "abs": np.abs,
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
    "where": np.where,
}


class Oracle:
    """A model of one row under a program, in NumPy.

    Args:
        program: The composed rule.
        start: Initial parameters by name, any shapes.
        row: Hyper-parameters (all that the program reads), step count, scalar state.
        dtype: ``np.float64`` or ``np.float32``: every operation is rounded to it, scalars once.

    Example:
        >>> from thalweg.formula import compose
        >>> from thalweg.rules import momentum
        >>> oracle = Oracle(compose(momentum), {"w": np.ones(1)}, Row({"lr": 0.1, "alpha": 0.9}))
        >>> oracle.step({"w": np.ones(1)}); oracle.step({"w": np.ones(1)})
        >>> oracle.tensors["w"]["p"].round(12)
        array([0.71])
    """

    def __init__(
        self, program: Program, start: Mapping[str, Array], row: Row, dtype: npt.DTypeLike = np.float64
    ) -> None:
        self.program, self.row, self.dtype = program, row, np.dtype(dtype)
        self.tensors: dict[str, dict[str, Array]] = {
            name: {"p": np.array(p, dtype), **{slot: np.zeros_like(p, dtype) for slot in program.slots}}
            for name, p in start.items()
        }

    def step(self, gradients: Mapping[str, Array]) -> None:
        """Update every parameter that has a gradient."""
        with np.errstate(all="ignore"):
            norm = np.sqrt(sum(np.sum(np.square(g, dtype=np.float64)) for g in gradients.values()))
        values = self.row.advance(self.program, float(norm))
        for name, g in gradients.items():
            self.apply(self.program, name, values, g)

    def move(self, program: Program) -> None:
        """Run a program that is no update, such as `unshift` or `realign`, on every parameter."""
        values = self.row.advance(program, count=False)
        for name in self.tensors:
            self.apply(program, name, values)

    def apply(self, program: Program, name: str, values: tuple[float, ...], g: Array | None = None) -> None:
        """Evaluate the elementwise part for one parameter with a row's scalars."""
        inputs = self.tensors[name] | ({} if g is None else {"g": np.array(g, self.dtype)})
        scalars = {node: np.asarray(v, self.dtype)[()] for node, v in zip(program.frontier, values, strict=True)}
        results: dict[Expression, Any] = dict(scalars)

        def value(node: Expression) -> Any:
            return inputs[node.name] if node.op == "input" and node.elementwise else results[node]

        with np.errstate(all="ignore"):
            for node in program.nodes:
                results[node] = _OPERATIONS[node.op](*(value(arg) for arg in node.args))
        self.tensors[name].update({slot: value(node) for slot, node in program.tensors.items()})
