"""A name, a class, a function or a name in a file: whatever is given has one registry name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from thalweg import optim
from thalweg.core.errors import InputError, InputTypeError, UnknownNameError
from thalweg.optim import optimizers
from thalweg.optim.given import resolve, resolve_all

PACKAGE = __name__.partition(".")[0]
SOURCE = """
import torch
from torch.optim import AdamW
class Mine(torch.optim.SGD):
    search = (0.01, 1.0)
def slow(parameters, lr): return Mine(parameters, lr=lr / 10)
number = 3
"""


@pytest.fixture(autouse=True)
def registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """What becomes known here is known here alone."""
    monkeypatch.setattr(optimizers, "_entries", dict(optimizers._entries))


def mine(parameters: Any, lr: float = 0.1) -> torch.optim.Optimizer:
    return torch.optim.SGD(parameters, lr=lr)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("adam", "adam"),
        (optim.Adam, "adam"),
        (optim.SGD, "torch-sgd"),
        (optim.NAdam, "nadam"),
        (optim.Newton, "newton"),
        (torch.optim.Adam, "torch.Adam"),
        (mine, f"{PACKAGE}.mine"),
    ],
)
def test_it_has_a_name(given: Any, name: str) -> None:
    assert resolve(given) == resolve(given) == name
    assert resolve_all(given) == resolve_all([given]) == (name,)


def test_a_class_of_torch_is_searched_where_ours_is() -> None:
    assert optimizers[resolve(torch.optim.Adagrad)].search == optimizers["adagrad"].search
    with pytest.raises(InputError, match="says no range"):
        _ = optimizers[resolve(torch.optim.Adafactor)].search


def test_a_file_gives_classes_and_functions(tmp_path: Path) -> None:
    file = tmp_path / "own.py"
    file.write_text(SOURCE, "utf-8")
    assert [resolve(f"{file}:{name}") for name in ("Mine", "slow", "AdamW")] == [
        "own.Mine",
        "own.slow",
        "torch.AdamW",
    ]
    assert optimizers["own.Mine"].search == (0.01, 1.0)
    resolve(f"{file}:Mine")  # read again, it is another class of that name
    with pytest.raises(UnknownNameError, match="did you mean 'Mine'"):
        resolve(f"{file}:Mien")
    with pytest.raises(InputTypeError, match=r"number in own\.py is no optimizer"):
        resolve(f"{file}:number")


@pytest.mark.parametrize(
    "wrong", [lambda parameters, lr: None, 3, torch.nn.Linear, len, torch.optim.SGD([torch.nn.Parameter()])]
)
def test_what_cannot_be_one_is_refused(wrong: Any) -> None:
    with pytest.raises(InputTypeError, match=r"def mine\(parameters, lr=0\.1\)"):
        resolve(wrong)


def test_a_name_that_is_taken_is_refused() -> None:
    def adam(parameters: Any, lr: float = 0.1) -> torch.optim.Optimizer:
        return mine(parameters, lr)

    adam.__module__ = "__main__"
    with pytest.raises(InputError, match="There is an optimizer adam already"):
        resolve(adam)
