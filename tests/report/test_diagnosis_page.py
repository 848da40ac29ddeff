"""The page of a diagnosis: a card for each finding with all it says, each picture and fault page once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from thalweg.check.diagnosis import Diagnosis
from thalweg.check.faults import faults
from thalweg.check.setup import Setup
from thalweg.check.trainee import Trainee
from thalweg.core.config import Config
from thalweg.core.finding import Finding, Passed, Proof, Severity
from thalweg.execute.environment import describe
from thalweg.report.cards import TRIED, cards, of_trace
from thalweg.report.page import html

PROOF = Proof(
    change="lr=0.1 in place of 10",
    measure="validation loss",
    before=2.0,
    after=0.5,
    higher_is_better=False,
    helped=True,
    steps=40,
    seeds=2,
    curves={"without": (2.0, 2.5), "with": (2.0, 0.5)},
)


def finding(fault="lr_too_high", severity=Severity.ERROR, **how):
    told = {"where": "fc1", "evidence": f"seen: {fault}", "remedy": f"mend {fault}", **how}
    return Finding(fault=fault, severity=severity, **told)


@pytest.fixture(scope="module")
def diagnosis(blobs):
    """A diagnosis without findings, with the trace of real updates."""
    return Diagnosis(
        problem="blobs",
        config=Config(hyper={"lr": 0.1}),
        findings=(),
        passed=(Passed(name="finite", evidence="all 360 numbers are finite"),),
        unchecked=("Is it fast? Not asked: the budget left no time.",),
        trace=Trainee(Setup.of(blobs)).train(3, every=1),
        budget=60.0,
        seconds=1.5,
        environment=describe("thalweg check blobs", datetime(2025, 1, 2, tzinfo=UTC), "one thread", 1),
    )


def test_the_page_says_all_of_it(diagnosis):
    below = finding("dead_relu", Severity.WARNING, where="fc2")
    given = (finding(proof=PROOF, consequences=(below,)), finding("overfitting", Severity.NOTE))
    text = html(replace(diagnosis, findings=given))
    for part in (
        faults["lr_too_high"].title,
        "seen: lr_too_high",
        "mend lr_too_high",
        "lr=0.1 in place of 10",
        "seen: dead_relu",
        "seen: overfitting",
        "all 360 numbers are finite",
        "<li>Is it fast?</li>",
        "Not asked: the budget left no time.",
        "thalweg check blobs",
    ):
        assert part in text
    assert text.index("seen: lr_too_high") < text.index("seen: overfitting")


def test_a_clean_bill_shows_what_passed(diagnosis):
    text = html(diagnosis)
    assert "No fault found in blobs: 1 check passed." in text
    assert "<h2>Findings</h2>" not in text
    assert "<h2>Left unchecked</h2>" not in html(replace(diagnosis, unchecked=()))


def test_what_a_user_wrote_is_no_markup(diagnosis):
    text = html(replace(diagnosis, findings=(finding(evidence="<script>alert(1)</script>", where="<b>fc1</b>"),)))
    assert "<script>alert(1)</script>" not in text
    assert "<b>fc1</b>" not in text


def test_a_fault_that_the_vocabulary_lacks_has_a_card_without_a_page(diagnosis):
    (card,) = cards((finding("odd"),), diagnosis.trace)
    assert (card.title, card.about) == ("odd", None)
    assert "seen: odd" in html(replace(diagnosis, findings=(finding("odd"),)))


def test_a_fault_page_and_a_picture_stand_once(diagnosis):
    given = finding(
        "vanishing_gradient", consequences=(finding("exploding_gradient"), finding("vanishing_gradient"))
    )
    (card,) = made = cards((given,), diagnosis.trace)
    assert card.about is faults["vanishing_gradient"]
    assert [below.about for below in card.consequences] == [faults["exploding_gradient"], None]
    headings = [one.heading for one in (*card.figures, *(f for below in card.consequences for f in below.figures))]
    assert len(headings) == 1
    rest = [one.heading for one in of_trace(diagnosis, made)]
    assert not set(rest) & set(headings)
    assert set(rest) | set(headings) == {one.heading for one in of_trace(diagnosis, [])}


def test_what_is_folded_is_told_each_fault_once_with_all_its_places(diagnosis):
    below = (finding(where="fc3"), finding("dead_relu", where="fc1"), finding("dead_relu", where="fc2"))
    (card,) = cards((finding(consequences=below),), diagnosis.trace)
    title = faults["dead_relu"].title
    assert card.folded == ["the same by other evidence (fc3)", f"{title} (fc1, fc2)"]


def test_curves_of_two_losses_are_not_drawn_together(diagnosis):
    drawn, kept = cards((finding(proof=PROOF), finding("wrong_loss", proof=PROOF)), diagnosis.trace)
    assert [one.heading for one in drawn.figures] == [TRIED]
    assert kept.figures == ()


def test_without_a_trace_there_are_no_first_updates(diagnosis):
    assert of_trace(replace(diagnosis, trace=None), []) == []
    assert "<h2>The first" not in html(replace(diagnosis, trace=None))
