from __future__ import annotations

import dataclasses
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from thalweg.core.errors import DataError, InputError, InputTypeError, UnknownNameError
from thalweg.data.augment import Flip
from thalweg.data.batches import InMemory
from thalweg.data.preprocess import PCA, Standardize
from thalweg.problems.metrics import Metric, accuracy
from thalweg.problems.probe import probe
from thalweg.problems.problem import Problem

X = torch.randn(60, 4, generator=torch.Generator().manual_seed(0))
Y = torch.arange(60) % 3
ERROR = Metric("error", lambda output, target: (output - target).abs().mean(), higher_is_better=False)


def classify(**changed: Any) -> Problem:
    given = {"name": "toy", "model": lambda: nn.Linear(4, 3), "loss": nn.CrossEntropyLoss(), "train": (X, Y)}
    return Problem(**(given | changed))


def regress(**changed: Any) -> Problem:
    given = {"model": lambda: nn.Linear(4, 1), "loss": nn.MSELoss(), "train": (X, X[:, :1])}
    return classify(**(given | changed))


class Pairs(Dataset[tuple[Tensor, int]]):
    def __len__(self) -> int:
        return 60

    def __getitem__(self, place: int) -> tuple[Tensor, int]:
        return X[place], int(Y[place])


def test_what_is_left_out_is_filled_in() -> None:
    problem = classify()
    assert (len(problem.train), len(problem.valid), problem.test) == (50, 10, None)
    assert list(problem.splits) == ["train", "valid"]
    assert problem.metrics == (accuracy,)
    assert (problem.objective, problem.objective_metric) == ("accuracy", accuracy)
    assert (problem.target, problem.batch_size, problem.epochs, problem.classes) == (None, 50, 10, None)
    assert classify(train=(X.repeat(4, 1), Y.repeat(4))).batch_size == 128


def test_regression_has_no_metric_but_the_loss() -> None:
    problem = regress()
    assert problem.metrics == ()
    assert problem.objective == "loss"
    assert not problem.objective_metric.higher_is_better
    assert problem.objective_metric.function is problem.loss


def test_held_out_validation_is_stratified_disjoint_and_always_the_same() -> None:
    first, again = classify(), classify(model=lambda: nn.Linear(4, 3, bias=False))
    assert isinstance(first.train, InMemory)
    assert isinstance(first.valid, InMemory)
    assert isinstance(again.valid, InMemory)
    assert torch.equal(first.valid.x, again.valid.x)
    counts = first.valid.y.bincount()
    assert counts.min() >= 3
    rows = {tuple(row) for row in first.train.x.tolist()} | {tuple(row) for row in first.valid.x.tolist()}
    assert rows == {tuple(row) for row in X.tolist()}


def test_a_class_of_one_is_not_stratified() -> None:
    lonely = torch.cat([torch.zeros(59), torch.ones(1)]).long()
    problem = classify(train=(X, lonely))
    assert len(problem.valid) == 10


def test_a_dataset_is_held_out_from_too() -> None:
    problem = classify(train=Pairs())
    assert (len(problem.train), len(problem.valid)) == (50, 10)
    assert problem.metrics == (accuracy,)
    probe(problem)


def test_what_is_given_is_taken() -> None:
    problem = regress(
        valid=(X[:7], X[:7, :1]), test=(X[:3], X[:3, :1]), metrics=[ERROR], target=0.5, batch_size=5, epochs=2
    )
    assert (len(problem.train), len(problem.valid), len(problem.test or ())) == (60, 7, 3)
    assert problem.objective_metric is ERROR
    assert (problem.target, problem.batch_size, problem.epochs) == (0.5, 5, 2)
    assert regress(metrics=[ERROR], objective="loss").objective_metric.name == "loss"


@pytest.mark.parametrize("train", [(5 * X + 3, Y), Pairs()])
def test_preprocessing_is_fitted_to_training_alone_and_applied_to_all(train: Any) -> None:
    raw = classify(train=train, test=(X[:5], Y[:5]))
    problem = classify(train=train, test=(X[:5], Y[:5]), preprocess="standardize")
    expected = Standardize().fit(raw.train)
    assert list(problem.splits) == list(raw.splits)
    for part, split in problem.splits.items():
        index = torch.arange(len(split))
        x, y = split.take(index)
        assert torch.equal(x, expected.transform(raw.splits[part].take(index)[0]))
        assert torch.equal(y, raw.splits[part].take(index)[1])
        assert split.preprocess is problem.preprocess
    assert raw.preprocess is None
    probe(problem)


def test_preprocessing_with_options_or_of_ones_own() -> None:
    mine = PCA(components=2)
    for choice in (mine, ("pca", {"components": 2})):
        problem = classify(preprocess=choice, model=lambda: nn.Linear(2, 3))
        assert problem.train.take(torch.tensor([0, 1]))[0].shape == (2, 2)
        probe(problem)
    assert not mine.fitted


def test_a_changed_copy_is_not_preprocessed_or_augmented_twice() -> None:
    problem = classify(preprocess="standardize", augment=[torch.neg, torch.abs])
    changed = dataclasses.replace(problem, epochs=3)
    assert changed.train is problem.train
    assert changed.preprocess is problem.preprocess is not None
    assert changed.augment is problem.augment
    again = dataclasses.replace(classify(), preprocess="standardize")
    assert isinstance(again.train, InMemory)
    assert isinstance(problem.train, InMemory)
    assert torch.equal(again.train.x, problem.train.x)


def test_augmentation_is_a_function_of_the_batch() -> None:
    assert classify().augment is None
    assert classify(augment=torch.neg).augment is torch.neg
    assert isinstance(classify(augment=("flip", {"p": 1})).augment, Flip)
    chain = classify(augment=["flip", "crop"]).augment
    assert chain is not None
    assert chain(torch.ones(4, 3, 8, 8)).shape == (4, 3, 8, 8)


def test_a_problem_is_frozen_and_can_be_changed_in_a_copy() -> None:
    problem = classify()
    with pytest.raises(dataclasses.FrozenInstanceError):
        problem.epochs = 3  # type: ignore[misc]
    changed = dataclasses.replace(problem, epochs=3)
    assert (changed.epochs, changed.train, changed.valid) == (3, problem.train, problem.valid)


@pytest.mark.parametrize("batch_size", [1, 7, 60, 1000])
def test_evaluation_is_a_mean_over_samples(batch_size: int) -> None:
    problem = regress(metrics=[ERROR])
    model, split = problem.model(), InMemory(X, X[:, :1])
    measured = problem.evaluate(model, split, batch_size=batch_size)
    with torch.no_grad():
        gap = model(X) - X[:, :1]
    assert measured == pytest.approx({"loss": gap.square().mean().item(), "error": gap.abs().mean().item()})


def test_evaluation_leaves_the_model_as_it_was() -> None:
    model = nn.Sequential(nn.Dropout(0.9), nn.BatchNorm1d(4), nn.Linear(4, 3))
    model[1].eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    problem = classify(model=lambda: model)
    first = problem.evaluate(model, problem.valid)
    assert first == problem.evaluate(model, problem.valid)
    assert [module.training for module in model.modules()] == [True, True, False, True]
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())


def test_modes_come_back_even_after_an_error() -> None:
    problem, model = classify(), nn.Linear(5, 3)
    with pytest.raises(RuntimeError):
        problem.evaluate(model, problem.valid)
    assert model.training


@pytest.mark.parametrize(
    ("changed", "kind", "words"),
    [
        ({"model": nn.Linear(4, 3)}, InputTypeError, r"each run needs fresh weights[\s\S]*lambda: Net\(\)"),
        ({"model": None}, InputTypeError, "has to be a factory"),
        ({"loss": nn.CrossEntropyLoss}, InputTypeError, r"the class CrossEntropyLoss"),
        ({"loss": "mse"}, InputTypeError, r"function of \(output, target\)"),
        ({"objective": "acuracy"}, UnknownNameError, "did you mean 'accuracy'"),
        ({"metrics": ["accuracy"]}, InputTypeError, "metrics of a Problem"),
        ({"metrics": [accuracy, accuracy]}, InputError, "share a name"),
        ({"metrics": [Metric("loss", ERROR.function)]}, InputError, "share a name"),
        ({"target": float("nan")}, InputError, "target"),
        ({"target": "high"}, InputError, "target"),
        ({"batch_size": 0}, InputError, r"batch_size[\s\S]*>= 1"),
        ({"epochs": 1.5}, InputError, r"epochs[\s\S]*1\.5"),
        ({"classes": 3}, InputTypeError, "classes of a Problem"),
        ({"classes": ("a", "b")}, DataError, r"train split of toy[\s\S]*16 of 50 labels.*0 to 2\n.*0 to 1"),
        ({"train": (X, Y[:9])}, DataError, "x and y of train are not of the same length"),
        ({"test": (X / 0, Y)}, DataError, "x of test has values that are NaN or infinite"),
        ({"train": (X[:1], Y[:1])}, InputError, "No samples can be held out"),
        ({"valid": 3}, InputTypeError, "data of valid"),
        ({"preprocess": "zac"}, UnknownNameError, "no preprocessor named 'zac'"),
        ({"preprocess": Standardize}, InputTypeError, "preprocessing is of a type"),
        ({"train": (X[:6].repeat(1, 9), Y[:6]), "preprocess": "zca"}, DataError, r"5 samples of 36[\s\S]*rank 4"),
        ({"valid": (X[:, :3], Y), "preprocess": "center"}, DataError, "Center got samples of another shape"),
        ({"augment": "flop"}, UnknownNameError, "no augmentation named 'flop'"),
        ({"augment": Flip}, InputTypeError, "the class Flip"),
    ],
)
def test_bad_input(changed: dict[str, Any], kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words):
        classify(**changed)
