"""Parcels: what users define reaches another process; what cannot is named."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from thalweg.core.config import Config
from thalweg.core.errors import InputError
from thalweg.execute import Job
from thalweg.execute.parcel import pack, unpack
from thalweg.problems import Problem

NEIGHBOUR = """
def scale():
    return 0.5
"""
TRAIN = """
from dataclasses import dataclass

import torch
from torch import nn
import thalweg as tw
from thalweg.formula import Fraction, NonNegative, sign
import scaling

print("the file runs", flush=True)

@tw.rule(reference="Bernstein et al. 2018, Algorithm 1", search=(1e-6, 1e-2))
def ours(p, g, m, *, lr: NonNegative = 1e-4, beta: Fraction = 0.9):
    m = beta * m + (1 - beta) * g
    return p - lr * sign(m), m

@dataclass
class Width:
    hidden: int = 8

class Net(nn.Module):
    def __init__(self, width=Width()):
        super().__init__()
        self.first, self.last = nn.Linear(4, width.hidden), nn.Linear(width.hidden, 3)

    def forward(self, x):
        return self.last(torch.tanh(self.first(x)) * scaling.scale())

x, y = torch.randn(60, 4), torch.arange(60) % 3
problem = tw.Problem(name="ours", model=Net, loss=lambda o, t: nn.functional.cross_entropy(o, t), train=(x, y))
"""
SCRIPT = """
import dataclasses, os, sys
from pathlib import Path
import torch
from torch import nn
from thalweg.core.config import Config
from thalweg.core.events import EpochEnded
from thalweg.execute import Job, processes, sequential
from thalweg.problems import Problem, resolve

print("the script runs", flush=True)
torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
pids = Path(sys.argv[2])

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 3)

    def forward(self, x):
        return self.layer(x)

def loss(output, target):
    if not (pids / str(os.getpid())).exists():
        print("a worker prints", flush=True)
        (pids / str(os.getpid())).touch()
    return nn.functional.cross_entropy(output, target)

def bare(runs):
    return [[dataclasses.replace(epoch, seconds=0) for epoch in run.epochs] for run in runs]

def sink(event):
    if event.run_id == "long" and isinstance(event, EpochEnded) and event.epoch.number == 3:
        print("long", flush=True)

theirs = resolve(sys.argv[1])
mine = Problem(name="mine", model=Net, loss=loss, train=(torch.randn(60, 4), torch.arange(60) % 3))
jobs = [Job("theirs", theirs, Config(optimizer="ours", epochs=2)), Job("mine", mine, Config(epochs=2))]
jobs.append(Job("long", mine, Config(epochs=3)))
(pids / str(os.getpid())).touch()
print(bare(processes(jobs, workers=1)) == bare(sequential(jobs)), flush=True)
print("ends", flush=True)
processes([Job("long", mine, Config(epochs=10**6, hyper={"lr": 1e-9}))], sink)
"""


@pytest.fixture(scope="module")
def split() -> Any:
    return torch.randn(12, 4, generator=torch.Generator().manual_seed(0)), torch.arange(12) % 3


def job(split: Any, **changed: Any) -> Job:
    given = {"name": "toy", "model": lambda: nn.Linear(4, 3), "loss": nn.CrossEntropyLoss(), "train": split}
    return Job("a", Problem(**{**given, **changed}), Config())


def test_a_script_without_a_main_guard_and_a_file_of_the_user(tmp_path: Path) -> None:
    """Their classes, lambdas, rules and neighbours; when the script is killed, its workers end."""
    folder, pids = tmp_path / "of the user", tmp_path / "pids"
    for place in (folder, pids):
        place.mkdir()
    for path, text in {
        folder / "scaling.py": NEIGHBOUR,
        folder / "train.py": TRAIN,
        tmp_path / "a.py": SCRIPT,
    }.items():
        path.write_text(text)
    command = [sys.executable, "-W", "error", str(tmp_path / "a.py"), f"{folder / 'train.py'}:problem", str(pids)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        lines = [process.stdout.readline().strip() for _ in range(5)]
        process.send_signal(signal.SIGKILL)
        told = process.communicate(timeout=60)[1]  # until the last who could write is gone
    assert lines == ["the script runs", "the file runs", "True", "ends", "long"], told
    assert told == "a worker prints\n" * 2
    assert len([*pids.iterdir()]) == 3


@pytest.mark.parametrize("part", ["model", "loss"])
def test_what_cannot_be_sent_is_named(split: Any, part: str) -> None:
    lock = threading.Lock()

    def of_a_lock(*given: Any) -> Any:
        return lock, given

    with pytest.raises(InputError, match=f"The {part} of toy cannot be sent to another process") as caught:
        pack([job(split), job(split, **{part: of_a_lock})])
    assert "TypeError: cannot pickle '_thread.lock' object" in str(caught.value)
    assert "choose the executor sequential" in str(caught.value)


def test_a_dataset_that_cannot_be_sent_is_named(split: Any, tmp_path: Path) -> None:
    class Rows(torch.utils.data.Dataset[Any]):
        def __init__(self) -> None:
            self.file = (tmp_path / "rows").open("w")

        def __len__(self) -> int:
            return 12

        def __getitem__(self, i: int) -> Any:
            return split[0][i], split[1][i]

    rows = Rows()
    with pytest.raises(InputError, match="The valid of toy cannot be sent"):
        pack([job(split, valid=rows)])
    rows.file.close()


class Unknown:
    """What only this process can make."""

    def __reduce__(self) -> Any:
        return exec, ("import not_to_be_found_anywhere",)

    def __call__(self) -> nn.Module:
        return nn.Linear(4, 3)


def test_what_cannot_be_rebuilt_is_an_error(split: Any) -> None:
    with pytest.raises(InputError, match="cannot be rebuilt") as caught:
        unpack(pack([job(split, model=Unknown())]))
    assert "No module named 'not_to_be_found_anywhere'" in str(caught.value)


def test_what_jobs_share_is_sent_once() -> None:
    problem = job((torch.randn(3000, 20), torch.arange(3000) % 3)).problem
    one = len(pack([Job("a", problem, Config())]))
    many = pack([Job(str(k), problem, Config(seed=k)) for k in range(20)])
    assert len(many) < 1.1 * one
    jobs = unpack(many)
    assert len({id(job.problem) for job in jobs}) == 1
    assert torch.equal(jobs[7].problem.valid.take(torch.arange(9))[0], problem.valid.take(torch.arange(9))[0])
    assert [job.config.seed for job in jobs] == list(range(20))
