"""Obstacle: a set-up that cannot run is told by the layer it fails in, with the shapes there."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from thalweg.check.obstacle import form, obstacle
from thalweg.check.subject import Subject
from thalweg.core.errors import DataError, ModelError


@pytest.fixture
def told(setup_of, blobs, mlp):
    """Return what keeps a set-up from running: of a plain net on blobs, where nothing else is said."""

    def tell(model=None, data=None, **how):
        return obstacle(Subject(setup_of(data or blobs, model or mlp(4, 6, 3), **how)))

    return tell


def named(suspicion):
    return suspicion.finding.fault, suspicion.finding.where


class Net(nn.Module):
    """Two convolutions and a layer that was made for larger images."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Conv2d(4, 8, 3))
        self.head = nn.Linear(8 * 8 * 8, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(x).flatten(1))


def test_what_runs_has_no_obstacle(told):
    assert told() is None


def test_the_first_layer_that_fails_with_the_shapes_in_and_before(told, raw_digits):
    x, y = raw_digits
    seen = told(Net, (x.reshape(-1, 1, 8, 8), y), batch_size=32)
    assert named(seen) == ("tensor_shape", "head")
    evidence = seen.finding.evidence
    for part in ("Linear(in_features=512", "(32, 128)", "body (Sequential) made (32, 8, 4, 4) of (32, 1, 8, 8)"):
        assert part in evidence


def test_of_nested_modules_the_innermost_is_named(told, mlp):
    seen = told(lambda: nn.Sequential(mlp(4, 6)(), nn.Sequential(nn.ReLU(), nn.Linear(5, 3))))
    assert named(seen) == ("tensor_shape", "1.1")


def test_a_fault_in_forward_itself_is_the_models(told):
    class Wrong(nn.Linear):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x).view(7, 11)

    assert named(told(lambda: Wrong(4, 3))) == ("tensor_shape", "the model")


def test_integer_inputs(told):
    x, y = torch.randint(0, 9, (60, 4)), torch.arange(60) % 3
    seen = told(data=(x, y))
    assert named(seen) == ("tensor_shape", "0")
    assert "int64" in seen.finding.evidence
    assert "x.float()" in seen.finding.remedy
    assert told(lambda: nn.Sequential(nn.Embedding(9, 5), nn.Flatten(), nn.Linear(20, 3)), (x, y)) is None
    seen = told(lambda: nn.Sequential(nn.Embedding(8, 5), nn.Flatten(), nn.Linear(20, 3)), (x, y))
    assert named(seen) == ("token_encoding", "0")


@pytest.mark.parametrize(
    ("loss", "fault", "where"),
    [
        (nn.CrossEntropyLoss(reduction="none"), "wrong_loss", "loss"),
        (lambda output, y: nn.functional.cross_entropy(output, y).item(), "wrong_loss", "loss"),
        (lambda output, y: nn.functional.cross_entropy(output, y).detach(), "gradient_blocked", "loss"),
        (lambda output, y: (output.argmax(1) != y).float().mean(), "gradient_blocked", "loss"),
        (lambda output, y: nn.functional.cross_entropy(output[:, :2], y), "wrong_loss", "loss"),
        (lambda output, y: nn.functional.cross_entropy(output, y - 1), "wrong_loss", "loss"),
        (nn.MSELoss(), "tensor_shape", "loss"),
    ],
)
@pytest.mark.filterwarnings("ignore:Using a target size")
def test_a_loss_that_gives_no_gradient(told, loss, fault, where):
    assert named(told(loss=loss)) == (fault, where)


def test_the_mean_mends_a_loss_of_many_numbers(told, setup_of, blobs, mlp):
    given = setup_of(blobs, mlp(4, 3), nn.CrossEntropyLoss(reduction="none"))
    seen = obstacle(Subject(given))
    assert obstacle(Subject(seen.change.apply(given))) is None


def test_labels_that_no_output_stands_for(told, mlp, blobs):
    x, y = blobs
    assert named(told(mlp(4, 2))) == ("output_size", "outputs")
    unused = torch.where(y == 0, -100, y)
    assert told(data=(x, unused)) is None
    assert named(told(mlp(4, 2), (x, unused))) == ("output_size", "outputs")
    assert named(told(data=(x, y - 1))) == ("target_range", "outputs")
    assert named(told(data=(x, y.float()))) == ("wrong_loss", "loss")


def test_a_model_without_a_graph(told):
    class Cut(nn.Linear):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x).detach()

    assert named(told(lambda: Cut(4, 3))) == ("gradient_blocked", "model")


def test_all_frozen_and_thawed(setup_of, blobs):
    given = setup_of(blobs, lambda: nn.Linear(4, 3).requires_grad_(requires_grad=False))
    seen = obstacle(Subject(given))
    assert named(seen) == ("frozen_layer", "model")
    assert obstacle(Subject(seen.change.apply(given))) is None


def test_a_last_batch_of_one_sample(setup_of, blobs):
    x, y = (part[:33] for part in blobs)
    given = setup_of((x, y), lambda: nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3)), batch_size=16, valid=blobs)
    seen = obstacle(Subject(given))
    assert named(seen) == ("batchnorm_small_batch", "1")
    assert "33 samples in batches of 16" in seen.finding.evidence
    assert obstacle(Subject(seen.change.apply(given))) is None


def test_validation_of_another_form(told, blobs):
    x, y = blobs
    seen = told(valid=(x[:9, :3], y[:9]))
    assert named(seen) == ("train_val_mismatch", "validation split")
    assert "(1, 3)" in seen.finding.evidence


def test_a_sample_that_fails_in_validation_alone_is_told_with_its_layer(told):
    x, y = torch.randint(0, 8, (60, 4)), torch.arange(60) % 3
    valid = x[:9].clone(), y[:9]
    valid[0][7, 2] = 8
    seen = told(lambda: nn.Sequential(nn.Embedding(8, 5), nn.Flatten(), nn.Linear(20, 3)), (x, y), valid=valid)
    assert named(seen) == ("token_encoding", "0")
    assert "in a batch of validation" in seen.finding.evidence


def test_what_fails_only_later_is_told_with_its_update(told):
    class Tiring(nn.Linear):
        calls = 0

        def forward(self, x: Tensor) -> Tensor:
            self.calls += self.training
            return super().forward(x if self.calls < 4 else x[:, :3])

    seen = told(lambda: Tiring(4, 3))
    assert seen.finding.fault == "tensor_shape"
    assert "in update 4" in seen.finding.evidence


def own_step(model, optimizer, loss, x, y):
    optimizer.zero_grad()
    value = nn.functional.cross_entropy(model(x)[0], y)
    value.backward()
    optimizer.step()
    return value


class Pair(nn.Linear):
    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return super().forward(x), x


def no_step(model, optimizer, loss, x, y):
    raise RuntimeError("the step is odd")


class Unreadable(torch.utils.data.Dataset):
    def __len__(self) -> int:
        return 20

    def __getitem__(self, place: int) -> tuple[Tensor, int]:
        if place > 2:
            raise OSError("file is gone")
        return torch.ones(4), 0


@pytest.mark.parametrize(
    ("how", "error", "said"),
    [
        ({"model": nn.Identity}, ModelError, "no parameters"),
        ({"optimizer": lambda parameters: 1 / 0}, ModelError, "optimizer of case cannot be made"),
        ({"train_step": no_step}, ModelError, "(?s)step of case fails.*the step is odd"),
        (
            {"model": lambda: Pair(4, 3), "train_step": own_step},
            ModelError,
            "(?s)loss of case cannot take.*your step can",
        ),
        ({"data": Unreadable(), "valid": Unreadable()}, DataError, "(?s)cannot be read.*file is gone"),
    ],
)
def test_what_is_no_fault_but_cannot_be_used(told, how, error, said):
    with pytest.raises(error, match=said):
        told(**how)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (torch.ones(2, 3).double(), "(2, 3) float64"),
        (torch.tensor(1.0), "()"),
        ((torch.ones(1), torch.ones(2)), "((1,), (2,))"),
        ([torch.ones(1)], "((1,))"),
        (3.5, "float"),
        ({}, "dict"),
    ],
)
def test_forms(value, expected):
    assert form(value) == expected


def test_a_layer_of_another_width_is_fitted_to_what_comes(told, raw_digits, setup_of):
    x, y = raw_digits
    data = x.reshape(-1, 1, 8, 8), y
    seen = told(Net, data, batch_size=32)
    assert "in_features=128" in seen.finding.remedy
    assert obstacle(Subject(seen.change.apply(setup_of(data, Net, batch_size=32)))) is None
