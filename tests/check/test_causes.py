"""Causes: what is told first, what is folded under it, and what a tried remedy does to either."""

from __future__ import annotations

from itertools import permutations

import pytest

from thalweg.check.causes import STAGES, Cause, folded
from thalweg.check.faults import faults
from thalweg.core.finding import Proof, Severity

ERROR, WARNING, NOTE = Severity


@pytest.fixture
def cause(suspect):
    """Make a cause; `helped` says what its remedy did, None that it was not tried."""

    def make(fault="lr_too_low", *, helped=None, under="", stands=False, **how):
        proof = helped is not None and Proof(
            change="x", measure="m", before=0.1, after=0.9, higher_is_better=True, helped=helped, steps=9, seeds=2
        )
        return Cause(suspicion=suspect(fault, **how), look=fault, proof=proof or None, under=under, stands=stands)

    return make


def tree(causes):
    return [(one.fault, sorted(below.fault for below in one.consequences)) for one in causes]


def test_every_fault_of_the_vocabulary_has_one_stage():
    staged = [fault for stage in STAGES for fault in stage]
    assert sorted(staged) == sorted(faults)


def test_severity_goes_first_then_likelihood_then_upstream(cause):
    given = [
        cause("dead_relu", weight=0.6),
        cause("lr_too_low", weight=0.6),
        cause("overfitting", weight=0.7),
        cause("lr_too_high", severity=ERROR, weight=0.1),
        cause("nan_in_data", severity=NOTE, weight=1.0),
    ]
    expected = ["lr_too_high", "overfitting", "lr_too_low", "dead_relu", "nan_in_data"]
    for shuffled in permutations(given):
        assert [one.fault for one in folded(shuffled)] == expected


def test_a_bug_goes_before_a_setting_that_is_as_likely(cause):
    assert tree(folded([cause("lr_too_high"), cause("zero_grad")])) == [("zero_grad", []), ("lr_too_high", [])]


def test_what_a_look_explains_is_folded_and_so_is_what_that_explains(cause):
    given = [
        cause("lr_too_high", weight=0.8, explains=["dead_relu"]),
        cause("dead_relu", weight=0.6, explains=["vanishing_gradient"]),
        cause("vanishing_gradient", weight=0.5),
        cause("overfitting", weight=0.4),
    ]
    for shuffled in permutations(given):
        assert tree(folded(shuffled)) == [
            ("lr_too_high", ["dead_relu", "vanishing_gradient"]),
            ("overfitting", []),
        ]


def test_a_circle_is_cut_at_its_likeliest(cause):
    given = [
        cause("weight_init", weight=0.9, explains=["saturation"]),
        cause("saturation", weight=0.5, explains=["weight_init"]),
    ]
    assert tree(folded(given)) == tree(folded(given[::-1])) == [("weight_init", ["saturation"])]


def test_nothing_is_lost_by_folding(cause):
    names = ["lr_too_high", "weight_init", "dead_relu", "saturation"]
    given = [cause(one, explains=names, weight=0.2 * k) for k, one in enumerate(names, start=1)]
    (root,) = folded(given)
    assert sorted([root.fault, *(one.fault for one in root.consequences)]) == sorted(names)


def test_of_one_fault_twice_the_likelier_holds_the_other(cause):
    (one,) = folded([cause(where="fc1", weight=0.3), cause(where="fc2", weight=0.6)])
    assert one.finding.where == "fc2"
    assert [below.where for below in one.finding.consequences] == ["fc1"]


def test_what_vanished_with_a_remedy_is_its_consequence_though_no_look_says_so(cause):
    given = [cause("input_scaling", helped=True), cause("dead_relu", under="input_scaling", weight=0.99)]
    assert tree(folded(given)) == [("input_scaling", ["dead_relu"])]


def test_what_was_seen_again_is_nobodys_consequence(cause):
    given = [cause("lr_too_high", explains=["dead_relu"], weight=0.9), cause("dead_relu", stands=True)]
    assert tree(folded(given)) == [("lr_too_high", []), ("dead_relu", [])]


def test_of_one_fault_that_leads_which_says_what_would_mend_it(cause):
    vague, exact = cause(weight=0.9, where="model"), cause(weight=0.6, where="fc1", change=lambda setup: setup)
    (one,) = folded([vague, exact])
    assert [one.finding.where, one.finding.consequences[0].where] == ["fc1", "model"]
    tried = cause(weight=0.6, where="fc1", change=lambda setup: setup, helped=False)
    assert folded([vague, tried])[0].finding.where == "model"


def test_a_note_explains_no_warning_but_a_note(cause):
    warned, noted = cause("dead_relu"), cause("dead_relu", severity=NOTE)
    loud = cause("lr_too_high", severity=NOTE, explains=["dead_relu"], weight=0.9)
    assert tree(folded([loud, warned])) == [("dead_relu", []), ("lr_too_high", [])]
    assert tree(folded([loud, noted])) == [("lr_too_high", ["dead_relu"])]


@pytest.mark.parametrize(("severity", "left"), [(ERROR, WARNING), (WARNING, NOTE), (NOTE, None)])
def test_a_remedy_that_does_not_help_demotes_by_one_step(cause, severity, left):
    assert cause(severity=severity, helped=False).severity is left
    assert cause(severity=severity, helped=True).severity is severity
    assert cause(severity=severity).severity is severity


def test_a_proof_by_itself_needs_no_remedy_that_helps(cause):
    assert cause("nan_in_data", severity=ERROR, weight=1.0, helped=False).severity is ERROR


def test_a_failed_remedy_explains_nothing_and_counts_less(cause):
    how = {"explains": ["dead_relu"], "weight": 0.9, "severity": ERROR}
    given = [cause("lr_too_high", helped=False, **how), cause("dead_relu", weight=0.5)]
    assert tree(folded(given)) == [("dead_relu", []), ("lr_too_high", [])]
    assert tree(folded([cause("lr_too_high", **how), given[1]])) == [("lr_too_high", ["dead_relu"])]
    weak, plain, strong = (cause(helped=helped).strength for helped in (False, None, True))
    assert 0 < weak < plain < strong < 1


def test_a_cause_is_as_bad_as_what_it_causes(cause):
    (one,) = folded([cause("lr_too_high", explains=["dead_relu"], helped=True), cause("dead_relu", severity=NOTE)])
    assert one.severity is WARNING
    (one,) = folded(
        [
            cause("lr_too_high", weight=0.9, explains=["dead_relu"]),
            cause("dead_relu", severity=ERROR, under="lr_too_high"),
        ]
    )
    assert (one.fault, one.finding.severity) == ("lr_too_high", ERROR)


def test_the_finding_carries_proof_and_consequences(cause):
    (one,) = folded([cause("lr_too_high", explains=["dead_relu"], helped=True, weight=0.9), cause("dead_relu")])
    assert one.finding.proof is one.proof
    assert [below.fault for below in one.finding.consequences] == ["dead_relu"]
