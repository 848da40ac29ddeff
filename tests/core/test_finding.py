"""Finding: plain data that a file gives back as it was, NaN included."""

from __future__ import annotations

import json
import math
from dataclasses import FrozenInstanceError

import pytest

from thalweg.core.finding import Finding, Proof, Severity
from thalweg.core.picture import Kind, Mark, Picture, Scale, Series
from thalweg.core.plain import dumps


def proof(**changes):
    plain = {
        "change": "lr=0.1 in place of 10",
        "measure": "validation accuracy",
        "before": 0.1,
        "after": 0.9,
        "higher_is_better": True,
        "helped": True,
        "steps": 40,
        "seeds": 2,
        "curves": {"without": (2.0, 3.0), "with": (2.0, 1.0)},
    }
    return Proof(**plain | changes)


def finding(**changes):
    plain = {
        "fault": "lr_too_high",
        "severity": Severity.ERROR,
        "where": "learning rate",
        "evidence": "the loss rose from 2.3 to 9",
        "remedy": "lr=0.1",
        "numbers": {"rise": 3.9, "threshold": 1.0},
    }
    return Finding(**plain | changes)


def reread(value):
    return type(value).from_json(json.loads(dumps(value.to_json())))


def test_it_comes_back_with_all_that_hangs_on_it():
    line = Series(name="loss", x=(0, 1), y=(2.0, 3.0), low=(1.0, 2.0), high=(3.0, 4.0))
    picture = Picture(
        kind=Kind.LADDER,
        title="Rates",
        x="lr",
        y="loss",
        series=(line,),
        scale=Scale.LOG,
        marks=(Mark(at=1, name="yours"),),
    )
    below = finding(fault="dead_relu", severity=Severity.NOTE, where="fc2", consequences=(finding(where="fc3"),))
    whole = finding(proof=proof(), consequences=(below,), pictures=(picture,))
    assert reread(whole) == whole
    assert reread(finding()) == finding()


def test_null_in_a_file_is_nan_again():
    curves = {"without": (2.0, math.nan, math.inf), "with": ()}
    found = reread(finding(numbers={"ratio": math.nan}, proof=proof(before=math.nan, curves=curves)))
    assert math.isnan(found.numbers["ratio"])
    assert math.isnan(found.proof.before)
    assert found.proof.after == 0.9
    assert found.proof.curves["without"][0] == 2.0
    assert all(map(math.isnan, found.proof.curves["without"][1:]))
    assert found.proof.curves["with"] == ()


def test_a_picture_with_gaps_comes_back():
    series = (Series(name="loss", x=(0, 1), y=(2.0, math.nan)),)
    marks = (Mark(at=math.nan, name="threshold"), Mark(at=2.0, name="yours", upright=True))
    picture = reread(Picture(kind=Kind.CURVES, title="Loss", x="update", y="loss", series=series, marks=marks))
    assert math.isnan(picture.series[0].y[1])
    assert math.isnan(picture.marks[0].at)
    assert picture.marks[1] == marks[1]


def test_a_severity_is_one_of_three():
    assert reread(finding(severity=Severity.WARNING)).severity is Severity.WARNING
    with pytest.raises(ValueError, match="fatal"):
        Finding.from_json({**finding().to_json(), "severity": "fatal"})


def test_files_of_before_pictures_are_read():
    data = finding().to_json()
    del data["pictures"]
    assert Finding.from_json(data) == finding()


def test_it_never_changes():
    with pytest.raises(FrozenInstanceError):
        finding().severity = Severity.NOTE
