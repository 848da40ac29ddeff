"""`thalweg check`: what a file holds is checked as in Python, and the exit code says what came of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from thalweg.check.diagnosis import Diagnosis

LATER = """
problem = tw.Problem(**settings)

def frozen():
    return nn.Linear(4, 3).requires_grad_(False)

def step(model, optimizer, loss, x, y):
    optimizer.zero_grad()
    value = loss(model(x), y)
    value.backward()
    optimizer.step()
    return value

def sgd(parameters):
    return torch.optim.SGD(parameters, lr=0.125)

faulty = tw.Problem(**{**settings, "model": lambda: nn.Sequential(nn.Linear(4, 6), nn.Linear(5, 3))})
whole = {"problem": problem, "optimizer": sgd, "train_step": step, "shuffle": False, "epochs": 7}
misspelt = {"problem": problem, "optimiser": "adam"}
empty = tw.Problem(**{**settings, "model": nn.Identity})
"""


@pytest.fixture
def checked(thalweg, blobs):
    """Check a name of a user's file within a second, where no other budget is given."""
    file = blobs(LATER).partition(":")[0]

    def call(name, *options):
        budget = () if "--budget" in options else ("--budget", "1s")
        return thalweg("check", f"{file}:{name}", *budget, *options)

    return call


@pytest.fixture
def diagnosed(checked):
    """The diagnosis that a call prints as JSON."""

    def call(name, *options):
        said = checked(name, "--json", *options)
        assert said.stderr == ""
        return said.returncode, Diagnosis.from_json(json.loads(said.stdout))

    return call


@pytest.fixture
def finds(monkeypatch):
    """Let one look be all there are, which finds one fault of a severity."""

    def put(severity):
        from thalweg.check.look import Look, Suspicion
        from thalweg.core.finding import Finding, Severity

        found = Finding(
            fault="lr_too_low",
            severity=Severity(severity),
            where="rate",
            evidence="it crawls",
            remedy="a higher one",
        )
        look = Look(
            name="odd",
            question="Odd?",
            faults=("lr_too_low",),
            trains=False,
            function=lambda subject: iter([Suspicion(finding=found)]),
        )
        monkeypatch.setattr("thalweg.check.inquiry.all_looks", lambda: [look])

    return put


@pytest.mark.parametrize(
    ("severity", "options", "code"),
    [
        ("error", (), 1),
        ("warning", (), 0),
        ("note", (), 0),
        ("error", ("--strict",), 1),
        ("warning", ("--strict",), 1),
        ("note", ("--strict",), 0),
        ("error", ("--json",), 1),
        ("warning", ("--json",), 0),
    ],
)
def test_the_exit_code(checked, finds, severity, options, code):
    finds(severity)
    said = checked("problem", *options)
    assert said.returncode == code
    assert "it crawls" in said.stdout
    assert said.stderr == ""


def test_a_real_fault_of_a_real_file(checked):
    said = checked("faulty", "--budget", "5s")
    assert said.returncode == 1
    words = " ".join(said.stdout.split())
    assert "error: tensor_shape, 1" in words
    assert "(16, 6)" in words
    assert max(map(len, said.stdout.splitlines())) <= 80


@pytest.mark.parametrize(
    ("name", "options", "told"),
    [
        ("problem", ("--budget", "soon"), "no time"),
        ("problem", ("--optimizer", "adamant"), "adamant"),
        ("problem", ("--set", "warmth=1"), "warmth"),
        ("absent", (), "absent"),
        ("misspelt", (), "optimiser"),
        ("empty", (), "no parameters"),
        ("whole", ("--lr", "0.1"), "its own function"),
        ("problem", ("--out", "no/such/folder/page.html"), "no/such/folder"),
    ],
)
def test_what_cannot_be_checked_is_2(checked, name, options, told):
    said = checked(name, *options)
    assert said.returncode == 2
    assert told in said.stderr
    assert "Traceback" not in said.stderr
    assert said.stdout == ""


def test_no_such_problem_and_no_such_file(thalweg):
    for name in ("digits/logstic", "gone.py:problem"):
        said = thalweg("check", name)
        assert (said.returncode, said.stdout) == (2, "")
        assert name.partition(":")[0] in said.stderr


def test_json_is_the_diagnosis_and_nothing_else(diagnosed):
    code, found = diagnosed("faulty", "--seed", "3")
    assert (code, found.errors[0].fault) == (1, "tensor_shape")
    assert (found.problem, found.budget) == ("blobs", 1.0)
    assert found.environment.command.startswith("thalweg check ")
    assert "--seed 3" in found.environment.command


def test_a_set_up_from_a_file_is_taken_whole(diagnosed):
    code, found = diagnosed("whole")
    assert code in (0, 1)
    assert "SGD" in found.config.optimizer
    assert (found.config.hyper["lr"], found.config.epochs) == (0.125, 7)


def test_options_go_before_the_file(diagnosed):
    _, found = diagnosed(
        "problem", "-o", "adam", "--lr", "0.5", "--set", "beta1=0.8", "--batch-size", "8", "--epochs", "3"
    )
    config = found.config
    assert (config.optimizer, config.hyper["lr"], config.hyper["beta1"]) == ("adam", 0.5, 0.8)
    assert (config.batch_size, config.epochs) == (8, 3)
    _, found = diagnosed("whole", "-o", "adagrad")
    assert found.config.optimizer == "adagrad"


def test_a_budget_too_small_says_what_was_left(checked):
    said = checked("problem", "--budget", "0.000001")
    assert said.returncode == 0
    assert "nothing could be asked" in said.stdout
    assert said.stdout.count("the budget left no time") == 1
    assert said.stdout.partition("the budget left no time")[2].count("?") > 20


def test_a_page_is_written(checked, finds, tmp_path: Path):
    finds("error")
    said = checked("problem", "--out", "page.html")
    assert said.returncode == 1
    assert said.stdout.rstrip().endswith("page.html")
    assert "it crawls" in (tmp_path / "page.html").read_text()
    assert "it crawls" in said.stdout


def test_an_interrupt_is_130(checked, monkeypatch):
    def interrupted(*arguments, **how):
        raise KeyboardInterrupt

    monkeypatch.setattr("thalweg.check.conduct.conduct", interrupted)
    assert checked("problem").returncode == 130
