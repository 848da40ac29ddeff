"""Threads and processes: how many threads work, who else steps, and a fork change no bit."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import torch

from thalweg.engine import team
from thalweg.engine.segment import CHUNK
from thalweg.optim import build

SHAPES = {"long": (600_000,), "matrix": (300, 200), "short": (CHUNK - 1,), "number": ()}
SETTINGS: dict[str, dict[str, float]] = {
    "adam": {"clip_norm": 1.0, "weight_decay": 0.1},
    "lamb": {"weight_decay": 0.1},
    "nesterov": {"l1_prox": 0.1},
}


@pytest.fixture
def restored() -> Iterator[None]:
    """Whatever a test sets, the next one finds one thread."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def run(name: str, make_model: Any, start: int = 0, steps: int = 5) -> list[torch.Tensor]:
    model = make_model(torch.float32, SHAPES, start)
    optimizer = build(name, model.params, SETTINGS[name])
    for step in range(1, steps + 1):
        model.feed(start + step)
        optimizer.step()
    return list(model.bits().values())


def same(a: list[torch.Tensor], b: list[torch.Tensor]) -> bool:
    return all(torch.equal(x, y) for x, y in zip(a, b, strict=True))


@pytest.mark.usefixtures("restored")
@pytest.mark.parametrize("sleeping", [False, True])
@pytest.mark.parametrize("name", SETTINGS)
def test_the_number_of_threads_changes_no_bit(
    name: str, sleeping: bool, make_model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(team, "_is_child", sleeping)  # then the pool works in the place of torch's team
    torch.set_num_threads(1)
    expected = run(name, make_model)
    for threads in (2, 3, 5):
        torch.set_num_threads(threads)
        assert same(run(name, make_model), expected)
    if sleeping:
        assert "thalweg-engine" in {thread.name.split("_")[0] for thread in threading.enumerate()}


@pytest.mark.skipif(sys.platform != "linux", reason="torch has GNU OpenMP on Linux alone")
def test_the_threads_are_those_of_torch() -> None:
    done = subprocess.run([sys.executable, "-c", TEAM], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


TEAM = """
import os, torch
from thalweg.engine.pool import pool
from thalweg.engine.team import threads_for
from thalweg.optim import build

torch.set_num_threads(3)
p = torch.nn.Parameter(torch.ones(1_000_000))
p.grad = torch.ones(1_000_000)
optimizer = build("sgd", [p], {})
p.detach().exp()
before = os.listdir("/proc/self/task")
optimizer.step()
assert threads_for(p.numel()) == 3 and pool._threads == 0
assert os.listdir("/proc/self/task") == before
"""


@pytest.mark.usefixtures("restored")
@pytest.mark.parametrize("threads", [1, 2])
def test_optimizers_in_two_threads_do_not_meet(threads: int, make_model: Any) -> None:
    torch.set_num_threads(threads)
    jobs = [("adam", 0), ("adam", 100), ("lamb", 200), ("nesterov", 300)]
    expected = [run(name, make_model, start, 8) for name, start in jobs]
    begin = threading.Barrier(len(jobs))

    def work(job: tuple[str, int]) -> list[torch.Tensor]:
        begin.wait()
        torch.set_num_threads(threads)
        return run(job[0], make_model, job[1], 8)

    with ThreadPoolExecutor(len(jobs)) as executor:
        found = list(executor.map(work, jobs))
    assert all(same(a, b) for a, b in zip(found, expected, strict=True))


FORK = """
import hashlib, os, sys, torch
from thalweg.engine.pool import pool
from thalweg.engine.team import _parallel
from thalweg.optim import build
torch.set_num_threads(2)
p = torch.nn.Parameter(torch.linspace(-1, 1, 1_000_000))
p.grad = torch.linspace(2, -3, 1_000_000)
optimizer = build("adam", [p], {"clip_norm": 1.0})

def bits():
    for _ in range(3):
        optimizer.step()
    return hashlib.sha256(p.detach().numpy().tobytes()).hexdigest()

optimizer.step()
team = _parallel()
child = os.fork()
if child == 0:
    assert _parallel() is None and pool._threads == 0
    print(bits(), pool._threads, flush=True)
    os._exit(0)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert _parallel() is team and pool._threads == (team is None)
print(bits(), 1, flush=True)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_child_of_a_fork_steps_on_alike() -> None:
    done = subprocess.run([sys.executable, "-c", FORK], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    child, parent = done.stdout.split("\n")[:2]
    assert child == parent
    assert child.endswith(" 1")
