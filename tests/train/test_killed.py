"""A process killed with SIGKILL while it trains or writes, resumed in another: the same final bits."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

TRAIN = """
import dataclasses, hashlib, json, os, signal, sys
from pathlib import Path
import safetensors.torch
from torch import nn
from torch.nn import functional
from thalweg.core.config import Config
from thalweg.core.events import EpochEnded, RunStarted
from thalweg.problems import load
from thalweg.train import Learner, run_learner

folder, kill_in = sys.argv[1:]
calls = {"loss": 0, "save": 0}
save_file = safetensors.torch.save_file

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def loss(output, target):
    calls["loss"] += 1
    if kill_in == "pass" and calls["loss"] == 80:
        die()
    return functional.cross_entropy(output, target)

def save(tensors, path, metadata):
    calls["save"] += 1
    if kill_in == "save" and calls["save"] == 4:
        Path(path).write_bytes(b"half of it")
        die()
    save_file(tensors, path, metadata)

def net():
    return nn.Sequential(nn.Linear(64, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.2), nn.Linear(16, 10))

safetensors.torch.save_file = save
problem = dataclasses.replace(load("digits/mlp-1"), model=net, loss=loss)
settings = {"optimizer": "nesterov", "hyper": {"lr": 0.05}, "schedule": "exponential", "patience": 3, "epochs": 6}
learner, heard = Learner(problem, Config(**settings)), []
run = run_learner(learner, sink=heard.append, checkpoint=folder, resume=True, test=True)
told = {**run.to_json(), "checkpoint": None, "seconds": None}
for epoch in told["epochs"]:
    del epoch["seconds"]
content = {name: tensor.numpy().tobytes() for name, tensor in learner.model.state_dict().items()}
bits = {name: hashlib.sha256(value).hexdigest() for name, value in content.items()}
resumed_at = next(event.resumed_at for event in heard if isinstance(event, RunStarted))
trained = [event.epoch.number for event in heard if isinstance(event, EpochEnded)]
print(json.dumps({"run": told, "bits": bits, "resumed_at": resumed_at, "trained": trained}))
"""

IN_EPOCH = """
import json, os, random, signal, sys
from pathlib import Path
import torch
from torch import nn
from torch.nn import functional
from thalweg.core.config import Config
from thalweg.problems import Problem
from thalweg.train import Learner, course, run_learner

torch.set_num_threads(1)
course.EVERY = 0.0
folder, seed = Path(sys.argv[1]), int(sys.argv[2])
y = torch.arange(500) % 4
x = torch.randn(500, 6, generator=torch.Generator().manual_seed(0)) + torch.eye(4, 6)[y]

def net():
    return nn.Sequential(nn.Linear(6, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.3), nn.Linear(16, 4))

def train(place, kill_at):
    began = []

    def loss(output, target):
        began or print(learner.step, flush=True)
        began.append(learner.step)
        if len(began) == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        return functional.cross_entropy(output, target)

    problem = Problem(name="blobs", model=net, loss=loss, train=(x[:400], y[:400]), valid=(x[400:], y[400:]))
    name, lr = [("nesterov", 0.02), ("adam", 0.005), ("rmsprop-nesterov", 0.001)][seed % 3]
    moving = {} if name == "adam" else {"schedules": {"momentum": ("linear", {"end": 0.5})}}
    settings = {"epochs": 30, "batch_size": 2, "patience": 2, "seed": seed, "schedule": "inverse", **moving}
    learner = Learner(problem, Config(optimizer=name, hyper={"lr": lr}, **settings))
    run = run_learner(learner, checkpoint=place, resume=True)
    told = {**run.to_json(), "checkpoint": None, "seconds": None}
    for epoch in told["epochs"]:
        del epoch["seconds"]
    state = learner.optimizer.state_dict()["state"]
    moments = {f"{key}/{name}": value.tolist() for key, own in state.items() for name, value in own.items()}
    weights = {name: tensor.tolist() for name, tensor in learner.model.state_dict().items()}
    Path(place, "end.json").write_text(json.dumps([told, weights, moments]))

def status(place, kill_at):
    child = os.fork()
    if not child:
        train(place, kill_at)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

ends, draw = [status(folder / "whole", 0)], random.Random(seed)
while ends[-1] or len(ends) == 1:
    ends.append(status(folder / "killed", draw.randrange(120, 450)))
whole, killed = (json.loads(Path(folder, name, "end.json").read_text()) for name in ("whole", "killed"))
print(json.dumps([ends, whole, killed]))
"""


def train(folder: Path, kill_in: str = "nothing") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-c", TRAIN, str(folder), kill_in]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def result(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the run gives when nothing happens to it."""
    return result(train(tmp_path_factory.mktemp("whole")))


@pytest.mark.parametrize("kill_in", ["pass", "save"])
def test_a_killed_run_ends_in_the_same_bits(whole: dict[str, Any], tmp_path: Path, kill_in: str) -> None:
    assert train(tmp_path, kill_in).returncode == -signal.SIGKILL
    resumed = result(train(tmp_path))
    assert whole["trained"] == [1, 2, 3, 4, 5, 6]
    assert (resumed["resumed_at"], resumed["trained"]) == (3, [4, 5, 6])
    assert resumed["run"] == whole["run"]
    assert resumed["bits"] == whole["bits"]


@pytest.mark.parametrize("seed", [1, 5])
def test_a_run_killed_again_and_again_inside_epochs_ends_in_the_same_bits(tmp_path: Path, seed: int) -> None:
    """Data order, dropout, optimizer, schedules and early stopping go on where the last block ended."""
    command = [sys.executable, "-W", "error", "-c", IN_EPOCH, str(tmp_path), str(seed)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    *began, last = done.stdout.splitlines()
    ends, whole, killed = json.loads(last)
    assert ends == [0, *[-signal.SIGKILL] * (len(ends) - 2), 0]
    assert len(ends) == len(began) > 3
    assert any(int(step) % 200 for step in began)  # some were taken up inside an epoch
    assert whole[0]["outcome"] == "stopped_early"
    assert killed == whole
