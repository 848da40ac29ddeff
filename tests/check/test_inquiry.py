"""Inquiry: remedies are tried, one that helps is put in place, and what is left is looked at again."""

from __future__ import annotations

from contextlib import suppress
from functools import partial

import pytest
import torch

from thalweg.check import inquiry
from thalweg.check.budget import within
from thalweg.check.inquiry import Inquiry
from thalweg.core.finding import Proof, Severity


def proof(helped: bool) -> Proof:
    return Proof(
        change="x", measure="m", before=0.1, after=0.9, higher_is_better=True, helped=helped, steps=9, seeds=2
    )


def mended(fault):
    """Return a change that a look can see."""

    def change(setup):
        return setup.replace(mended=(*setup.mended, fault))

    return change


@pytest.fixture
def conducted(setup_of, blobs, mlp, only, monkeypatch):
    """Conduct an inquiry of looks whose remedies do what `helps` says: True, False or, untold, nothing."""

    def run(*looks, helps=(), seconds=60.0):
        outcomes, tried = dict(helps), []

        def attempt(self, fault, change):
            tried.append((fault, self.setup.mended))
            with suppress(ValueError):
                change.apply(self.setup)
                return proof(outcomes[fault]) if fault in outcomes else None
            return None

        monkeypatch.setattr(inquiry.Trials, "attempt", attempt)
        only(*looks)
        made = Inquiry(setup_of(blobs, mlp(4, 3)), 0, lambda what: None)
        with within(seconds):
            made.conduct()
        made.tried = tried
        return made

    return run


@pytest.fixture
def symptom(suspect):
    """Make an answer that suspects a fault until one of the causes is mended."""

    def make(fault, *causes, **how):
        gone = set(causes or (fault,))
        how.setdefault("change", mended(fault))
        return lambda subject: None if gone & set(subject.setup.mended) else suspect(fault, **how)

    return make


@pytest.fixture(autouse=True)
def changes_are_names(monkeypatch):
    """In a mended set-up stand names; a trainee would call them."""
    monkeypatch.setattr("thalweg.check.suite.obstacle", lambda subject: None)


def told(made):
    return [(one.fault, one.severity, [below.fault for below in one.consequences]) for one in made.findings]


def test_nothing_suspected_nothing_tried(conducted, ask):
    made = conducted(ask("one"), ask("two"))
    assert (made.findings, made.tried, made.unchecked) == ((), [], [])


def test_a_remedy_that_helps_is_told_and_what_it_mends_is_folded(conducted, ask, symptom):
    looks = (
        ask("rate", symptom("lr_too_high", weight=0.8), trains=True),
        ask("units", symptom("dead_relu", "lr_too_high", change=None), trains=True),
    )
    made = conducted(*looks, helps={"lr_too_high": True})
    assert told(made) == [("lr_too_high", Severity.WARNING, ["dead_relu"])]
    assert made.findings[0].proof == proof(helped=True)


def test_what_is_still_there_stands_and_its_remedy_is_tried_on_the_mended_set_up(conducted, ask, symptom):
    looks = (
        ask("rate", symptom("lr_too_high", weight=0.8, explains=["dead_relu"]), trains=True),
        ask("units", symptom("dead_relu"), trains=True),
    )
    made = conducted(*looks, helps={"lr_too_high": True, "dead_relu": True})
    assert sorted(fault for fault, _, _ in told(made)) == ["dead_relu", "lr_too_high"]
    assert made.tried == [("lr_too_high", ()), ("dead_relu", ("lr_too_high",))]


def test_a_note_that_is_still_there_is_nobodys_consequence(conducted, ask, symptom, suspect):
    noted = suspect("data_leakage", severity=Severity.NOTE)
    made = conducted(ask("rate", symptom("lr_too_high")), ask("leak", noted), helps={"lr_too_high": True})
    assert [fault for fault, _, _ in told(made)] == ["lr_too_high", "data_leakage"]


def test_the_remedy_of_a_look_stays_its_own(conducted, ask, symptom, suspect):
    looks = (
        ask("rate", symptom("lr_too_high", weight=0.8), trains=True),
        ask("heart", suspect("dead_relu", where="model"), trains=True),
        ask("units", symptom("dead_relu", where="fc1"), trains=True),
    )
    made = conducted(*looks, helps={"lr_too_high": True, "dead_relu": True})
    found = next(one for one in made.findings if one.fault == "dead_relu")
    assert (found.where, found.proof) == ("fc1", proof(helped=True))
    assert [(below.where, below.proof) for below in found.consequences] == [("model", None)]


def test_a_remedy_that_does_not_help_demotes_and_is_not_put_in_place(conducted, ask, symptom):
    made = conducted(ask("rate", symptom("lr_too_high")), helps={"lr_too_high": False})
    assert told(made) == [("lr_too_high", Severity.NOTE, [])]
    assert made.tried == [("lr_too_high", ())]


def test_a_failed_cause_lets_its_consequences_be_tried(conducted, ask, symptom):
    looks = (
        ask("rate", symptom("lr_too_high", weight=0.8, explains=["weight_init"])),
        ask("start", symptom("weight_init")),
    )
    made = conducted(*looks, helps={"lr_too_high": False, "weight_init": True})
    assert [fault for fault, _ in made.tried] == ["lr_too_high", "weight_init"]
    assert [fault for fault, _, _ in told(made)] == ["weight_init", "lr_too_high"]


def test_what_a_failed_note_was_is_not_told(conducted, ask, symptom, suspect):
    made = conducted(ask("rate", symptom("lr_too_low", severity=Severity.NOTE)), helps={"lr_too_low": False})
    assert made.tried == []
    assert told(made) == [("lr_too_low", Severity.NOTE, [])]


def test_what_comes_to_light_later_needs_proof(conducted, ask, suspect, symptom):
    def later(subject):
        return suspect("overfitting", change=mended("overfitting")) if subject.setup.mended else None

    looks = ask("rate", symptom("lr_too_high"), trains=True), ask("valid", later, trains=True)
    for helps, expected in (({}, False), ({"overfitting": False}, False), ({"overfitting": True}, True)):
        made = conducted(*looks, helps={"lr_too_high": True, **helps})
        assert ("overfitting" in [one.fault for one in made.findings]) is expected
        assert ("overfitting", ("lr_too_high",)) in made.tried
    assert made.findings[1].evidence.startswith("with lr_too_high mended, ")


def test_a_remedy_that_cannot_be_measured_leaves_the_finding_as_it_is(conducted, ask, symptom):
    made = conducted(ask("rate", symptom("lr_too_high", severity=Severity.ERROR)))
    assert told(made) == [("lr_too_high", Severity.ERROR, [])]
    assert made.findings[0].proof is None
    assert made.unchecked == []


def test_a_remedy_that_no_longer_fits_a_mended_set_up_loses_nothing(conducted, ask, suspect, symptom):
    def once(setup):
        if setup.mended:
            raise ValueError("the layer is gone")
        return mended("weight_init")(setup)

    looks = (
        ask("rate", symptom("lr_too_high", severity=Severity.ERROR), trains=True),
        ask("start", suspect("weight_init", change=once)),
        ask("size", symptom("capacity_too_small", weight=0.4)),
    )
    faults = ("lr_too_high", "weight_init", "capacity_too_small")
    made = conducted(*looks, helps=dict.fromkeys(faults, True))
    assert ("weight_init", ("lr_too_high",)) in made.tried
    assert sorted(fault for fault, _, _ in told(made)) == sorted(faults)


def test_without_time_what_is_not_tried_is_said(conducted, ask, suspect, monkeypatch):
    looks = ask("rate", suspect(change=mended("lr_too_low"))), ask("slow", suspect("overfitting"))
    monkeypatch.setattr(inquiry, "REMEDIES", 0.0)
    made = conducted(*looks)
    assert made.tried == []
    assert made.unchecked == ["Does the remedy of lr_too_low (fc1) help? Not tried: the budget left no time."]


def test_a_set_up_that_cannot_run_for_what_a_look_saw_is_its_consequence(conducted, ask, suspect, monkeypatch):
    stopped = suspect("tensor_shape", severity=Severity.ERROR, weight=1.0)
    monkeypatch.setattr("thalweg.check.suite.obstacle", lambda subject: stopped)
    seen = suspect("output_size", severity=Severity.ERROR, weight=1.0)
    made = conducted(ask("size", seen), ask("trains", trains=True))
    assert told(made) == [("output_size", Severity.ERROR, ["tensor_shape"])]


def test_a_real_remedy_is_tried_for_real(setup_of, blobs, mlp, only, ask, suspect):
    def faster(setup):
        return setup.replace(rate=1e4)

    def slow(subject):
        return suspect(change=faster) if subject.setup.rate == 1 else None

    only(ask("rate", slow, trains=True))
    given = setup_of(blobs, mlp(4, 8, 3), optimizer=partial(torch.optim.SGD, lr=1e-5), batch_size=16)
    made = Inquiry(given, 0, lambda what: None)
    with within(30):
        made.conduct()
    (found,) = made.findings
    assert found.proof.helped
    assert found.proof.after > found.proof.before


def test_a_net_that_overfits_once_it_is_regularized_less_is_not_told_of(conducted, ask, suspect, symptom):
    def later(subject):
        return suspect("overfitting", weight=1) if subject.setup.mended else None

    for fault, faults in (("dropout_too_high", []), ("lr_too_high", ["overfitting"])):
        looks = ask("first", symptom(fault, weight=0.8), trains=True), ask("valid", later, trains=True)
        told_of = [one for one, _, _ in told(conducted(*looks, helps={fault: True}))]
        assert sorted(told_of) == sorted([fault, *faults])
