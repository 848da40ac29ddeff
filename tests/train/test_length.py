"""Length: what a Config leaves open is the problem's, and a run makes as many updates as is said."""

from __future__ import annotations

import pytest

from thalweg.core.config import Config
from thalweg.problems import Problem, load
from thalweg.train import fit
from thalweg.train.length import complete, steps, steps_per_epoch


@pytest.fixture(scope="module")
def digits() -> Problem:
    return load("digits/logistic")


def test_what_a_config_has_is_its_own(digits: Problem) -> None:
    assert complete(digits, Config(epochs=3, batch_size=7)) == Config(epochs=3, batch_size=7)
    assert complete(digits, Config()) == Config(epochs=digits.epochs, batch_size=digits.batch_size)


@pytest.mark.parametrize("config", [Config(epochs=2), Config(batch_size=1000), Config(optimizer="lbfgs")])
def test_a_run_makes_so_many_updates(digits: Problem, config: Config) -> None:
    config = config.replace(epochs=config.epochs or 1)
    expected = steps(digits, config)
    assert fit(digits, config).steps == expected == (config.epochs or 0) * steps_per_epoch(digits, config)
