"""The corpus is whole: every fault in both halves, halves alike in size and data, every case as it should be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pytest

from tests.faults.case import DATA, HALVES, Case, Faulty
from tests.faults.corpus import corpus, faults, lookalikes
from thalweg.check.setup import Setup

FAULTS = (
    *("lr_too_high", "lr_too_low", "optimizer_setting", "batch_too_large", "zero_grad", "loss_sign"),
    *("wrong_loss", "output_activation", "output_size", "target_range", "target_scaling", "labels_wrong"),
    *("class_imbalance", "data_leakage", "data_not_shuffled", "train_val_mismatch", "nan_in_data"),
    *("input_scaling", "token_encoding", "tensor_shape", "weight_init", "dead_relu", "saturation"),
    *("vanishing_gradient", "exploding_gradient", "missing_nonlinearity", "capacity_too_small", "overfitting"),
    *("dropout_too_high", "weight_decay_too_strong", "frozen_layer", "params_not_optimised"),
    *("gradient_blocked", "train_eval_mode", "batchnorm_small_batch", "numerical_instability"),
)


def test_there_are_enough() -> None:
    assert len(faults()) >= 60
    assert len(lookalikes()) >= 30


def test_every_fault_is_in_both_halves() -> None:
    for half in HALVES:
        assert set(FAULTS) - {case.fault for case in faults() if case.half == half} == set(), half


def test_names_are_of_the_vocabulary() -> None:
    named = {name for case in faults() for name in case.accepted} | {case.look_alike_of for case in lookalikes()}
    assert named - set(FAULTS) == set()
    assert {case.data for case in corpus()} - set(DATA) == set()


def test_halves_are_of_a_size() -> None:
    for cases in (faults(), lookalikes()):
        tuning, held = (sum(case.half == half for case in cases) for half in HALVES)
        assert abs(tuning - held) <= max(2, len(cases) / 10)


def test_data_sets_are_in_both_halves() -> None:
    for cases in (faults(), lookalikes()):
        tuning, held = (_sets(case for case in cases if case.half == half) for half in HALVES)
        for name in tuning | held:
            assert abs(tuning[name] - held[name]) <= max(2, (tuning[name] + held[name]) / 4), name


def _sets(cases: Iterable[Case]) -> Counter[str]:
    return Counter(case.data for case in cases)


@pytest.mark.parametrize("case", corpus(), ids=lambda case: case.name)
def test_a_case_makes_set_ups(case: Case, request: pytest.FixtureRequest) -> None:
    if case.data not in ("digits", "wine", "cancer", "diabetes"):
        request.getfixturevalue("data_root")
    made = case.set_ups()
    assert len(made) == (2 if isinstance(case, Faulty) else 1)
    assert all(isinstance(setup, Setup) for setup in made)
    assert made[0] != made[-1] or len(made) == 1
