"""Measurable: metrics that cannot be measured are left out, and nothing else changes."""

from __future__ import annotations

from thalweg.check.measurable import measurable
from thalweg.problems.metrics import Metric


def test_metrics_that_cannot_be_measured_are_left_out(setup_of, blobs, mlp):
    good = Metric("good", lambda output, y: output.mean(), higher_is_better=True)
    bad = Metric("bad", lambda output, y: output @ y, higher_is_better=True)
    fine = setup_of(blobs, mlp(4, 3), metrics=[good])
    assert measurable(fine) is fine
    left = measurable(setup_of(blobs, mlp(4, 3), metrics=[good, bad], objective="bad", target=0.5)).problem
    assert (left.metrics, left.objective, left.target) == ((), "loss", None)
    broken = setup_of(blobs, mlp(5, 3), metrics=[bad])
    assert measurable(broken) is broken
