from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from thalweg.core.errors import MissingDataError, UnknownNameError
from thalweg.data.batches import InMemory, Split
from thalweg.problems.catalog import Row, catalog, load, rows
from thalweg.problems.probe import probe

SIZES = {
    "digits": (1198, 240, 359),
    "cancer": (379, 76, 114),
    "mnist": (50000, 10000, 10000),
    "fashion-mnist": (50000, 10000, 10000),
}


def root_for(row: Row, request: pytest.FixtureRequest) -> Path | None:
    return None if row.data in ("digits", "cancer") else request.getfixturevalue("data_root")


def memory(split: Split | None) -> InMemory:
    assert isinstance(split, InMemory)
    return split


def test_the_table_is_that_of_the_definition() -> None:
    assert [(row.name, row.net, row.batch, row.epochs, row.target) for row in rows] == [
        ("digits/logistic", "64-10", 64, 20, 0.94),
        ("digits/mlp-1", "64-64-10", 64, 20, 0.96),
        ("digits/mlp-2", "64-(64)x2-10", 64, 20, 0.96),
        ("digits/mlp-5", "64-(64)x5-10", 64, 20, 0.96),
        ("cancer/mlp-1", "30-32-2", 32, 30, 0.95),
        ("mnist/logistic", "784-10", 128, 5, 0.91),
        ("mnist/mlp-1", "784-100-10", 128, 5, 0.97),
        ("mnist/mlp-2", "784-(256)x2-10", 128, 5, 0.97),
        ("mnist/mlp-5", "784-(256)x5-10", 128, 5, 0.97),
        ("fashion/mlp-2", "784-(256)x2-10", 128, 10, 0.88),
    ]
    assert list(catalog) == [row.name for row in rows]


@pytest.mark.parametrize("row", rows, ids=lambda row: row.name)
def test_every_row_builds(row: Row, request: pytest.FixtureRequest) -> None:
    problem = load(row.name, data=root_for(row, request))
    assert tuple(map(len, problem.splits.values())) == SIZES[row.data]
    assert (problem.name, problem.batch_size, problem.epochs) == (row.name, row.batch, row.epochs)
    assert (problem.target, problem.objective) == (row.target, "accuracy")
    assert len(problem.classes or ()) == row.widths[-1]
    for split in problem.splits.values():
        x, y = split.take(torch.tensor([0, 1]))
        assert (x.shape, x.dtype) == ((2, row.widths[0]), torch.float32)
        assert (y.shape, y.dtype) == ((2,), torch.int64)
    linear = [layer for layer in problem.model().modules() if isinstance(layer, nn.Linear)]
    assert (linear[0].in_features, *(layer.out_features for layer in linear)) == row.widths
    probe(problem)


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
    assert told.stdout.split("\n")[0] == "10 set()"
