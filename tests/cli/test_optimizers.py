"""`thalweg optimizers` shows all that a rule declares, on 80 columns."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from thalweg.formula.latex import latex
from thalweg.optim import Named, optimizers
from thalweg.rules import options

Thalweg = Callable[..., subprocess.CompletedProcess[str]]


def test_every_optimizer_is_listed(thalweg: Thalweg) -> None:
    said = thalweg("optimizers")
    assert said.returncode == 0
    firsts = [line.split()[0] for line in said.stdout.splitlines() if line.strip()]
    assert [name for name in optimizers if name not in firsts] == []
    assert [name for name in optimizers if optimizers[name].kind.__name__ not in said.stdout] == []
    assert max(map(len, said.stdout.splitlines())) <= 80


@pytest.mark.parametrize("name", [*optimizers])
def test_one_is_shown_whole(name: str, thalweg: Thalweg) -> None:
    said, entry = thalweg("optimizers", name), optimizers[name]
    flat = " ".join(said.stdout.split())
    assert said.returncode == 0
    formula = latex(entry.rule) if isinstance(entry, Named) else []
    assert max(len(line) for line in said.stdout.splitlines() if line not in formula) <= 80
    assert [line for line in formula if line not in said.stdout.splitlines()] == []
    assert entry.summary in flat
    assert entry.reference in flat
    assert f"thalweg.optim.{entry.kind.__name__}" in flat
    low, high = entry.search
    assert f"tuned in [{low:g}, {high:g}]" in flat
    rows = {line.split()[0]: line for line in said.stdout.splitlines() if line.strip()}
    for key, hyper in entry.hypers().items():
        assert f"{hyper.default:g}" in rows[key].split()
        assert repr(hyper.interval) in rows[key]
    assert [flag for flag in entry.flags if "True, False" not in rows[flag]] == []


@pytest.mark.parametrize("name", [name for name in optimizers if isinstance(optimizers[name], Named)])
def test_the_formula_is_not_cut(name: str, thalweg: Thalweg) -> None:
    flat = "".join(thalweg("optimizers", name).stdout.split())
    for symbol, hyper in optimizers[name].rule.hypers.items():
        assert f"{symbol}={hyper.default!r}" in flat


def test_symbols_of_the_formula_are_tied_to_their_names(thalweg: Thalweg) -> None:
    lines = thalweg("optimizers", "rmsprop-nesterov").stdout.splitlines()
    assert any(line.split()[:1] == ["momentum"] and "alpha in the formula" in line for line in lines)
    assert any(line.split()[:1] == ["eps"] and "delta in the formula" in line for line in lines)


def test_every_option_says_what_it_does(thalweg: Thalweg) -> None:
    flat = " ".join(thalweg("optimizers", "sgd").stdout.split())
    for option in options:
        assert " ".join((option.function.__doc__ or "").split()).split(" (")[0].split(":")[0] in flat


def test_a_rule_of_ones_own_is_shown_by_the_name_of_its_file(thalweg: Thalweg, tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text("import thalweg\n\n\n@thalweg.rule\ndef plain(p, g, *, lr=0.1):\n    return p - lr * g\n")
    lines = thalweg("optimizers", f"{file}:plain").stdout.splitlines()
    assert "in PyTorch: mine.plain" in lines
    assert "reference:  none given" in lines
    assert r"\theta \leftarrow \theta - \epsilon g" in lines


def test_a_class_of_ones_own_is_shown_by_its_settings(
    thalweg: Thalweg, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(optimizers, "_entries", dict(optimizers._entries))
    file = tmp_path / "mine.py"
    file.write_text("import torch\nclass Mine(torch.optim.SGD): pass\ndef slow(p, lr): return Mine(p, lr)\n")
    said = thalweg("optimizers", f"{file}:Mine").stdout
    assert "in PyTorch: mine.Mine" in said.splitlines()
    assert "nesterov" in said
    assert "the range that --search gives" in " ".join(said.split())
    assert "nan" not in thalweg("optimizers", f"{file}:slow").stdout
