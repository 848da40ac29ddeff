"""LaTeX of a rule, derived from the same graph as every other form of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

from thalweg.formula.composition import literal
from thalweg.formula.expression import COMPARISONS, Expression, in_order, scalar, tensor
from thalweg.formula.functions import sign
from thalweg.formula.program import SHIFT, Program
from thalweg.formula.rule import Rule

_SYMBOLS = {
    "p": r"\theta",
    "lr": r"\epsilon",
    SHIFT: "c",
    "weight_decay": r"\lambda",
    "l1": r"\lambda_1",
    "clip_value": r"g_{\max}",
    "clip_norm": r"\lVert g \rVert_{\max}",
}
_GREEK = {
    "alpha",
    "beta",
    "gamma",
    "delta",
    "epsilon",
    "eta",
    "kappa",
    "lambda",
    "mu",
    "nu",
    "rho",
    "sigma",
    "tau",
    "theta",
}
_RELATIONS = dict(zip(COMPARISONS, ("<", r"\le", ">", r"\ge"), strict=True))
_SUM, _PRODUCT, _ATOM = 1, 2, 3


def latex(rule: Rule) -> list[str]:
    r"""Return the rule as the book states it: one assignment a line, to be read from top to bottom.

    Example:
        >>> from thalweg.rules import nesterov
        >>> print("\n".join(latex(nesterov)))
        g \text{ taken at } \theta + \alpha v
        v \leftarrow \alpha v - \epsilon g
        \theta \leftarrow \theta + v
    """
    writer = _Writer(literal(rule))
    lines = writer.lines()
    if writer.program.interim:
        coefficient, slot = writer.program.interim
        lines.insert(
            0, rf"g \text{{ taken at }} \theta + {writer.text(coefficient, _PRODUCT)} {writer.text(slot)}"
        )
    return lines


def symbol(name: str) -> str:
    r"""Return the LaTeX of a name: ``beta1`` gives ``\beta_{1}``."""
    if name in _SYMBOLS:
        return _SYMBOLS[name]
    word, *rest = name.split("_")
    letters = word.rstrip("0123456789")
    base = f"\\{letters}" if letters in _GREEK else letters
    base = base if len(letters) == 1 or letters in _GREEK else f"\\mathrm{{{letters}}}"
    below = [word[len(letters) :]] if letters != word else []
    below += [rf"\mathrm{{{part}}}" if len(part) > 1 else part for part in rest]
    return f"{base}_{{{', '.join(below)}}}" if below else base


class _Writer:
    """Writes each new value once; what is already written is named, not repeated."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.known: dict[Expression, str] = {}

    def lines(self) -> list[str]:
        """Write new values, and large parts used several times, each made of what is still there."""
        program = self.program
        new = {**program.tensors, **program.scalars}
        shared = _shared(list(new.values()))
        parts = {f"part {number}": node for number, node in enumerate(shared)}
        names = [*parts, *program.slots, *program.scalars, "p"]
        lines: list[str] = []
        try:
            order = _ordered(names, new | parts)
        except CycleError:  # two new values read each other's old ones
            lines = [self.set_aside(tensor(name) if name in program.tensors else scalar(name)) for name in new]
            order = _ordered(names, new | parts, kept=True)
        letter = next(letter for letter in "uwqhz" if letter not in new)
        numbers = iter(range(1, len(shared) + 1))
        for name in order:
            label = (
                symbol(name) if name in new else letter if len(shared) == 1 else f"{letter}_{{{next(numbers)}}}"
            )
            lines.append(self.assign(label, (new | parts)[name]))
        return lines

    def set_aside(self, leaf: Expression) -> str:
        """Give an old value a name of its own."""
        return self.assign(f"{symbol(leaf.name)}'", leaf)

    def assign(self, label: str, node: Expression) -> str:
        line = rf"{label} \leftarrow {self.text(node)}"
        self.known[node] = label
        return line

    def text(self, node: Expression, level: int = 0) -> str:
        if node in self.known:
            return self.known[node]
        code, strength = self._form(node)
        return code if strength >= level else rf"\left({code}\right)"

    def _form(self, node: Expression) -> tuple[str, int]:
        """The code of a node and how tightly it binds."""
        op, args = node.op, node.args
        if op == "input":
            return symbol(node.name), _ATOM
        if op == "constant":
            return _number(f"{node.payload:g}")
        if op == "product":
            return f"{self.text(args[0], _ATOM)}^t", _PRODUCT
        if op in ("add", "sub"):
            left, right = self.text(args[0], _SUM), self.text(args[1], _PRODUCT if op == "sub" else _SUM)
            return f"{left} {'+' if op == 'add' else '-'} {_apart(right)}", _SUM
        if op == "mul":
            return " ".join(self._written(self._factors(node))), _PRODUCT
        if op == "div":
            return rf"\frac{{{self.text(args[0])}}}{{{self.text(args[1])}}}", _PRODUCT
        if op == "neg":
            return f"-{self.text(args[0], _PRODUCT)}", _PRODUCT
        if op == "sqrt" and args[0].op == "dot" and args[0].args[0] is args[0].args[1]:
            return rf"\lVert {self.text(args[0].args[0])} \rVert", _ATOM
        if op == "dot":
            return rf"\sum {self.text(args[0], _PRODUCT)} \cdot {self.text(args[1], _PRODUCT)}", _SUM
        if op == "sqrt":
            return rf"\sqrt{{{self.text(args[0])}}}", _ATOM
        if op == "abs":
            return rf"\left|{self.text(args[0])}\right|", _ATOM
        if op == "where" and (known := _known(node)):
            name, known_args = known
            return rf"\{name}\left({', '.join(map(self.text, known_args))}\right)", _ATOM
        if op == "where":
            yes, no = self.text(args[1]), self.text(args[2])
            return rf"\begin{{cases}}{yes} & {self.text(args[0])} \\ {no} & \text{{else}}\end{{cases}}", _ATOM
        if op in _RELATIONS:
            return f"{self.text(args[0])} {_RELATIONS[op]} {self.text(args[1])}", 0
        if op == "pow":
            return f"{self.text(args[0], _ATOM)}^{{{self.text(args[1])}}}", _PRODUCT
        return rf"\{op}({', '.join(map(self.text, args))})", _ATOM

    def _factors(self, node: Expression) -> list[tuple[Expression, int]]:
        """A product from left to right as (base, exponent), equal neighbours in one: (1 - rho) * g * g."""
        if node.op != "mul" or node in self.known:
            return [(node, 1)]
        left, right = (self._factors(arg) for arg in node.args)
        if len(right) > 1:  # what was written as a factor stays one
            right = [(node.args[1], 1)]
            left = [(node.args[0], 1)] if node.args[0] is node.args[1] else left
        (base, power), (last, last_power) = right[0], left[-1]
        return [*left[:-1], (last, last_power + power)] if base is last else [*left, *right]

    def _written(self, factors: list[tuple[Expression, int]]) -> Iterator[str]:
        for place, (base, exponent) in enumerate(factors):
            code = self.text(base, _PRODUCT) if exponent == 1 else f"{self.text(base, _ATOM)}^{_braced(exponent)}"
            if place:
                code = rf"\cdot {code}" if code[0].isdigit() else _apart(code)
            yield code


def _known(node: Expression) -> tuple[str, tuple[Expression, ...]] | None:
    """The function that a choice by comparison stands for, if it is one with a name."""
    condition, yes, no = node.args
    if not condition.args or condition.op not in ("gt", "lt"):
        return None
    a, b = condition.args
    if (yes, no) == (a, b):
        return ("max" if condition.op == "gt" else "min"), (b, a)
    if node is sign(a):
        return "operatorname{sign}", (a,)
    return None


def _number(code: str) -> tuple[str, int]:
    """The code of a literal and how tightly it binds: 1e-05 is written as a power of ten."""
    digits, _, exponent = code.partition("e")
    if not exponent:
        return code.replace("inf", r"\infty"), _PRODUCT if code.startswith("-") else _ATOM
    power = f"10^{{{int(exponent)}}}"
    return (digits[:-1] + power if digits in ("1", "-1") else rf"{digits} \times {power}"), _PRODUCT


def _braced(exponent: int) -> str:
    return str(exponent) if exponent < 10 else f"{{{exponent}}}"


def _apart(code: str) -> str:
    """Put what begins with a minus in parentheses, for its place after another term or factor."""
    return rf"\left({code}\right)" if code.startswith("-") else code


def _ordered(names: list[str], new: Mapping[str, Expression], *, kept: bool = False) -> list[str]:
    """The names in an order in which a new value follows those it contains, and goes before what it reads old.

    The latter is of no account if old values are `kept`.
    """
    order: TopologicalSorter[str] = TopologicalSorter({name: set() for name in names})
    for name in names:
        others = {new[other]: other for other in names if other != name}
        reached = _reach(new[name], set(others))
        read = reached | {new[name]}
        for other in names:
            if other != name and new[other] in reached:
                order.add(name, other)
            elif other != name and not kept and any(leaf.op == "input" and leaf.payload == other for leaf in read):
                order.add(other, name)
    order.prepare()
    ready, found = list(order.get_ready()), list[str]()
    while ready:
        ready.sort(key=names.index)
        found.append(ready.pop(0))
        order.done(found[-1])
        ready += order.get_ready()
    return found


def _shared(values: list[Expression]) -> list[Expression]:
    """The large parts that are used several times."""
    uses = Counter(arg for node in in_order(values) for arg in node.args)
    return [node for node in in_order(values) if uses[node] > 1 and node not in set(values) and _is_large(node)]


def _is_large(node: Expression) -> bool:
    operations = [inner for inner in in_order([node]) if inner.args]
    return len(operations) > (2 if node.elementwise else 5)


def _reach(value: Expression, ends: set[Expression]) -> set[Expression]:
    """What a value is made of, down to other new values."""
    found: set[Expression] = set()
    waiting = [value]
    while waiting:
        for arg in waiting.pop().args:
            if arg not in found:
                found.add(arg)
                if arg not in ends:
                    waiting.append(arg)
    return found
