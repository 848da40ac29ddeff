from __future__ import annotations

import json
import math

import pytest

from thalweg.core.config import Config
from thalweg.core.errors import UnknownNameError
from thalweg.core.run import Epoch, Outcome, Run


def epoch(number: int, accuracy: float, loss: float = 0.5) -> Epoch:
    valid = {"loss": loss, "accuracy": accuracy}
    return Epoch(number=number, step=10 * number, seconds=0.5, lr=0.1, train_loss=loss, valid=valid)


def a_run(*epochs: Epoch, **changes: object) -> Run:
    given = {"problem": "toy", "config": Config(hyper={"lr": 0.1}), "outcome": Outcome.COMPLETED, "valid": {}}
    return Run(**{**given, "epochs": epochs, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize("outcome", list(Outcome))
@pytest.mark.parametrize("test", [None, {"loss": 0.4, "accuracy": 0.9}])
def test_json_gives_the_same_run(outcome: Outcome, test: dict[str, float] | None) -> None:
    run = a_run(
        epoch(1, 0.5),
        epoch(2, 0.75),
        outcome=outcome,
        valid={"loss": 0.5, "accuracy": 0.75},
        test=test,
        steps=20,
        seconds=1.0,
        best_epoch=2,
        message="it did",
        checkpoint="some/folder",
    )
    again = Run.from_json(json.loads(json.dumps(run.to_json())))
    assert again == run
    assert again.outcome is outcome
    assert isinstance(again.epochs, tuple)


def test_json_keeps_nan_and_infinity() -> None:
    run = a_run(epoch(1, math.nan, math.inf), outcome=Outcome.DIVERGED, valid={"loss": math.nan})
    again = Run.from_json(json.loads(json.dumps(run.to_json())))
    assert math.isnan(again.valid["loss"])
    assert math.isnan(again.epochs[0].valid["accuracy"])
    assert again.epochs[0].train_loss == math.inf
    assert str(again.to_json()) == str(run.to_json())


def test_json_is_a_copy() -> None:
    run = a_run(epoch(1, 0.5))
    run.to_json()["epochs"][0]["valid"]["accuracy"] = 9.0
    assert run.epochs[0].valid["accuracy"] == 0.5


def test_every_outcome_has_advice() -> None:
    advice = [outcome.advice for outcome in Outcome]
    assert all(advice)
    assert len(set(advice)) == len(Outcome) == 6


def test_what_diverged_or_failed_is_broken() -> None:
    assert [outcome for outcome in Outcome if outcome.broken] == [Outcome.DIVERGED, Outcome.FAILED]


def test_an_epoch_through_json_is_the_same_and_no_alias() -> None:
    one = epoch(3, 0.5)
    data = one.to_json()
    assert Epoch.from_json(json.loads(json.dumps(data))) == one
    assert list(data) == ["number", "step", "seconds", "lr", "train_loss", "valid"]
    data["valid"]["loss"] = 9.0
    assert one.valid["loss"] == 0.5


@pytest.mark.parametrize(
    ("accuracies", "target", "number"),
    [
        ((0.2, 0.5, 0.9), 0.5, 2),
        ((0.9, 0.1), 0.5, 1),
        ((0.2, 0.4), 0.5, None),
        ((math.nan, 0.6), 0.5, 2),
        ((), 0.5, None),
    ],
)
def test_reached_is_the_first_epoch_at_the_target(
    accuracies: tuple[float, ...], target: float, number: int | None
) -> None:
    run = a_run(*(epoch(i, value) for i, value in enumerate(accuracies, start=1)))
    found = run.reached("accuracy", target)
    assert (found and found.number) == number


def test_reached_from_above_for_a_loss() -> None:
    run = a_run(epoch(1, 0, 0.9), epoch(2, 0, math.nan), epoch(3, 0, 0.3), epoch(4, 0, 0.1))
    found = run.reached("loss", 0.3, higher_is_better=False)
    assert found is run.epochs[2]


def test_a_metric_that_was_not_measured_is_unknown() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'accuracy'"):
        a_run(epoch(1, 0.5)).reached("acuracy", 0.5)


@pytest.mark.parametrize(("best", "shown"), [(None, 3), (2, 2)])
def test_a_run_is_what_its_curve_says(best: int | None, shown: int) -> None:
    epochs = [epoch(1, 0.5), epoch(2, 0.9), epoch(3, 0.8)]
    known = {"problem": "toy", "config": Config(), "outcome": Outcome.COMPLETED, "message": "so"}
    run = Run.of_curve(epochs, best_epoch=best, **known)
    assert run == a_run(
        *epochs, **known, best_epoch=shown, valid=epochs[shown - 1].valid, steps=30, seconds=epochs[-1].seconds
    )
    empty = Run.of_curve([], **known)
    assert (empty.epochs, empty.valid, empty.steps, empty.seconds, empty.best_epoch) == ((), {}, 0, 0.0, 0)
