"""Program: a rule with its options composed into one graph, ready for the oracle and for every lowering."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from thalweg.formula.expression import ROW, Expression, in_order, scalar, stored, tensor
from thalweg.formula.part import Part, part
from thalweg.formula.signature import Hyper

SHIFT = "shift"
"""The scalar state c of a rule with an interim point: the stored parameter is theta + c * slot."""

COMPENSATION = "compensation"
"""The slot of Kahan compensation: what rounding at the store took from the parameter."""

ROUNDINGS = ("nearest", "stochastic", "kahan")


@dataclass(frozen=True, eq=False)
class Program:
    """New values of the parameter, the slots and the scalar states, as expressions of the old ones.

    Attributes:
        name: What it computes, for file names and messages.
        slots: Names of the state tensors, in the order of the rule.
        tensors: Name -> new value, for ``"p"`` and the slots.
        scalars: Name -> new value, for the scalar states of a row.
        initial: Name -> first value of each scalar state.
        hypers: Every hyper-parameter it reads.
        starts: Slot -> the hyper-parameter that it starts at; the others start at zero.
        theta: The parameter that the rule speaks of.
        interim: The coefficient that the shift is to be, and the slot it multiplies, of a rule with an interim
            point.
        shown: What evaluation puts in the parameter's place, if anything but the parameter itself.
        rounding: How a parameter of 16 bits is stored: ``nearest, stochastic`` or ``kahan``.
        scaled: Whether gradients come multiplied, to be multiplied by the row's ``unscale``.
    """

    name: str
    slots: tuple[str, ...]
    tensors: Mapping[str, Expression]
    scalars: Mapping[str, Expression]
    initial: Mapping[str, float]
    hypers: Mapping[str, Hyper]
    starts: Mapping[str, str] = field(default_factory=dict[str, str])
    theta: Expression = field(default_factory=lambda: tensor("p"))
    interim: tuple[Expression, Expression] | None = None
    shown: Expression | None = None
    rounding: str = "nearest"
    scaled: bool = False

    @cached_property
    def update(self) -> Part:
        """What is evaluated for every element, once all sums are known."""
        return part(self.tensors.values())

    @cached_property
    def stages(self) -> tuple[tuple[Expression, ...], ...]:
        """Sums over tensors that must be known first: those of a stage read only those of stages before it."""
        depth: dict[Expression, int] = {}
        for node in in_order(self.tensors.values()):
            depth[node] = max((depth[arg] for arg in node.args), default=0) + (node.op == "dot")
        sums = [node for node in depth if node.op == "dot"]
        return tuple(
            tuple(node for node in sums if depth[node] == level + 1)
            for level in range(max((depth[node] for node in sums), default=0))
        )

    @cached_property
    def sums(self) -> tuple[Expression, ...]:
        """All sums over tensors, stage by stage."""
        return tuple(node for stage in self.stages for node in stage)

    @cached_property
    def frontier(self) -> tuple[Expression, ...]:
        """The scalars of a row that anything larger reads: the numbers a kernel receives with each row."""
        found: dict[Expression, None] = {}
        for node in in_order(self.tensors.values()):
            if node.level != ROW:
                found.update(dict.fromkeys(arg for arg in node.args if arg.level == ROW))
        if self.rounding == "stochastic":
            found.update(dict.fromkeys((scalar("rounding_seed"), scalar("t"))))
        return tuple(found)

    @cached_property
    def is_steady(self) -> bool:
        """Whether the numbers of a row depend on its hyper-parameters alone, not on its count or state."""
        leaves = {node.name for node in in_order(self.frontier) if node.op == "input"}
        return not self.scalars and "t" not in leaves and not leaves & self.initial.keys()

    @cached_property
    def show(self) -> Program:
        """The program that puts `shown` in the place of the stored parameter; the state stays."""
        assert self.shown is not None
        return self._move("show", {"p": self.shown}, {})

    @cached_property
    def realign(self) -> Program:
        """The program that moves the stored point to the interim point of the present coefficient."""
        assert self.interim is not None
        coefficient, slot = self.interim
        moved = compensated({"p": self.theta + coefficient * slot}, self.rounding)
        return self._move("realign", moved, {SHIFT: coefficient})

    def _move(self, name: str, tensors: Mapping[str, Expression], scalars: Mapping[str, Expression]) -> Program:
        return replace(self, name=f"{self.name}:{name}", tensors=tensors, scalars=scalars)


def compensated(tensors: Mapping[str, Expression], rounding: str) -> dict[str, Expression]:
    """Return new values with what Kahan compensation remembers of them, if it is asked for.

    Args:
        tensors: Name -> new value.
        rounding: How a parameter of 16 bits is stored.
    """
    if rounding != "kahan":
        return dict(tensors)
    return {**tensors, COMPENSATION: tensors["p"] - stored(tensors["p"])}


def product_name(node: Expression) -> str:
    """Return the name of the scalar state that holds a running product, such as ``beta1^t``."""
    return f"{node.args[0]!r}^t"
