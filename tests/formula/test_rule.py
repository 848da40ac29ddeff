"""Declarations: what a signature says, and what is wrong with one that is no rule's."""

from __future__ import annotations

from typing import Any

import pytest

from thalweg.core.errors import InputError
from thalweg.formula import Bounds, Fraction, NonNegative, Number, Scalar, Tensor, Update, compose, rule
from thalweg.formula.expression import scalar


def full_form(
    p: Tensor,
    g: Tensor,
    v: Tensor,
    total: Scalar = 0.5,
    *,
    lr: NonNegative = 0.1,
    rho: Fraction = 0.9,
    loose=2,
    fast: bool = True,
    t: Number,
) -> Update:
    """Everything a rule can declare.

    A second paragraph.
    """
    v = rho * v + g / t if fast else v * loose
    return p - lr * v, v, total + lr


def no_gradient(p: Any, *, lr: float = 0.1) -> Any: ...


def many_states(p: Any, g: Any, *states: Any, lr: float = 0.1) -> Any: ...


def any_hyper(p: Any, g: Any, **hyper: float) -> Any: ...


def bare_hyper(p: Any, g: Any, *, lr: NonNegative) -> Any: ...


def bare_flag(p: Any, g: Any, *, fast: bool) -> Any: ...


def bare_scalar(p: Any, g: Any, total: Scalar) -> Any: ...


def one_too_few(p: Any, g: Any, v: Any) -> Any:
    return p - g


def one_too_many(p: Any, g: Any) -> Any:
    return p - g, g


def number_for_a_tensor(p: Any, g: Any, v: Any) -> Any:
    return p - g, 0.0


def tensor_for_a_number(p: Any, g: Any, total: Scalar = 0.0) -> Any:
    return p - g, total + g


def nothing(p: Any, g: Any) -> Any:
    return None


def test_a_signature_is_the_declaration() -> None:
    found = rule(reference="a toy", interim=("rho", "v"), search=(1e-3, 1))(full_form)
    assert found.name == "full-form"
    assert found.summary == "Everything a rule can declare."
    assert (found.slots, found.scalars, found.flags) == (("v",), {"total": 0.5}, {"fast": True})
    assert list(found.hypers) == ["lr", "rho", "loose"]
    assert found.hypers["rho"].interval == Bounds(0, 1, high_open=True)
    assert found.hypers["loose"].default == 2.0
    assert found.hypers["loose"].interval == Bounds()
    assert found.uses_time
    assert (found.reference, found.search) == ("a toy", (1e-3, 1))
    assert found.interim is not None
    assert found.interim.slot == "v"
    assert found.interim.coefficient(scalar("rho")) is scalar("rho")


@pytest.mark.parametrize("function", [no_gradient, many_states, any_hyper])
def test_another_signature_is_told_what_a_rules_is(function: Any) -> None:
    with pytest.raises(InputError, match="has not the signature of a rule") as caught:
        rule(reference="a toy")(function)
    assert "(p, g, *states, *" in str(caught.value)


@pytest.mark.parametrize(
    ("function", "parameter"), [(bare_hyper, "lr"), (bare_flag, "fast"), (bare_scalar, "total")]
)
def test_a_default_is_needed(function: Any, parameter: str) -> None:
    name = function.__name__.replace("_", "-")
    with pytest.raises(InputError, match=f"'{parameter}' of the rule {name} has no default"):
        rule(reference="a toy")(function)


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (lambda theta, d, g: (theta, g), "g"),
        (lambda theta, d, v, p: (theta, v, p), "p"),
        (lambda p, g, step: (p, step), "step"),
        (lambda p, g, t: (p, t), "t"),
        (lambda p, g, *, norm: p, "norm"),
        (lambda p, g, *, interim=0.1: p, "interim"),
        (lambda p, g, *, shift=0.1: p, "shift"),
        (lambda p, g, *, t=0.1: p, "t"),
    ],
)
def test_a_name_that_means_something_else_is_refused(function: Any, name: str) -> None:
    with pytest.raises(InputError, match=f"'{name}' cannot be a state or hyper-parameter") as caught:
        rule(reference="a toy")(function)
    assert "shift" in str(caught.value.expected)
    assert "rename" in str(caught.value.remedy)


def test_hyper_parameters_and_parameters_may_be_called_as_they_like() -> None:
    @rule(reference="a toy")
    def odd(norm, step, *, p=0.5, g=2.0, t):
        return norm - p * g / t * step

    assert list(odd.hypers) == ["p", "g"]
    assert odd.uses_time


@pytest.mark.parametrize(("function", "count"), [(one_too_few, 1), (one_too_many, 2)])
def test_as_many_values_come_back_as_there_are_states(function: Any, count: int) -> None:
    with pytest.raises(InputError, match=f"returns {count} value{'s' * (count > 1)}\\.") as caught:
        compose(rule(reference="a toy")(function))
    assert "p" in str(caught.value.expected)


@pytest.mark.parametrize("given", [("alpha", "v"), ("rho", "w"), (lambda rho, beta: rho, "v"), ("1 - rho", "v")])
def test_an_interim_point_of_what_is_not_declared_is_refused(given: Any) -> None:
    with pytest.raises(InputError, match="An interim point") as caught:
        rule(reference="a toy", interim=given)(full_form)
    assert caught.value.expected == "of lr, rho, loose, then of v"


def test_a_refused_signature_is_shown_without_its_annotations() -> None:
    def odd(p: Any, *, lr: NonNegative = 0.1) -> Any:
        return p - lr

    with pytest.raises(InputError) as caught:
        rule(reference="a toy")(odd)
    assert caught.value.got == "(p, *, lr=0.1)"


@pytest.mark.parametrize(("function", "state"), [(number_for_a_tensor, "v"), (tensor_for_a_number, "total")])
def test_a_state_stays_what_it_is(function: Any, state: str) -> None:
    with pytest.raises(InputError, match=f"wrong kind of value for {state}"):
        compose(rule(reference="a toy")(function))


def test_a_rule_must_return_something() -> None:
    with pytest.raises(InputError, match="returns nothing"):
        compose(rule(reference="a toy")(nothing))
