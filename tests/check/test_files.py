"""Files: a set-up is named on a command line, and what it cannot be is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from thalweg.check.files import resolve
from thalweg.core.errors import InputError, InputTypeError, UnknownNameError

FILE = """
from functools import partial
import torch
from torch import nn
import thalweg as tw
from thalweg.check.setup import Setup

x, y = torch.randn(30, 4), torch.arange(30) % 3
loss = nn.CrossEntropyLoss()
problem = tw.Problem(name="mine", model=lambda: nn.Linear(4, 3), loss=loss, train=(x, y), epochs=4)

def step(model, optimizer, loss, x, y):
    raise AssertionError("nothing is trained here")

def adam(parameters):
    return torch.optim.Adam(parameters)

whole = {"problem": problem, "optimizer": adam, "train_step": step, "shuffle": False, "epochs": 7}
named = {"problem": problem, "optimizer": "adagrad"}
ready = Setup.of(problem, "sgd", epochs=2)
unknown = {"problem": problem, "optimiser": "adam"}
without = {"optimizer": "adam"}
empty = {}
number = 3
wrong = {"problem": "digits/logistic"}

def later():
    return {"problem": problem, "epochs": 9}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.py"
    path.write_text(FILE)
    return path


def test_a_problem_alone_has_the_defaults(file):
    found = resolve(f"{file}:problem")
    assert (found.problem.name, found.epochs, found.shuffle) == ("mine", 4, True)
    assert found.factory is None
    assert resolve(str(file)).problem.name == "mine"


def test_all_that_check_takes(file):
    found = resolve(f"{file}:whole")
    assert found.factory.__name__ == "adam"
    assert found.train_step.__name__ == "step"
    assert (found.shuffle, found.epochs) == (False, 7)


def test_an_optimizer_by_name_a_set_up_and_a_function(file):
    assert resolve(f"{file}:named").config.optimizer == "adagrad"
    assert (resolve(f"{file}:ready").config.optimizer, resolve(f"{file}:ready").epochs) == ("sgd", 2)
    assert resolve(f"{file}:later").epochs == 9


def test_the_catalog():
    assert resolve("digits/logistic").problem.name == "digits/logistic"


@pytest.mark.parametrize(
    ("name", "error", "said"),
    [
        ("unknown", UnknownNameError, "optimiser(.|\n)*optimizer"),
        ("without", InputTypeError, "no problem(.|\n)*got: *optimizer"),
        ("empty", InputTypeError, "no problem(.|\n)*got: *nothing"),
        ("number", InputTypeError, "number in mine.py is no problem or set-up"),
        ("wrong", InputTypeError, "nothing to check(.|\n)*str"),
        ("absent", UnknownNameError, "absent"),
    ],
)
def test_what_is_no_set_up(file, name, error, said):
    with pytest.raises(error, match=said):
        resolve(f"{file}:{name}")


def test_no_such_file_or_one_that_fails(tmp_path):
    with pytest.raises(InputError, match=r"gone\.py"):
        resolve(str(tmp_path / "gone.py"))
    (tmp_path / "bad.py").write_text("import torch\ntorch.ones(2) @ torch.ones(3)")
    with pytest.raises(InputError, match=r"bad\.py"):
        resolve(str(tmp_path / "bad.py"))
