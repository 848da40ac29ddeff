"""Faults hurt, healthy set-ups train: a fixed sample here, all of them in ``benchmarks faults --parts hurt``."""

from __future__ import annotations

import pytest

from tests.faults.case import Faulty, Healthy
from tests.faults.corpus import faults, lookalikes
from tests.faults.hurt import Harm, harm, health

EMBEDDED = ("digits", "wine", "cancer", "diabetes")
"""Data that come with scikit-learn."""


@pytest.mark.parametrize("case", faults()[::9], ids=lambda case: case.name)
def test_a_fault_hurts(case: Faulty, request: pytest.FixtureRequest) -> None:
    if case.data not in EMBEDDED:
        request.getfixturevalue("data_root")
    found = harm(case)
    assert found.beyond_noise, found


@pytest.mark.parametrize("case", lookalikes()[::6], ids=lambda case: case.name)
def test_a_healthy_set_up_trains(case: Healthy, request: pytest.FixtureRequest) -> None:
    if case.data not in EMBEDDED:
        request.getfixturevalue("data_root")
    found = health(case)
    assert found.fine, found


def test_noise_is_no_harm() -> None:
    assert not Harm(faulty=(0.90, 0.93, 0.91), repaired=(0.92, 0.91, 0.95)).beyond_noise
    assert not Harm(faulty=(0.900, 0.901, 0.900), repaired=(0.905, 0.906, 0.905)).beyond_noise
    assert Harm(faulty=(0.80, 0.83, 0.81), repaired=(0.92, 0.91, 0.93)).beyond_noise


def test_what_cannot_be_trained_is_harmed_and_repairs_nothing() -> None:
    lost = (float("-inf"),) * 3
    assert Harm(faulty=lost, repaired=(0.9, 0.9, 0.9)).beyond_noise
    assert not Harm(faulty=(0.1, 0.1, 0.1), repaired=lost).beyond_noise
