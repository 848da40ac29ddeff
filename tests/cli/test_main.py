"""The entry point: quick help, completion, exit codes, and a traceback only for those who ask for one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest

from thalweg.optim import optimizers

Thalweg = Callable[..., subprocess.CompletedProcess[str]]
Blobs = Callable[..., str]

COMMANDS = ["compare", "fit", "grow", "problems", "optimizers", "runs", "report"]

HELP = f"""
import contextlib, io, sys
from thalweg.cli.main import main
for asked in [[], *([name] for name in {COMMANDS})]:
    sys.argv = ["thalweg", *asked, "--help"]
    with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):
        main()
print(*sorted({{"torch", "numpy", "scipy", "plotly", "sklearn", "jinja2", "sqlite3"}} & set(sys.modules)))
"""


def test_help_loads_nothing_heavy() -> None:
    said = subprocess.run([sys.executable, "-c", HELP], capture_output=True, text=True, check=True)
    assert said.stdout.split() == []


def test_help_names_every_command(thalweg: Thalweg) -> None:
    said = thalweg("--help")
    assert said.returncode == 0
    assert [name for name in COMMANDS if name not in said.stdout] == []
    for name in COMMANDS:
        asked = thalweg(name, "-h")
        assert asked.returncode == 0
        assert max(map(len, asked.stdout.splitlines())) <= 80


def test_version(thalweg: Thalweg) -> None:
    said = thalweg("--version")
    assert (said.returncode, said.stdout) == (0, f"thalweg {version('thalweg')}\n")


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("thalweg fit digits/", ["digits/logistic", "digits/mlp-1", "digits/mlp-2", "digits/mlp-5"]),
        ("thalweg fit digits/mlp-1 --optimizer ", [*optimizers]),
        ("thalweg sweep digits/mlp-1 --preset ", ["deepobs", "quick"]),
        ("thalweg sweep digits/mlp-1 --sampler g", ["gp", "grid"]),
        ("thalweg optimizers rms", ["rmsprop", "rmsprop-nesterov"]),
        (
            "thalweg compare cancer/mlp-1 --optimizers sgd,ada",
            [f"sgd,{name}" for name in optimizers if name.startswith("ada")],
        ),
    ],
)
def test_the_shell_completes_names(words: str, offered: list[str], process: Thalweg) -> None:
    count = str(len(words.split(" ")) - 1)
    said = process(_THALWEG_COMPLETE="complete_bash", COMP_WORDS=words, COMP_CWORD=count)
    assert sorted(said.stdout.split()) == sorted(offered)


def test_an_error_has_exit_code_1_and_no_traceback_as_a_process(process: Thalweg) -> None:
    said = process("fit", "digits/mpl-1")
    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr.startswith("error: There is no problem named 'digits/mpl-1'.\n")
    assert "Traceback" not in said.stderr


def test_debug_gives_the_traceback(process: Thalweg) -> None:
    said = process("--debug", "fit", "absent.py")
    assert said.returncode == 1
    assert said.stderr.startswith("Traceback")
    assert "thalweg.core.errors.InputError: There is no Python file absent.py" in said.stderr


def test_what_nobody_foresaw_is_a_line_too(
    thalweg: Thalweg, blobs: Blobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*given: object, **named: object) -> None:
        raise RuntimeError("first line\nsecond line")

    monkeypatch.setattr("thalweg.train.run_learner", broken)
    said = thalweg("fit", blobs())
    assert said.returncode == 1
    assert said.stderr == "error: RuntimeError: first line\n  do this:  run it again with --debug to see where\n"
    assert "interrupted" in thalweg("runs").stdout
    with pytest.raises(RuntimeError, match="second line"):
        thalweg("fit", blobs(), "--debug")


def test_a_reader_that_stops_listening_is_no_error() -> None:
    command = [Path(sys.executable).with_name("thalweg"), "problems"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.stderr.read() == ""
