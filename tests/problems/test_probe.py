from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from thalweg.core.errors import DataError, InputTypeError, ModelError, ThalwegError
from thalweg.problems.metrics import Metric
from thalweg.problems.probe import probe
from thalweg.problems.problem import Problem

X = torch.randn(60, 4, generator=torch.Generator().manual_seed(0))
Y = torch.arange(60) % 3
SHARED = nn.Linear(4, 3)


def toy(**changed: Any) -> Problem:
    given = {"name": "toy", "model": lambda: nn.Linear(4, 3), "loss": nn.CrossEntropyLoss(), "train": (X, Y)}
    return Problem(**(given | changed))


def normed() -> nn.Module:
    return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Linear(8, 3))


def scaled(output: Tensor, target: Tensor) -> Tensor:
    return functional.cross_entropy(output, target) / 0


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"model": lambda: nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(), nn.Linear(8, 3))},
        {"model": lambda: nn.LazyLinear(3)},
        {"train": (X, X[:, :1]), "model": lambda: nn.Linear(4, 1), "loss": nn.MSELoss()},
        {"train": (X, functional.one_hot(Y).float())},
        {"train": (X, Y.where(Y > 0, -100))},
        {"train": (X[:2], Y[:2]), "valid": (X, Y), "batch_size": 1},
        {"train": (X, Y), "valid": (X, Y), "batch_size": 29, "model": lambda: normed()},
        {"train": (X[:1], Y[:1]), "valid": (X, Y)},
    ],
)
def test_a_sound_problem_passes_and_nothing_changes(changed: dict[str, Any]) -> None:
    problem = toy(**changed)
    state = torch.get_rng_state()
    probe(problem)
    assert torch.equal(state, torch.get_rng_state())


def fails(**changed: Any) -> ThalwegError:
    problem = toy(**changed)
    state = torch.get_rng_state()
    with pytest.raises(ThalwegError) as caught:
        probe(problem)
    assert torch.equal(state, torch.get_rng_state())
    return caught.value


def test_the_layer_that_cannot_take_the_input_is_named() -> None:
    net = lambda: nn.Sequential(nn.Linear(4, 5), nn.Sequential(nn.ReLU(), nn.Linear(6, 3)))  # noqa: E731
    error = fails(model=net)
    assert isinstance(error, ModelError)
    assert "cannot take the input" in error.what
    assert "inputs of shape (32, 4), torch.float32; in 1.1 (Linear): RuntimeError: mat1 and mat2" in str(error)
    assert "in the model (Linear)" in str(fails(model=lambda: nn.Linear(9, 3)))


def test_training_is_tried_on_what_the_augmentation_gives() -> None:
    seen: list[tuple[bool, Tensor]] = []

    class Seeing(nn.Linear):
        def forward(self, x: Tensor) -> Tensor:
            seen.append((self.training, x))
            return super().forward(x)

    def doubled(x: Tensor) -> Tensor:
        return x.mul_(2)

    problem = toy(augment=doubled, model=lambda: Seeing(4, 3), batch_size=32)
    x = problem.train.take(torch.arange(32))[0]
    probe(problem)
    assert [mode for mode, _ in seen] == [True, True, False]
    assert torch.equal(seen[0][1], 2 * x)
    assert torch.equal(seen[2][1], x)


@pytest.mark.parametrize(
    ("augment", "words"),
    [
        ("flip", r"cannot take the input[\s\S]*\(32, 4\)[\s\S]*flip needs images[\s\S]*Flatten"),
        (lambda x: x[:7], r"does not return the batch[\s\S]*\(7, 4\)[\s\S]*32 samples of torch.float32"),
        (lambda x: x.double(), r"does not return the batch[\s\S]*float64"),
        (lambda x: None, r"does not return the batch[\s\S]*NoneType"),
        (lambda x: x.reshape(32, 2, 2), "model cannot take the input"),
    ],
)
def test_an_augmentation_that_cannot_be_used(augment: Any, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        raise fails(augment=augment)


@pytest.mark.parametrize("wrong", [-1, 3, 7])
@pytest.mark.parametrize("loss", [nn.CrossEntropyLoss(), functional.cross_entropy])
def test_labels_outside_the_classes(wrong: int, loss: Any) -> None:
    labels = Y.clone()
    labels[[10, 59]] = wrong  # beyond the first batch: all labels are looked at
    error = fails(train=(X, labels), valid=(X, Y), loss=loss)
    assert isinstance(error, DataError)
    low, high = min(wrong, 0), max(wrong, 2)
    assert error.what == "Labels outside the classes in the train split of toy."
    assert error.got == f"2 of 60 labels; they range from {low} to {high}"
    assert error.expected == "0 to 2, for 3 classes"
    assert "valid split" in str(fails(valid=(X, labels), loss=loss))


@pytest.mark.parametrize(
    ("changed", "kind", "words"),
    [
        ({"model": lambda: SHARED}, ModelError, "same model each time"),
        ({"model": lambda: nn.Linear(4, "3")}, ModelError, "model factory of toy failed"),
        ({"model": lambda: "net"}, InputTypeError, "returns no model"),
        ({"model": lambda: nn.Sequential(nn.Linear(4, 3), nn.Flatten(0))}, ModelError, "does not fit the loss"),
        ({"model": lambda: nn.LSTM(4, 3)}, ModelError, "output of tuple"),
        (
            {"loss": nn.MSELoss(), "metrics": []},
            ModelError,
            r"output of shape \(32, 3\), targets of shape \(32,\)",
        ),
        ({"loss": nn.CrossEntropyLoss(reduction="none")}, ModelError, r"no scalar[\s\S]*\(32,\)"),
        ({"loss": lambda output, target: 1.0}, ModelError, r"no scalar[\s\S]*float"),
        ({"loss": lambda output, target: output.detach().mean()}, ModelError, "has no gradient"),
        ({"loss": scaled}, ModelError, "loss of toy is not finite"),
        ({"model": lambda: nn.Sequential(nn.Linear(4, 3), nn.Threshold(9, torch.nan))}, ModelError, "96 of 96"),
        ({"test": (X[:, :3], Y)}, DataError, r"inputs of the test split[\s\S]*\(3,\)[\s\S]*\(4,\)"),
        ({"valid": (X.double(), Y)}, DataError, r"inputs of the valid split[\s\S]*float64[\s\S]*float32"),
        ({"valid": (X, Y.float())}, DataError, "targets of the valid split"),
    ],
)
def test_what_does_not_fit(changed: dict[str, Any], kind: type[Exception], words: str) -> None:
    error = fails(**changed)
    assert isinstance(error, kind)
    with pytest.raises(kind, match=words):
        raise error


def test_a_target_that_would_be_broadcast() -> None:
    error = fails(train=(X, X[:, 0]), model=lambda: nn.Linear(4, 1), loss=nn.MSELoss())
    assert isinstance(error, ModelError)
    assert "output of shape (32, 1), targets of shape (32,)" in str(error)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"model": normed}, "in 1 (BatchNorm1d): ValueError: Expected more than 1 value per channel"),
        ({"model": lambda: normed().eval()}, "in 1 (BatchNorm1d): ValueError"),
        (
            {
                "train": (X, X[:, 0]),
                "valid": (X, X[:, 0]),
                "model": lambda: nn.Linear(4, 1),
                "loss": lambda output, target: functional.mse_loss(output.squeeze(), target),
            },
            "Using a target size (torch.Size([1]))",
        ),
    ],
)
def test_a_last_batch_that_cannot_be_trained_on(changed: dict[str, Any], words: str) -> None:
    error = fails(**({"train": (X, Y), "valid": (X, Y), "batch_size": 59} | changed))
    assert isinstance(error, ModelError)
    assert error.what == "The model of toy cannot be trained on the last batch of an epoch."
    assert str(error.got).startswith("60 samples in batches of 59 leave one of 1; ")
    assert words in str(error)
    assert "another batch_size" in str(error.remedy)


def test_the_batch_size_of_the_run_counts() -> None:
    problem = toy(train=(X, Y), valid=(X, Y), model=normed)
    probe(problem)
    with pytest.raises(ModelError, match="60 samples in batches of 59"):
        probe(problem, batch_size=59)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda output, target: 0.5, r"metric mine of toy is no scalar tensor[\s\S]*got: +float"),
        (lambda output, target: (output.argmax(1) == target).double(), r"no scalar tensor[\s\S]*shape \(32,\)"),
        (lambda output, target: output[:, 7].mean(), r"metric mine of toy cannot be measured[\s\S]*IndexError"),
    ],
)
def test_a_metric_that_cannot_be_used_is_named(function: Any, words: str) -> None:
    error = fails(metrics=[Metric("mine", function)])
    assert isinstance(error, ModelError)
    with pytest.raises(ModelError, match=words):
        raise error


def test_metrics_are_tried_as_they_are_measured() -> None:
    """Without gradients, and in evaluation mode."""

    def sure(output: Tensor, target: Tensor) -> Tensor:
        assert (output == 0).all(), "dropout is off only in evaluation mode"
        return torch.from_numpy(output.numpy()).mean()

    class Off(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Linear(4, 3)

        def forward(self, x: Tensor) -> Tensor:
            return self.inner(x) * float(self.training)

    probe(toy(model=Off, metrics=[Metric("sure", sure)]))


@pytest.mark.parametrize(
    ("changed", "advice"),
    [
        ({"train": (X, Y.float())}, "give class labels as integers: y.long()"),
        (
            {"train": (X, Y.clamp(max=1)), "model": lambda: nn.Linear(4, 1), "loss": nn.BCEWithLogitsLoss()},
            "give targets as floats of the output's shape: y.float()[:, None]",
        ),
    ],
)
def test_the_usual_slips_are_named(changed: dict[str, Any], advice: str) -> None:
    error = fails(**changed)
    assert isinstance(error, ModelError)
    assert advice in str(error)
