"""Values that are none, inputs that never change, and copies."""

from __future__ import annotations

import pytest
import torch
from torch.utils.data import Dataset

from thalweg.data import InMemory


class Listed(Dataset):
    """Samples that are read one by one, and so not searched when a problem is made."""

    def __init__(self, x, y):
        self.x, self.y = x, y

    def __len__(self):
        return len(self.x)

    def __getitem__(self, place):
        return self.x[place], self.y[place]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("kind", [InMemory, Listed])
def test_a_number_that_is_none_is_found_and_dropped(value, kind, small_digits, setup_of, mlp, see):
    x, y = small_digits
    x = x.clone()
    x[100, 3] = value
    seen = see(setup_of(kind(x, y), mlp(64, 32, 10), valid=small_digits), "finite values")
    assert seen.faults == ["nan_in_data"]
    assert seen.suspicions[0].finding.where == "inputs of train"
    assert seen.suspicions[0].finding.numbers["samples"] == 1
    assert not seen.mended().suspicions


def test_targets_are_searched_too(raw_diabetes, setup_of, mlp, see):
    x, y = raw_diabetes
    y = y.clone()
    y[7] = torch.nan
    seen = see(setup_of(InMemory(x, y), mlp(10, 8, 1), torch.nn.MSELoss(), valid=raw_diabetes), "finite values")
    assert [one.finding.where for one in seen.suspicions] == ["targets of train"]


def test_large_numbers_are_finite(small_digits, setup_of, mlp, see):
    x, y = small_digits
    x = x.clone()
    x[:, 0] = 3e38  # their sum is infinite
    assert not see(setup_of((x, y), mlp(64, 32, 10)), "finite values").suspicions


def test_inputs_rounded_to_nothing_are_found(raw_digits, setup_of, mlp, see):
    x, y = raw_digits
    seen = see(setup_of(((x.long() // 255).float(), y), mlp(64, 32, 10)), "varied inputs")
    assert seen.faults == ["input_scaling"]


def test_a_constant_border_is_usual(raw_digits, setup_of, mlp, see):
    seen = see(setup_of(raw_digits, mlp(64, 32, 10)), "varied inputs")
    assert not seen.suspicions
    assert "of 64 inputs are the same" in seen.passed[0].evidence


def test_a_copy_in_other_units_is_worth_a_note(raw_wine, setup_of, mlp, see):
    x, y = raw_wine
    twice = torch.cat([x, 1.8 * x[:, :1] + 32], 1)
    assert see(setup_of((twice, y), mlp(14, 8, 3)), "varied inputs").notes == ["input_scaling"]
    assert not see(setup_of((x, y), mlp(13, 8, 3)), "varied inputs").suspicions


def test_measures_of_one_thing_are_no_copies(raw_cancer, setup_of, mlp, see):
    assert not see(setup_of(raw_cancer, mlp(30, 8, 2)), "varied inputs").suspicions


def test_a_point_of_a_surface_needs_no_inputs(see):
    from thalweg.check.setup import Setup
    from thalweg.problems import load

    for name in ("varied inputs", "input scale", "label range"):
        assert not see(Setup.of(load("rosenbrock")), name).suspicions
