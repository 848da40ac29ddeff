"""Suite: no look can lose the others, and what was not asked is said with the reason."""

from __future__ import annotations

import time

import pytest
import torch
from torch import nn

from thalweg.check.budget import go_on
from thalweg.check.faults import faults
from thalweg.check.subject import Subject
from thalweg.check.suite import CANNOT_RUN, all_looks, examine
from thalweg.core.errors import ModelError
from thalweg.core.finding import Passed, Severity

GOOD = Passed(name="good", evidence="all is well")


@pytest.fixture
def subject(setup_of, blobs, mlp) -> Subject:
    return Subject(setup_of(blobs, mlp(4, 3)))


@pytest.fixture
def ran(subject):
    """Examine a subject by some looks; 60 seconds if nothing else is said."""

    def run(*asked, seconds=60.0, of=subject, **how):
        heard = []
        return examine(of, asked, seconds=seconds, heard=heard.append, **how), heard

    return run


@pytest.mark.parametrize("error", [ValueError("odd"), ModelError("odd"), torch.OutOfMemoryError("odd")])
def test_a_look_that_raises_loses_neither_the_others_nor_what_it_saw(ran, ask, suspect, error):
    seen = suspect()
    looks = ask("first", GOOD), ask("second", seen, error, suspect()), ask("third", GOOD)
    found, heard = ran(*looks)
    assert found.passed == [GOOD, GOOD]
    assert found.suspicions == [("second", seen)]
    (said,) = found.unchecked
    assert said.startswith("What of second? No answer: ")
    assert "odd" in said
    assert found.asked == ["first", "third"]
    assert heard == [look.question for look in looks]


def test_an_interrupt_is_no_answer(ran, ask):
    with pytest.raises(KeyboardInterrupt):
        ran(ask("first", KeyboardInterrupt()))


def test_those_that_train_come_last_and_only_they_need_a_set_up_that_runs(ran, ask, setup_of, blobs, mlp):
    looks = ask("trains", GOOD, trains=True), ask("static", GOOD)
    _, heard = ran(*looks)
    assert heard == ["What of static?", "Can it be trained at all?", "What of trains?"]
    found, _ = ran(*looks, of=Subject(setup_of(blobs, mlp(5, 3))))
    assert [(name, one.finding.fault) for name, one in found.suspicions] == [(CANNOT_RUN, "tensor_shape")]
    assert found.unchecked == ["What of trains? Not asked: the set-up cannot run."]
    assert found.asked == ["static"]
    found, _ = ran(ask("static", GOOD), of=Subject(setup_of(blobs, mlp(5, 3))))
    assert (found.suspicions, found.unchecked) == ([], [])


def test_without_time_everything_is_left_and_said(ran, ask):
    found, heard = ran(ask("one", GOOD), ask("two", GOOD, trains=True), seconds=0)
    assert found.unchecked == [f"What of {name}? Not asked: the budget left no time." for name in ("one", "two")]
    assert (found.asked, found.passed) == ([], [])
    assert "What of one?" not in heard


def test_a_look_that_runs_out_of_time_keeps_what_it_saw(ran, ask, suspect):
    def slow(subject):
        end = time.perf_counter() + 5
        while time.perf_counter() < end:
            go_on()

    found, _ = ran(ask("quick", GOOD), ask("slow", suspect(), slow), ask("late", GOOD), seconds=0.05)
    assert [name for name, _ in found.suspicions] == ["slow"]
    assert found.unchecked == [f"What of {name}? Not asked: the budget left no time." for name in ("slow", "late")]
    assert found.asked == ["quick"]


@pytest.mark.parametrize(
    ("severity", "asked"),
    [(Severity.ERROR, ["first"]), (Severity.WARNING, ["first"]), (Severity.NOTE, ["first", "more"])],
)
def test_enough_is_what_is_more_than_a_note(ran, ask, suspect, severity, asked):
    found, _ = ran(ask("first", suspect(severity=severity)), ask("more", GOOD), enough=-1.0)
    assert found.asked == asked


def test_a_set_up_that_cannot_be_used_is_an_error(ran, ask, setup_of, blobs):
    with pytest.raises(ModelError, match="no parameters"):
        ran(ask("trains", GOOD, trains=True), of=Subject(setup_of(blobs, nn.Identity)))


def test_an_error_that_was_found_before_is_not_lost_by_one(ran, ask, suspect, setup_of, blobs):
    seen, subject = suspect(severity=Severity.ERROR), Subject(setup_of(blobs, nn.Identity))
    found, _ = ran(ask("static", seen), ask("trains", GOOD, trains=True), of=subject)
    assert found.suspicions == [("static", seen)]
    first, second = found.unchecked
    assert first.startswith("Can it be trained at all? No answer: ")
    assert "no parameters" in first
    assert second == "What of trains? Not asked: the set-up cannot run."


def test_every_look_has_a_question_and_names_faults_of_the_vocabulary():
    looks = all_looks()
    assert [look.trains for look in looks] == sorted(look.trains for look in looks)
    assert len({look.question for look in looks}) == len(looks) > 40
    assert [look.name for look in looks if not look.question.endswith("?")] == []
    assert {fault for look in looks for fault in look.faults} <= set(faults)


def test_symptoms_alone_end_no_examination(ask, suspect, setup_of, blobs, mlp):
    subject = Subject(setup_of(blobs, mlp(4, 3)))
    for fault, asked in (("dead_relu", ["one", "two"]), ("lr_too_high", ["one"])):
        seen = examine(
            subject,
            [ask("one", suspect(fault)), ask("two")],
            seconds=60,
            enough=0,
            heard=lambda what: None,
        )
        assert seen.asked == asked
