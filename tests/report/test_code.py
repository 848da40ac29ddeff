"""What is copied from a page gives the same Config again."""

from __future__ import annotations

import pytest

import thalweg as tw
from thalweg.report.code import python
from thalweg.sweep.result import SweepResult

CONFIGS = [
    tw.Config(),
    tw.Config(
        optimizer="adam", hyper={"lr": 0.1 + 0.2, "amsgrad": True}, epochs=3, batch_size=7, keep="best", seed=4
    ),
    tw.Config(schedule="step", schedule_options={"every": 2, "factor": 0.5}, patience=3),
    tw.Config(schedules={"momentum": ("linear", {"end": 0.5})}),
]


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_it_can_be_evaluated(config: tw.Config) -> None:
    assert eval(python(config), {"tw": tw}) == config


def test_every_trial_of_a_sweep_can_be_made_again(wide: SweepResult) -> None:
    assert [eval(python(trial.config), {"tw": tw}) for trial in wide.trials] == [t.config for t in wide.trials]
