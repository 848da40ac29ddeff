"""Yardstick: a remedy helps only beyond noise and in every pair; each fault is judged by what it harms."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from thalweg.check.trainee import Trainee
from thalweg.check.yardstick import LEAST, LOSS, Score, gained, score


def skills(*worths, error=0.0):
    return [None if w is None else Score(measure="accuracy", value=w, worth=w, error=error) for w in worths]


def losses(*values):
    return [Score(measure=LOSS, value=v, worth=-v, higher_is_better=False) for v in values]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ((0.1, 0.1), (0.9, 0.8), True),
        ((0.9, 0.8), (0.1, 0.1), False),
        ((0.5, 0.5), (0.5, 0.5), False),
        ((0.5, 0.5), (0.5 + 1.5 * LEAST, 0.5 + 1.5 * LEAST), True),
        ((0.5, 0.5), (0.5 + 0.5 * LEAST, 0.5 + 0.5 * LEAST), False),
        ((0.1, 0.9), (0.8, 0.89), False),
        ((0.3, 0.6), (0.4, 0.7), False),
        ((None, None), (0.5, 0.6), True),
        ((None, None), (0.0, 0.0), False),
        ((0.1, 0.1), (0.9, None), False),
        ((None, None), (None, None), False),
        ((), (), False),
    ],
)
def test_gained(before, after, expected):
    assert gained(skills(*before), skills(*after)) is expected


def test_less_than_its_standard_error_is_no_gain():
    assert gained(skills(0.5, 0.5), skills(0.6, 0.6, error=0.05))
    assert not gained(skills(0.5, 0.5), skills(0.6, 0.6, error=0.2))


def test_a_loss_is_held_against_itself():
    assert gained(losses(1e-3, 1e-3), losses(9e-4, 9e-4))
    assert not gained(losses(1000, 1000), losses(999, 999))
    assert gained([None, None], losses(1.0, 1.1))


@pytest.fixture
def scored(setup_of, blobs, mlp):
    def tell(fault="lr_too_low", steps=60, data=blobs, model=None, loss=None, **how):
        trainee = Trainee(setup_of(data, model or mlp(4, 3), loss, batch_size=16, **how))
        trainee.train(steps, judge=False)
        return score(fault, trainee), trainee

    return tell


def test_of_labels_it_is_the_accuracy_on_validation(scored):
    found, trainee = scored()
    split = trainee.learner.splits["valid"]
    expected = trainee.learner.problem.evaluate(trainee.model, split)["accuracy"]
    assert (found.measure, found.higher_is_better) == ("validation accuracy", True)
    assert found.value == pytest.approx(expected)
    assert found.worth < found.value


def test_what_is_learnt_is_worth_more(scored):
    assert scored(steps=200)[0].worth > scored(steps=0)[0].worth + 0.1


def test_of_numbers_it_is_the_variance_explained(scored, raw_diabetes, mlp):
    found, _ = scored(data=raw_diabetes, model=mlp(10, 1), loss=nn.MSELoss())
    assert found.measure.startswith("share of variance")
    assert found.value == found.worth <= 1


def test_a_class_that_is_never_told_counts_as_any_other(scored, blobs):
    x, y = blobs
    rare = torch.cat([torch.arange(0, 120, 3), torch.tensor([1, 4, 7, 10])])
    data = x[rare], y[rare]

    def always() -> nn.Module:
        layer = nn.Linear(4, 2)
        nn.init.zeros_(layer.weight)
        layer.bias.data = torch.tensor([9.0, 0.0])
        return layer

    plain, _ = scored(steps=0, data=data, model=always, valid=data)
    fair, _ = scored("class_imbalance", steps=0, data=data, model=always, valid=data)
    assert plain.value == pytest.approx(40 / 44)
    assert (fair.value, fair.worth) == (pytest.approx(0.5), pytest.approx(0.0))


def test_what_leaks_is_worth_less_the_more_it_promises(scored):
    (leaked, _), (plain, _) = scored("data_leakage"), scored()
    assert leaked.worth == -plain.worth
    assert not leaked.higher_is_better


def test_overfitting_is_judged_by_the_loss(scored):
    found, _ = scored("overfitting")
    assert (found.measure, found.worth, found.higher_is_better) == (LOSS, -found.value, False)


def test_outputs_of_another_form_have_only_a_loss(scored, blobs):
    class Two(nn.Linear):
        def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
            return super().forward(x), x

    def loss(output: tuple[Tensor, Tensor], y: Tensor) -> Tensor:
        return nn.functional.cross_entropy(output[0], y)

    found, _ = scored(model=lambda: Two(4, 3), loss=loss, metrics=[])
    assert found.measure == LOSS
    assert math.isfinite(found.value)
