"""Counting is right: on outcomes whose scores are known by hand."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
from torch import nn

from tests.faults.case import Faulty, Healthy
from tests.faults.measure import NOTHING, Outcome, confusion, examine, examined, scores
from thalweg.check.setup import Setup
from thalweg.core.finding import Finding, Proof, Severity
from thalweg.problems import Problem


def finding(fault: str, severity: Severity = Severity.WARNING, helped: bool | None = None) -> Finding:
    tried = {"change": "", "measure": "loss", "before": 1.0, "after": 0.5, "higher_is_better": False}
    proof = None if helped is None else Proof(helped=helped, steps=1, seeds=2, **tried)
    return Finding(fault=fault, severity=severity, where="", evidence="", remedy="", proof=proof)


def set_up(name: str = "") -> Setup:
    x, y = torch.zeros(8, 2), torch.arange(8) % 2
    return Setup.of(Problem(name=name, model=lambda: nn.Linear(2, 2), loss=nn.CrossEntropyLoss(), train=(x, y)))


def sick(fault: str = "lr_too_high", *also: str) -> Faulty:
    make = lambda: (set_up("faulty"), set_up("repaired"))  # noqa: E731
    return Faulty(name=fault, data="digits", half="tuning", why="", fault=fault, also=also, make=make)


def well() -> Healthy:
    make = lambda: set_up("healthy")  # noqa: E731
    return Healthy(name="well", data="digits", half="tuning", why="", look_alike_of="", reaches=0, make=make)


def outcome(case: Faulty | Healthy, *findings: Finding, twin: bool = False, seconds: float = 1.0) -> Outcome:
    return Outcome(case=case, twin=twin, findings=findings, seconds=seconds)


@dataclass
class FakeDiagnosis:
    findings: list[Finding]


@dataclass
class FakeCheck:
    """A check that says the same of every set-up, and keeps what it was asked."""

    findings: list[Finding] = field(default_factory=list)
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def __call__(self, problem: Problem, **options: Any) -> FakeDiagnosis:
        self.asked.append((problem.name, options))
        return FakeDiagnosis(self.findings)


def test_recall_counts_the_first_and_the_first_three() -> None:
    other, right = finding("overfitting"), finding("lr_too_high")
    found = scores(
        [
            outcome(sick(), right, other),
            outcome(sick(), other, other, right),
            outcome(sick(), other, other, other, right),
            outcome(sick()),
        ]
    )
    assert (found.recall_1, found.recall_3, found.faulty) == (0.25, 0.5, 4)


def test_a_name_that_is_as_right_counts() -> None:
    outcomes = [outcome(sick("dead_relu", "lr_too_high"), finding("lr_too_high"))]
    assert scores(outcomes).recall_1 == 1
    assert confusion(outcomes) == {"dead_relu": {"dead_relu": 1}}


def test_precision_is_of_findings_on_faulty_set_ups() -> None:
    other, right = finding("overfitting"), finding("lr_too_high")
    found = scores([outcome(sick(), right, other), outcome(sick(), right, right), outcome(well(), other)])
    assert found.precision == 0.75


def test_false_alarms_are_counted_a_healthy_set_up_and_twins_are_healthy() -> None:
    alarm = finding("lr_too_high")
    found = scores([outcome(well(), alarm, alarm), outcome(well()), outcome(sick(), alarm, twin=True)])
    assert (found.false_alarms, found.healthy, found.faulty) == (1, 3, 0)
    assert math.isnan(found.recall_3)


def test_remedies_are_those_of_right_findings() -> None:
    found = scores(
        [
            outcome(sick(), finding("lr_too_high", helped=True), finding("overfitting", helped=False)),
            outcome(sick(), finding("lr_too_high", helped=False)),
            outcome(sick(), finding("lr_too_high", helped=True)),
            outcome(sick(), finding("lr_too_high")),
        ]
    )
    assert (found.helped, found.helped_of_tried) == (0.5, pytest.approx(2 / 3))


def test_confusion_names_what_was_found_first() -> None:
    table = confusion(
        [
            outcome(sick(), finding("saturation"), finding("lr_too_high")),
            outcome(sick()),
            outcome(well(), finding("dead_relu")),
        ]
    )
    assert table == {"lr_too_high": {"saturation": 1, NOTHING: 1}, NOTHING: {"dead_relu": 1}}


def test_notes_are_not_counted() -> None:
    found = examine(FakeCheck([finding("dead_relu", Severity.NOTE), finding("lr_too_high")]), well())
    assert [one.fault for one in found.findings] == ["lr_too_high"]


def test_the_check_gets_the_whole_set_up() -> None:
    check = FakeCheck()
    examine(check, well(), budget="7s")
    ((name, options),) = check.asked
    assert name == "healthy"
    assert options["optimizer"] == set_up().config
    assert (options["budget"], options["shuffle"], options["epochs"]) == ("7s", True, 10)


def test_an_error_of_the_check_loses_one_case() -> None:
    def broken(problem: Problem, **options: Any) -> FakeDiagnosis:
        raise ZeroDivisionError("no samples")

    found = list(examined(broken, [sick(), well()]))
    assert [one.error for one in found] == ["ZeroDivisionError: no samples"] * 2
    assert scores(found).recall_3 == 0


def test_twins_are_examined_in_place_of_the_faulty() -> None:
    check = FakeCheck()
    assert [one.twin for one in examined(check, [sick(), well()], twins=True)] == [True]
    assert [name for name, _ in check.asked] == ["repaired"]
