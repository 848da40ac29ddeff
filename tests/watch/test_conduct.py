"""The door: what cannot be watched is said in a few words."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from tests.watch.loops import net

import thalweg as tw
from thalweg.core.errors import InputError, InputTypeError, StoreError


@pytest.mark.parametrize(
    ("changes", "error", "told"),
    [
        ({"model": torch.nn.functional.relu}, InputTypeError, "no model to watch"),
        ({"optimizer": torch.optim.SGD}, InputTypeError, "no optimizer to watch"),
        ({"loss": "mse"}, InputTypeError, "loss cannot be called"),
        ({"every": 0}, InputError, "every=0"),
        ({"every": 2.5}, InputError, "every=2.5"),
    ],
)
def test_what_cannot_be_watched_is_said(changes, error, told):
    model = net()
    given = {"model": model, "optimizer": torch.optim.SGD(model.parameters()), "store": None, **changes}
    with pytest.raises(error, match=told.replace(".", r"\.")):
        tw.watch(given.pop("model"), given.pop("optimizer"), **given)
    assert not model._forward_pre_hooks


def test_a_store_that_cannot_be_written_is_said_before_anything_is_hooked(tmp_path):
    model = net()
    (tmp_path / "file").write_text("no store")
    with pytest.raises(StoreError):
        tw.watch(model, torch.optim.SGD(model.parameters()), store=tmp_path / "file")
    assert not model._forward_pre_hooks


def test_the_environment_names_the_store(tmp_path, monkeypatch):
    monkeypatch.setenv("THALWEG_STORE", str(tmp_path / "named.db"))
    model = net()
    with tw.watch(model, torch.optim.SGD(model.parameters())) as monitor:
        assert monitor.study == "watch-0001"
    assert (tmp_path / "named.db").is_file()


def test_the_example_is_told_what_is_wrong_with_it(tmp_path):
    example = Path(__file__).parents[2] / "examples" / "loop.py"
    ended = subprocess.run([sys.executable, example], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert ended.stderr.count("thalweg: ") == 1
    assert "train_eval_mode" in ended.stderr
    assert (tmp_path / "loop.html").is_file()
