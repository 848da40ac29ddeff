from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.func import functional_call, grad, stack_module_state, vmap

from thalweg.core.errors import MissingDataError, UnknownNameError
from thalweg.data.batches import InMemory, Split
from thalweg.optim import Adam
from thalweg.problems.catalog import catalog, load, rows
from thalweg.problems.probe import probe
from thalweg.problems.problem import Problem
from thalweg.problems.row import Row

SIZES = {
    "digits": (1198, 240, 359),
    "cancer": (379, 76, 114),
    "wine": (118, 24, 36),
    "diabetes": (295, 59, 88),
    "abalone": (2785, 557, 835),
    "wine-quality": (4318, 881, 1298),
    "rt-polarity": (7108, 1422, 2132),
    "review-polarity": (1333, 267, 400),
    "sms-spam": (3736, 737, 1101),
    "cifar10-subset": (6077, 1215, 761),
    "mnist": (50000, 10000, 10000),
    "fashion-mnist": (50000, 10000, 10000),
    "tinyshakespeare": (13942, 1742, 1742),
    "quadratic": (896, 896, 896),
    "rosenbrock": (100, 1, 1),
}
AT_HAND = ("digits", "cancer", "wine", "diabetes", "quadratic", "rosenbrock")


def root_for(row: Row, request: pytest.FixtureRequest) -> Path | None:
    return None if row.data in AT_HAND else request.getfixturevalue("data_root")


def memory(split: Split | None) -> InMemory:
    assert isinstance(split, InMemory)
    return split


def test_the_table_is_that_of_the_definition() -> None:
    assert [(row.name, row.net.text, row.batch, row.epochs, row.goal) for row in rows] == [
        ("digits/logistic", "64-10", 64, 20, "accuracy 94%"),
        ("digits/mlp-1", "64-64-10", 64, 20, "accuracy 96%"),
        ("digits/mlp-2", "64-(64)x2-10", 64, 20, "accuracy 96%"),
        ("digits/mlp-5", "64-(64)x5-10", 64, 20, "accuracy 96%"),
        ("cancer/mlp-1", "30-32-2", 32, 30, "accuracy 95%"),
        ("wine/mlp-1", "13-32-3", 32, 30, "accuracy 95%"),
        ("diabetes/linear", "10-1", 32, 30, "mae 38"),
        ("abalone/mlp-1", "10-32-1", 64, 30, "mae 1.5"),
        ("wine-quality/mlp-1", "12-64-1", 64, 30, "mae 0.53"),
        ("polarity/logistic", "words-2", 64, 10, "accuracy 76%"),
        ("reviews/logistic", "words-2", 32, 10, "accuracy 82%"),
        ("sms/logistic", "words-2", 64, 10, "accuracy 99%"),
        ("sms/mlp-1", "words-16-2", 64, 10, "accuracy 99%"),
        ("mnist/logistic", "784-10", 128, 5, "accuracy 91%"),
        ("mnist/mlp-1", "784-100-10", 128, 5, "accuracy 97%"),
        ("mnist/mlp-2", "784-(256)x2-10", 128, 5, "accuracy 97%"),
        ("mnist/mlp-5", "784-(256)x5-10", 128, 5, "accuracy 97%"),
        ("mnist/2c2d", "conv 32-64, 1024-10", 128, 5, "accuracy 99%"),
        ("fashion/mlp-2", "784-(256)x2-10", 128, 10, "accuracy 88%"),
        ("fashion/2c2d", "conv 32-64, 1024-10", 128, 10, "accuracy 91%"),
        ("cifar-subset/3c3d", "conv 64-96-128, 512-256-10", 128, 20, "accuracy 60%"),
        ("shakespeare/lstm", "lstm 64", 64, 5, "accuracy 48%"),
        ("shakespeare/transformer", "2 layers of 64", 64, 5, "accuracy 45%"),
        ("quadratic/deep", "100 numbers", 128, 100, "loss 90"),
        ("rosenbrock", "2 numbers", 1, 20, "loss 0.001"),
    ]
    assert list(catalog) == [row.name for row in rows]


@pytest.fixture(scope="module", params=rows, ids=lambda row: row.name)
def row(request: pytest.FixtureRequest) -> Row:
    return request.param


@pytest.fixture(scope="module")
def problem(row: Row, request: pytest.FixtureRequest) -> Problem:
    return load(row.name, data=root_for(row, request))


def test_every_row_builds(row: Row, problem: Problem) -> None:
    assert tuple(map(len, problem.splits.values())) == SIZES[row.data]
    assert (problem.name, problem.batch_size, problem.epochs) == (row.name, row.batch, row.epochs)
    assert (problem.target, problem.objective) == (row.target, row.task.objective)
    for split in problem.splits.values():
        x, y = split.take(torch.tensor([0, len(split) - 1]))
        assert row.net.shape in (None, tuple(x.shape[1:]))
        assert {x.dtype, y.dtype} <= {torch.float32, torch.int64}
    probe(problem)


def test_a_fresh_model_knows_nothing_and_a_few_steps_teach_it(problem: Problem) -> None:
    torch.manual_seed(0)
    model = problem.model()
    x, y = problem.train.take(torch.arange(min(32, len(problem.train))))
    optimizer = Adam(model.parameters(), lr=3e-3)
    losses: list[float] = []
    for _ in range(8):
        optimizer.zero_grad()
        loss = problem.loss(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.999 * losses[0]
    if problem.objective == "accuracy":
        classes = model(x[:1]).shape[1]
        assert len(problem.classes or range(classes)) == classes
        assert 0.7 * math.log(classes) < losses[0] < math.log(classes) + 2
        assert losses[-1] < 0.95 * losses[0]


@pytest.mark.filterwarnings("ignore:There is a performance drop")  # torch works off a kernel member by member
def test_many_members_are_trained_at_once(problem: Problem) -> None:
    x, y = problem.train.take(torch.arange(3))
    torch.manual_seed(0)
    members = [problem.model() for _ in range(2)]
    parameters, buffers = stack_module_state(members)  # type: ignore[arg-type]

    def loss(parameters: dict[str, Tensor], buffers: dict[str, Tensor]) -> Tensor:
        return problem.loss(functional_call(members[0], (parameters, buffers), (x,)), y)

    together = vmap(grad(loss))(parameters, buffers)
    for number, member in enumerate(members):
        alone = torch.autograd.grad(problem.loss(member(x), y), list(member.parameters()))
        for (name, _), gradient in zip(member.named_parameters(), alone, strict=True):
            torch.testing.assert_close(together[name][number], gradient, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("name", ["digits/mlp-1", "cancer/mlp-1", "mnist/logistic"])
def test_only_training_is_standardized_exactly(name: str, request: pytest.FixtureRequest) -> None:
    row = next(row for row in rows if row.name == name)
    problem = load(name, data=root_for(row, request))
    axis = 0 if row.data == "cancer" else None
    train, valid = (memory(split).x.double().numpy() for split in (problem.train, problem.valid))
    assert train.mean(axis) == pytest.approx(0, abs=1e-6)
    assert train.std(axis) == pytest.approx(1, abs=1e-6)
    assert abs(valid.mean(axis)).max() > 1e-5


def test_splits_are_stratified_disjoint_and_reproduced() -> None:
    first, again = load("digits/mlp-1"), load("digits/mlp-1")
    total = sum(memory(split).y.bincount() for split in first.splits.values())
    for part, split in first.splits.items():
        share = len(split) / 1797
        assert (memory(split).y.bincount() - share * total).abs().max() < 2
        assert torch.equal(memory(split).x, memory(again.splits[part]).x)
    samples = [row for split in first.splits.values() for row in map(tuple, memory(split).x.tolist())]
    assert len(set(samples)) == 1797


def test_a_fresh_model_each_time_from_the_global_seed() -> None:
    problem = load("digits/logistic")
    torch.manual_seed(0)
    first, second = problem.model(), problem.model()
    torch.manual_seed(0)
    again = problem.model()
    weights = [next(model.parameters()) for model in (first, second, again)]
    assert torch.equal(weights[0], weights[2])
    assert not torch.equal(weights[0], weights[1])


def test_logistic_regression_by_gradient_descent_reaches_the_target() -> None:
    problem = load("digits/logistic")
    torch.manual_seed(0)
    model, train = problem.model(), memory(problem.train)
    for _ in range(150):
        loss = problem.loss(model(train.x), train.y)
        gradients = torch.autograd.grad(loss, list(model.parameters()))
        with torch.no_grad():
            for parameter, gradient in zip(model.parameters(), gradients, strict=True):
                parameter -= 0.2 * gradient
    assert problem.target is not None
    assert problem.evaluate(model, problem.valid)["accuracy"] >= problem.target


def test_unknown_problem() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'digits/mlp-1'"):
        load("digit/mlp-1")


def test_missing_data(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match=r"train-images-idx3-ubyte\.gz[\s\S]*--data DIR or THALWEG_DATA"):
        load("mnist/mlp-2", data=tmp_path)


def test_listing_loads_no_torch() -> None:
    code = "import sys; from thalweg.problems import rows; print(len(rows), {'torch', 'numpy'} & set(sys.modules))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.split("\n")[0] == f"{len(rows)} set()"
