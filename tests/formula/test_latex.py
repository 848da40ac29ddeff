"""LaTeX: four rules as a reader knows them; for all, what can be said of any."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest

from thalweg.formula import (
    Scalar,
    absolute,
    clip,
    maximum,
    mean,
    minimum,
    norm,
    rule,
    sign,
    sqrt,
    total,
    where,
)
from thalweg.formula.composition import literal
from thalweg.formula.expression import in_order
from thalweg.formula.latex import latex, symbol
from thalweg.rules import adadelta, adam, rmsprop_nesterov, rules, sgd


@rule(reference="a toy with signs, choices and shared parts")
def signs(p: Any, g: Any, v: Any, w: Any, total: Scalar = 0.0, *, lr: float = 0.1, kappa3: float = 1.0) -> Any:
    """Put a minus wherever it could be misread."""
    shared = (g / v) ** 2
    total = total + lr
    return p - lr * (-p) + -w, g * -1.0 - shared, shared * (-g * absolute(w)) - where(g < kappa3, v, 0.5), total


def test_sgd() -> None:
    assert latex(sgd) == [r"\theta \leftarrow \theta - \epsilon g"]


def test_rmsprop_nesterov() -> None:
    assert latex(rmsprop_nesterov) == [
        r"g \text{ taken at } \theta + \alpha v",
        r"r \leftarrow \rho r + \left(1 - \rho\right) g^2",
        r"v \leftarrow \alpha v - \frac{\epsilon}{\sqrt{\delta + r}} g",
        r"\theta \leftarrow \theta + v",
    ]


def test_adadelta_names_what_it_uses_twice() -> None:
    assert latex(adadelta) == [
        r"r \leftarrow \rho r + \left(1 - \rho\right) g^2",
        r"u \leftarrow -\frac{\sqrt{s + \delta}}{\sqrt{r + \delta}} g",
        r"s \leftarrow \rho s + \left(1 - \rho\right) u^2",
        r"\theta \leftarrow \theta + \epsilon u",
    ]


def test_adam() -> None:
    assert latex(adam) == [
        r"m \leftarrow \beta_{1} m + \left(1 - \beta_{1}\right) g",
        r"v \leftarrow \beta_{2} v + \left(1 - \beta_{2}\right) g^2",
        r"\theta \leftarrow \theta - "
        r"\frac{\epsilon \frac{m}{1 - \beta_{1}^t}}{\sqrt{\frac{v}{1 - \beta_{2}^t}} + \delta}",
    ]


def test_minuses_fractions_and_choices_cannot_be_misread() -> None:
    assert latex(signs) == [
        r"\mathrm{total} \leftarrow \mathrm{total} + \epsilon",
        r"\theta \leftarrow \theta - \epsilon \left(-\theta\right) + \left(-w\right)",
        r"w \leftarrow \left(\frac{g}{v}\right)^2 \left(-g \left|w\right|\right) - "
        r"\begin{cases}v & g < \kappa_{3} \\ 0.5 & \text{else}\end{cases}",
        r"v \leftarrow g \left(-1\right) - \left(\frac{g}{v}\right)^2",
    ]


def test_nothing_is_overwritten_before_it_was_read() -> None:
    @rule(reference="a toy: two gradients late")
    def delay(p, g, a, b):
        return p - b, g, a

    @rule(reference="a toy: the step is made of the old average")
    def late(p, g, m, *, beta=0.9):
        return p - m, beta * m + g

    @rule(reference="a toy: state and parameter read each other's old values")
    def crossed(p, g, m, s: Scalar = 1.0):
        return p - m * s, m + p * g, s * 0.5

    assert latex(delay) == [
        r"\theta \leftarrow \theta - b",
        r"b \leftarrow a",
        r"a \leftarrow g",
    ]
    assert latex(late) == [r"\theta \leftarrow \theta - m", r"m \leftarrow \beta m + g"]
    assert latex(crossed) == [
        r"\theta' \leftarrow \theta",
        r"m' \leftarrow m",
        r"s' \leftarrow s",
        r"m \leftarrow m' + \theta' g",
        r"s \leftarrow s' \cdot 0.5",
        r"\theta \leftarrow \theta' - m' s'",
    ]


def test_large_parts_that_are_used_twice_get_a_name() -> None:
    @rule(reference="a toy")
    def twice(p, g, m):
        part = sqrt(g * g + m) / (g + m)
        return p - part, m + part

    assert latex(twice) == [
        r"u \leftarrow \frac{\sqrt{g^2 + m}}{g + m}",
        r"m \leftarrow m + u",
        r"\theta \leftarrow \theta - u",
    ]


def test_functions_and_sums() -> None:
    @rule(reference="a toy")
    def functions(p, g, a, b, c, d):
        return (
            p - sign(g) * norm(p),
            maximum(g, a),
            minimum(b, 2.0),
            c - mean(g) - total(c * g),
            clip(d, -1.0, g) + sqrt(absolute(d)),
        )

    assert latex(functions) == [
        r"a \leftarrow \max\left(g, a\right)",
        r"b \leftarrow \min\left(b, 2\right)",
        r"c \leftarrow c - \frac{\sum g \cdot 1}{\mathrm{size}} - \left(\sum c g \cdot 1\right)",
        r"d \leftarrow \min\left(\max\left(d, -1\right), g\right) + \sqrt{\left|d\right|}",
        r"\theta \leftarrow \theta - \operatorname{sign}\left(g\right) \lVert \theta \rVert",
    ]


def test_powers_and_numbers() -> None:
    @rule(reference="a toy of powers and numbers")
    def numbers(p, g, a, b, c, d, e, f, h, *, beta1=0.9, t):
        return (
            p - 1e-4 * g,
            g**3,
            2 * (3 * g),
            h**4 * a * 2.0,
            1e-5 * g * 2.5e-7,
            where(g > -1e-6, 1e20, math.inf) * (beta1**t) ** 2,
            (2 * g) ** 2 * g - -2.0 * f,
            (1e-5 * beta1) ** 2 * (e * e) * e,
        )

    lines = dict(line.split(r" \leftarrow ") for line in latex(numbers))
    assert [lines[symbol(name)] for name in (*"abcdefh", "p")] == [
        "g^3",
        r"2 \cdot 3 g",
        r"h^4 a \cdot 2",
        r"10^{-5} g \cdot 2.5 \times 10^{-7}",
        r"\begin{cases}10^{20} & g > -10^{-6} \\ \infty & \text{else}\end{cases} \left(\beta_{1}^t\right)^2",
        r"\left(2 g\right)^2 g - \left(-2 f\right)",
        r"\left(10^{-5} \beta_{1}\right)^2 e^3",
        r"\theta - 0.0001 g",
    ]


@pytest.mark.parametrize("name", list(rules))
def test_every_rule_is_balanced_and_shows_all_it_has(name: str) -> None:
    lines = latex(rules[name])
    text = "\n".join(lines)
    for line in lines:
        assert line.count("{") == line.count("}")
        assert line.count(r"\left") - line.count(r"\leftarrow") == line.count(r"\right")
    program = literal(rules[name])
    read = in_order([*program.tensors.values(), *program.scalars.values()])
    assert all(symbol(node.name) in text for node in read if node.op == "input")
    targets = [line.split(r" \leftarrow ")[0] for line in lines if r"\leftarrow" in line]
    assert {symbol(state) for state in (*program.slots, *program.scalars, "p")} <= set(targets)
    assert len(targets) == len(set(targets))
    upright = r"\\(mathrm|text|begin|end|operatorname)\{[^}]*\}"
    assert not re.search(r"[a-zA-Z]{2,}", re.sub(rf"{upright}|\\[a-zA-Z]+", " ", text))


def test_symbols() -> None:
    assert [symbol(name) for name in ("lr", "beta1", "v", "v2", "warmup", "weight_decay")] == [
        r"\epsilon",
        r"\beta_{1}",
        "v",
        "v_{2}",
        r"\mathrm{warmup}",
        r"\lambda",
    ]
