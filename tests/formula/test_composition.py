"""Composition: options in order around a rule, one program for the same arguments, all states it may need."""

from __future__ import annotations

import pytest

from thalweg.core.errors import InputError
from thalweg.formula import Row, compose, rule
from thalweg.formula.composition import literal
from thalweg.formula.expression import tensor
from thalweg.formula.program import SHIFT
from thalweg.rules import adam, clip_norm, l1, nesterov, options, sgd, weight_decay


def test_a_program_is_made_once() -> None:
    assert compose(sgd, [l1]) is compose(sgd, (l1,), {})
    assert compose(adam) is compose(adam, (), {"bias_correction": True})
    assert compose(adam) is not compose(adam, (), {"bias_correction": False})
    assert compose(sgd, [l1, weight_decay]) is not compose(sgd, [weight_decay, l1])


def test_a_program_says_what_it_needs() -> None:
    program = compose(adam, [clip_norm, l1])
    assert program.name == "adam+bias_correction=1+amsgrad=0+clip_norm+l1"
    assert program.slots == ("m", "v")
    assert list(program.hypers) == ["lr", "beta1", "beta2", "delta", "clip_norm", "l1"]
    assert [(node.args[0], node.payload) for node in program.sums] == [(tensor("g"), "member")]
    assert compose(adam).sums == ()
    assert program.initial == {"beta1^t": 1.0, "beta2^t": 1.0}
    assert compose(nesterov).initial == {SHIFT: 0.0}
    assert not literal(nesterov).initial


def test_running_products_are_kept_whatever_the_flags_are() -> None:
    on, off = (compose(adam, (), {"bias_correction": on}) for on in (True, False))
    assert off.initial == on.initial
    assert list(off.scalars) == list(on.scalars)
    row = Row({"lr": 0.1, "beta1": 0.5, "beta2": 0.75, "delta": 0.0})
    row.advance(off)
    row.advance(on)
    assert row.state == {"beta1^t": 0.25, "beta2^t": 0.5625}


def test_an_option_of_a_name_that_the_rule_has_is_refused() -> None:
    @rule(reference="a toy with a penalty of its own")
    def decayed(p, g, l1, *, weight_decay=0.1):
        return p - weight_decay * g, l1 + g

    for option in (weight_decay, l1):
        with pytest.raises(InputError, match=f"decayed has a {option.name} of its own"):
            compose(decayed, [option])
    assert [option.name for option in options if option.suits(decayed)] == [
        *("maximize", "clip_norm", "clip_value", "cautious"),
        *("independent_decay", "ema", "polyak"),  # those left out ask for the rule's lr
    ]
