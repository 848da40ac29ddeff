"""LaTeX of a rule, derived from the same graph as every other form of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from thalweg.formula.expression import COMPARISONS, Expression, in_order
from thalweg.formula.program import SHIFT, Program, literal
from thalweg.formula.rule import Rule

_SYMBOLS = {
    "p": r"\theta",
    "lr": r"\epsilon",
    "norm": r"\lVert g \rVert",
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
    "rho",
    "sigma",
    "tau",
    "theta",
}
_RELATIONS = dict(zip(COMPARISONS, ("<", r"\le", ">", r"\ge"), strict=True))
_SUM, _PRODUCT, _ATOM = 1, 2, 3


def latex(rule: Rule) -> list[str]:
    r"""Return the rule as the book states it: one assignment a line, the parameter last.

    Example:
        >>> from thalweg.rules import nesterov
        >>> print("\n".join(latex(nesterov)))
        g \text{ taken at } \theta + \alpha v
        v \leftarrow \alpha v - \epsilon g
        \theta \leftarrow \theta + v
    """
    writer = _Writer(literal(rule))
    lines = writer.lines()
    if rule.interim:
        coefficient, slot = map(symbol, rule.interim)
        lines.insert(0, rf"g \text{{ taken at }} \theta + {coefficient} {slot}")
    return lines


def symbol(name: str) -> str:
    r"""Return the LaTeX of a name: ``beta1`` gives ``\beta_{1}``."""
    if name in _SYMBOLS:
        return _SYMBOLS[name]
    letters = name.rstrip("0123456789")
    base = f"\\{letters}" if letters in _GREEK else letters
    base = base if len(letters) == 1 or letters in _GREEK else f"\\mathrm{{{letters}}}"
    return f"{base}_{{{name[len(letters) :]}}}" if letters != name else base


class _Writer:
    """Writes each new value once; what is already written is named, not repeated."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.known: dict[Expression, str] = {}

    def lines(self) -> list[str]:
        """Write the states in the order of their use, the parameter last, shared steps before their first use."""
        program = self.program
        new = {**program.tensors, **program.scalars}
        states = sorted([*program.slots, *program.scalars], key=lambda name: len(_inside(new[name], new)))
        targets = [*states, "p"]
        shared = _shared([new[name] for name in targets])
        lines: list[str] = []
        for name in targets:
            needed = set(in_order([new[name]]))
            for node in [node for node in shared if node in needed and node not in self.known]:
                label = "u" if len(shared) == 1 else f"u_{{{shared.index(node) + 1}}}"
                lines.append(self.assign(label, node))
            lines.append(self.assign(symbol(name), new[name]))
        return lines

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
        if op == "sqrt":
            return rf"\sqrt{{{self.text(args[0])}}}", _ATOM
        if op == "abs":
            return rf"\left|{self.text(args[0])}\right|", _ATOM
        if op == "where":
            yes, no = self.text(args[1]), self.text(args[2])
            return rf"\begin{{cases}}{yes} & {self.text(args[0])} \\ {no} & \text{{else}}\end{{cases}}", _ATOM
        if op in _RELATIONS:
            return f"{self.text(args[0])} {_RELATIONS[op]} {self.text(args[1])}", 0
        return rf"\{op if op in ('exp', 'log') else 'mathrm{pow}'}({', '.join(map(self.text, args))})", _ATOM

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


def _inside(node: Expression, new: Mapping[str, Expression]) -> list[Expression]:
    """The other new values that this one is computed from."""
    inside = set(in_order([node]))
    return [other for other in new.values() if other is not node and other in inside]


def _shared(values: list[Expression]) -> list[Expression]:
    """The largest elementwise parts that several new values share, but not through one another."""
    uses = Counter(node for value in values for node in _reach(value, values) if node.elementwise and node.args)
    several = [node for node in in_order(values) if uses[node] > 1 and node not in set(values)]
    inner = {arg for node in several for arg in node.args}
    return [node for node in several if node not in inner]


def _reach(value: Expression, values: list[Expression]) -> set[Expression]:
    found: set[Expression] = set()
    ends, waiting = set(values), [value]
    while waiting:
        for arg in waiting.pop().args:
            if arg not in found and arg not in ends:
                found.add(arg)
                waiting.append(arg)
    return found
