"""The command line, called in this process or as a process of its own, at 80 columns in an empty folder."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from thalweg.cli.main import main

Said = subprocess.CompletedProcess[str]
Thalweg = Callable[..., Said]

BLOBS = """
import torch
from torch import nn
import thalweg as tw

y = torch.arange(120) % 3
x = torch.randn(120, 4, generator=torch.Generator().manual_seed(0)) + torch.eye(3, 4)[y]
settings = dict(
    name="blobs", model=lambda: nn.Linear(4, 3), loss=nn.CrossEntropyLoss(), train=(x[:90], y[:90]),
    test=(x[90:], y[90:]), target=0.5, batch_size=16, epochs=2,
)
"""


@pytest.fixture(autouse=True)
def plain_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """80 columns, no colours, an empty working folder and nothing set by the environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    for name in ("THALWEG_DATA", "THALWEG_STORE", "FORCE_COLOR", "CLICOLOR_FORCE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def thalweg(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Thalweg:
    """Call the entry point in this process; returns exit code, output and errors."""

    def call(*arguments: str | Path) -> Said:
        typed = ["thalweg", *map(str, arguments)]
        monkeypatch.setattr(sys, "argv", typed)
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main()
        code = end.value.code
        return Said(typed, code if isinstance(code, int) else 0, *capsys.readouterr())

    return call


@pytest.fixture
def process() -> Thalweg:
    """Run the installed command as a process of its own."""

    def run(*arguments: str | Path, **environment: str) -> Said:
        command = [Path(sys.executable).with_name("thalweg"), *arguments]
        surroundings = {**os.environ, **environment}
        return subprocess.run(command, capture_output=True, text=True, check=False, env=surroundings)

    return run


@pytest.fixture
def blobs(tmp_path: Path) -> Callable[..., str]:
    """Write a user's file with a problem that trains in milliseconds; returns ``file.py:problem``."""

    def write(last: str = "problem = tw.Problem(**settings)", name: str = "mine.py") -> str:
        file = tmp_path / name
        file.write_text(f"{BLOBS}\n{last}\n")
        return f"{name}:problem"

    return write
