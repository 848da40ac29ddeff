from __future__ import annotations

import sys
from pathlib import Path

import pytest

from thalweg.core.errors import DataError, InputError, InputTypeError, ThalwegError, UnknownNameError
from thalweg.problems.files import from_file, resolve
from thalweg.problems.probe import probe
from thalweg.problems.problem import Problem

SOURCE = """
import torch
from torch import nn
from thalweg.problems import Problem
from neighbour_of_toy import WIDTH

def make(width=WIDTH):
    x = torch.randn(24, width)
    return Problem(name="mine", model=lambda: nn.Linear(width, 2), loss=nn.MSELoss(), train=(x, x[:, :2]))

def needs(argument):
    return make()

def broken():
    return 1 / 0

def no_data():
    return Problem(name="mine", model=nn.Identity, loss=nn.MSELoss(), train=(torch.zeros(0, 1), torch.zeros(0)))

problem = make(4)
number = 3
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "neighbour_of_toy.py").write_text("WIDTH = 3\n")
    path = tmp_path / "toy.py"
    path.write_text(SOURCE)
    return path


@pytest.mark.parametrize(("name", "width"), [(":problem", 4), (":make", 3), ("", 4)])
def test_a_problem_or_a_function(file: Path, name: str, width: int) -> None:
    before = list(sys.path)
    problem = from_file(f"{file}{name}")
    assert isinstance(problem, Problem)
    assert problem.model().in_features == width
    probe(problem)
    assert sys.path == before


def test_a_relative_path(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(file.parent)
    assert resolve("toy.py:problem").name == "mine"


def test_resolve_takes_catalog_names_too(tmp_path: Path) -> None:
    assert resolve("cancer/mlp-1").batch_size == 32
    with pytest.raises(UnknownNameError, match="did you mean 'mnist/mlp-1'"):
        resolve("mnist/mpl-1")
    with pytest.raises(DataError, match="missing"):
        resolve("mnist/mlp-1", data=tmp_path)


@pytest.mark.parametrize("spec", ["none.py:problem", "none.py", "folder.py:problem", "toy.pyc:problem"])
def test_no_such_file(file: Path, spec: str) -> None:
    (file.parent / "folder.py").mkdir()
    (file.parent / "toy.pyc").touch()
    with pytest.raises(InputError, match="There is no Python file"):
        resolve(str(file.parent / spec))


def test_no_such_name(file: Path) -> None:
    with pytest.raises(UnknownNameError) as caught:
        from_file(f"{file}:problm")
    assert "problem in toy.py named 'problm'" in caught.value.what
    assert caught.value.expected == "one of broken, make, no_data, problem"
    assert caught.value.nearest == ["problem"]


@pytest.mark.parametrize(("name", "kind"), [("number", "int"), ("needs", "function"), ("torch", "module")])
def test_a_name_of_another_type(file: Path, name: str, kind: str) -> None:
    with pytest.raises(InputTypeError, match=rf"{name} in toy.py is no problem[\s\S]*got:      {kind}"):
        from_file(f"{file}:{name}")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("\nproblem = 1 +", "line 2: SyntaxError: invalid syntax"),
        ("def f():\n    return missing\nf()", "line 2: NameError: name 'missing'"),
        ("import json\n\njson.loads('{')", "line 3: JSONDecodeError"),
        ("import no_such_module_at_all", "line 1: ModuleNotFoundError"),
        ("import sys\nsys.exit('usage: toy')", "line 2: SystemExit: usage: toy"),
    ],
)
def test_an_error_in_the_file_is_placed(file: Path, code: str, words: str) -> None:
    file.write_text(code)
    before = list(sys.path)
    with pytest.raises(InputError) as caught:
        from_file(f"{file}:problem")
    assert words in str(caught.value)
    assert f"The code of {file} fails" in str(caught.value)
    assert caught.value.__cause__ is not None
    assert sys.path == before


def test_an_error_in_the_function(file: Path) -> None:
    with pytest.raises(InputError, match="line 15: ZeroDivisionError"):
        from_file(f"{file}:broken")
    with pytest.raises(ThalwegError, match="data of train is empty"):
        from_file(f"{file}:no_data")
