"""Diagnosis: plain data that a file gives back as it was, and sums up by severity."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest

from thalweg.check.diagnosis import Diagnosis
from thalweg.check.setup import Setup
from thalweg.check.trainee import Trainee
from thalweg.core.errors import InputError
from thalweg.core.finding import Severity
from thalweg.core.plain import dumps

NOTE, WARNING, ERROR = Severity.NOTE, Severity.WARNING, Severity.ERROR


def reread(diagnosis: Diagnosis) -> Diagnosis:
    return Diagnosis.from_json(json.loads(dumps(diagnosis.to_json())))


@pytest.fixture
def traced(setup_of, blobs, mlp, diagnosed):
    """A diagnosis with a trace of three real updates."""
    given: Setup = setup_of(blobs, mlp(4, 6, 3))
    return diagnosed(("lr_too_low", WARNING), trace=Trainee(given).train(3, every=1))


def test_it_comes_back_from_its_json_form(traced):
    assert len(traced.trace.moments) == 3
    assert reread(traced) == traced


def test_a_run_that_was_not_finite_comes_back(traced):
    trace = replace(traced.trace, losses=(1.0, math.nan), after={"valid": {"loss": math.inf}})
    found = reread(replace(traced, trace=trace))
    assert found.trace.losses[0] == 1.0
    assert math.isnan(found.trace.losses[1])
    assert math.isnan(found.trace.after["valid"]["loss"])


def test_without_a_trace(diagnosed):
    assert reread(diagnosed()).trace is None


@pytest.mark.parametrize("form", [0, 2, "1", None])
def test_another_format_is_refused(diagnosed, form):
    with pytest.raises(InputError, match="another format"):
        Diagnosis.from_json({**diagnosed().to_json(), "format": form})


def test_findings_by_severity_keep_their_order(diagnosed):
    found = diagnosed(("zero_grad", ERROR), ("lr_too_low", WARNING), ("lr_too_high", ERROR), ("overfitting", NOTE))
    assert [one.fault for one in found.errors] == ["zero_grad", "lr_too_high"]
    assert [one.fault for one in found.warnings] == ["lr_too_low"]
    assert [one.fault for one in found.notes] == ["overfitting"]


def test_in_one_line(diagnosed):
    assert repr(diagnosed(("zero_grad", ERROR))) == "Diagnosis(case: zero_grad (error); 1 passed, 1 unchecked)"
    assert "nothing found" in repr(diagnosed())
