"""Eager lowering: a program as a straight line of torch operations that reuses its temporaries.

It runs on every device and needs no compiler. It agrees with the oracle to rounding: torch's ``scalar / tensor``
rounds twice.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor

from thalweg.formula import Expression, Program
from thalweg.formula.expression import in_order

Kernel = Callable[[Tensor, Tensor | None, tuple[Tensor, ...], tuple[float, ...]], None]
_NARROW = (torch.bfloat16, torch.float16)


@cache
def lower(program: Program) -> Kernel:
    """Return the kernel ``(p, g, slots, scalars) -> None`` of a program, which works in place.

    Parameters of 16 bits are computed on in float32, the dtype of their slots, and rounded once at the store.
    """
    scope: dict[str, object] = {"torch": torch}
    exec(source(program), scope)
    update: Kernel = scope["update"]  # pyright: ignore[reportAssignmentType]

    def kernel(p: Tensor, g: Tensor | None, slots: tuple[Tensor, ...], scalars: tuple[float, ...]) -> None:
        if p.dtype not in _NARROW:
            update(p, g, slots, scalars)
            return
        wide = p.float()
        update(wide, None if g is None else g.float(), slots, scalars)
        p.copy_(wide)

    return kernel


def source(program: Program) -> str:
    """Return the Python source of the kernel: one line an operation.

    Example:
        >>> from thalweg.formula import compose
        >>> from thalweg.rules import sgd
        >>> print(source(compose(sgd)))
        def update(p, g, slots, scalars):
            lr_, = scalars
            x0 = torch.mul(g, lr_)
            torch.sub(p, x0, out=p)
    """
    return "\n".join(_Emitter(program).lines())


class _Emitter:
    """Writes the operations in order, each into a tensor that is no longer needed, if there is one.

    A name that comes from the rule ends in an underscore and no other does: whatever the rule calls its states,
    they are none of ``x0`` (a temporary), ``s0`` (a scalar), ``kept0`` (an old value), ``p``, ``g`` or ``torch``.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.names: dict[Expression, str] = {}
        for number, node in enumerate(program.frontier):
            self.names[node] = f"{node.name}_" if node.op == "input" else f"s{number}"
        for node in in_order(program.tensors.values()):
            if node.op == "input" and node.elementwise:
                self.names[node] = _tensor(node.name)
        self.last_use = {arg: i for i, node in enumerate(program.nodes) for arg in node.args}
        self.outputs: dict[Expression, str] = {}
        for name, node in program.tensors.items():
            self.outputs.setdefault(node, _tensor(name))

    def lines(self) -> list[str]:
        names = "".join(f"{self.names[node]}, " for node in self.program.frontier).rstrip()
        slots = "".join(f"{_tensor(slot)}, " for slot in self.program.slots).rstrip()
        lines = ["def update(p, g, slots, scalars):"]
        new = [(_tensor(name), node) for name, node in self.program.tensors.items()]
        moved = [(name, self.names[node]) for name, node in new if node.op == "input" and self.names[node] != name]
        lines += [f"    {slots} = slots"] * bool(slots) + [f"    {names} = scalars"] * bool(names)
        # An old value that becomes another slot's is kept aside before anything is overwritten.
        lines += [f"    kept{i} = {old}.clone()" for i, (_, old) in enumerate(moved)]
        lines += [f"    {line}" for i, node in enumerate(self.program.nodes) for line in self._emit(i, node)]
        computed = [(name, node) for name, node in new if node.args]
        lines += [f"    {name}.copy_({self.names[node]})" for name, node in computed if self.names[node] != name]
        return lines + [f"    {name}.copy_(kept{i})" for i, (name, _) in enumerate(moved)]

    def _emit(self, i: int, node: Expression) -> list[str]:
        target = self._target(i, node)
        self.names[node] = target or f"x{i}"
        args = [self.names[arg] for arg in node.args]
        return _form(node, args, self.names[node], target)

    def _target(self, i: int, node: Expression) -> str | None:
        """The tensor that this operation may overwrite."""
        if node.boolean or node.op == "where":
            return None
        slot = self.outputs.get(node)
        if slot and not any(
            a.op == "input" and self.names[a] == slot and self.last_use[a] > i for a in self.last_use
        ):
            return slot
        for arg in node.args:
            temporary = arg.elementwise and arg.args and not arg.boolean and arg not in self.outputs
            if temporary and self.last_use[arg] == i:
                return self.names[arg]
        return None


def _tensor(name: str) -> str:
    return name if name in ("p", "g") else f"{name}_"


_BINARY = {"add": "add", "sub": "sub", "mul": "mul", "div": "div", "lt": "lt", "le": "le", "gt": "gt", "ge": "ge"}
_UNARY = {"neg": "neg", "sqrt": "sqrt", "abs": "abs"}
_MIRRORED = {"add": "add", "mul": "mul", "lt": "gt", "le": "ge", "gt": "lt", "ge": "le"}


def _form(node: Expression, args: list[str], name: str, target: str | None) -> list[str]:
    """The code of one operation; torch wants the tensor first, so what begins with a scalar is turned round."""
    out, store = (f", out={target}", "") if target else ("", f"{name} = ")
    if node.op in _UNARY:
        return [f"{store}torch.{_UNARY[node.op]}({args[0]}{out})"]
    if node.op == "where":
        return [f"{name} = {_where(node, args)}"]
    a, b = args
    if node.args[0].elementwise:
        return [f"{store}torch.{_BINARY[node.op]}({a}, {b}{out})"]
    if node.op in _MIRRORED:
        return [f"{store}torch.{_MIRRORED[node.op]}({b}, {a}{out})"]
    if node.op == "sub":
        return [f"{store}torch.neg({b}{out})", f"{name}.add_({a})"]
    return [f"{store}torch.reciprocal({b}{out})", f"{name}.mul_({a})"]


def _where(node: Expression, args: list[str]) -> str:
    condition, a, b = args
    if not node.args[0].elementwise:  # a copy of one branch: what is done to it later must not reach an input
        a, b = (
            f"{name}.clone()" if branch.elementwise else f"torch.full_like(p, {name})"
            for branch, name in zip(node.args[1:], (a, b), strict=True)
        )
        return f"{a} if {condition} else {b}"
    if not node.args[1].elementwise and not node.args[2].elementwise:
        a = f"torch.full_like(p, {a})"
    return f"torch.where({condition}, {a}, {b})"
