"""Words: the verdict counts what is wrong and names what comes first."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from thalweg.check import words
from thalweg.core.finding import Proof, Severity

NOTE, WARNING, ERROR = Severity.NOTE, Severity.WARNING, Severity.ERROR
HIGH, LOW, NOTED = ("lr_too_high", ERROR), ("lr_too_low", WARNING), ("overfitting", NOTE)


@pytest.mark.parametrize(
    ("faults", "said"),
    [
        ([], "No fault found in case: 1 check passed."),
        ([NOTED], "No fault found in case: 1 check passed."),
        ([LOW], "1 warning in case, lr_too_low (fc1)."),
        ([HIGH, HIGH], "2 errors in case, most likely lr_too_high (fc1)."),
        ([HIGH, LOW, LOW, NOTED], "1 error and 2 warnings in case, most likely lr_too_high (fc1)."),
    ],
)
def test_the_verdict(diagnosed, faults, said):
    assert words.verdict(diagnosed(*faults)) == said


def test_several_checks_are_plural(diagnosed):
    given = diagnosed()
    assert words.verdict(replace(given, passed=given.passed * 2)).endswith("2 checks passed.")


def test_what_asked_nothing_promises_nothing(diagnosed):
    assert words.verdict(replace(diagnosed(), passed=())) == "No fault found in case: nothing could be asked."


def test_a_note_is_no_most_likely_cause(diagnosed):
    assert "overfitting" not in words.verdict(diagnosed(LOW, NOTED))


@pytest.mark.parametrize("helped", [True, False])
def test_a_remedy_whose_run_failed(helped):
    proof = Proof(
        change="lr=1",
        measure="validation loss",
        before=math.nan,
        after=0.25,
        higher_is_better=False,
        helped=helped,
        steps=9,
        seeds=2,
    )
    said = words.tried(proof)
    assert said.startswith("lr=1: validation loss fails → 0.25")
    assert said.endswith("9 updates, 2 seeds: it helps" if helped else "it does not help")


def test_the_cost(diagnosed):
    assert words.cost(replace(diagnosed(), seconds=12.0, budget=30.0)) == "checked in 12 s of 30 s"


def test_what_was_left_unchecked_is_told_by_why(diagnosed):
    given = replace(
        diagnosed(), unchecked=("Is a? Not asked: late.", "Is b? No answer: odd.", "Is c? Not asked: late.")
    )
    assert words.unchecked(given) == {"Not asked: late.": ["Is a?", "Is c?"], "No answer: odd.": ["Is b?"]}
