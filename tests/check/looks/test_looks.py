"""All static looks together: quiet where all is well, whatever they are given, and quick."""

from __future__ import annotations

import time

import pytest
import torch
from torch import nn

from thalweg.check.look import Suspicion, looks
from thalweg.check.setup import Setup
from thalweg.check.subject import Subject
from thalweg.core.finding import Severity
from thalweg.data import FromDataset
from thalweg.problems import load
from thalweg.problems.catalog import rows

STATIC = [name for name in looks if not looks[name].trains and ".looks." in looks[name].function.__module__]


def all_of(setup):
    subject = Subject(setup)
    return [one for name in STATIC for one in looks[name].function(subject)]


@pytest.mark.parametrize("name", [row.name for row in rows])
@pytest.mark.parametrize("optimizer", ["adam", "momentum"])
def test_the_catalog_is_healthy(name, optimizer, data_root):
    seen = all_of(Setup.of(load(name, data=data_root), optimizer))
    assert [one.finding for one in seen if isinstance(one, Suspicion)] == []
    assert len(seen) >= 10 or name in ("rosenbrock", "quadratic/deep")


def test_looks_do_not_touch_what_they_look_at(small_digits, setup_of):
    def make():
        return nn.Sequential(
            nn.Linear(64, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Dropout(0.5), nn.Linear(32, 10), nn.Softmax(1)
        )

    given = setup_of(small_digits, make)
    subject = Subject(given)
    before = {name: value.clone() for name, value in subject.model.state_dict().items()}
    modes = [module.training for module in subject.model.modules()]
    inputs, drawn = given.problem.train.x.clone(), torch.random.get_rng_state()
    found = [one for name in STATIC for one in looks[name].function(subject)]
    assert any(isinstance(one, Suspicion) for one in found)
    assert all(torch.equal(value, before[name]) for name, value in subject.model.state_dict().items())
    assert [module.training for module in subject.model.modules()] == modes
    assert torch.equal(given.problem.train.x, inputs)
    assert torch.equal(torch.random.get_rng_state(), drawn)
    assert all(p.grad is None for p in subject.model.parameters())
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in subject.model.modules())


class Failing(nn.Module):
    """A net that cannot run."""

    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(64, 32), nn.Linear(31, 10)

    def forward(self, x):
        return self.last(self.first(x))


class Several(nn.Module):
    """A net that gives several outputs."""

    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(64, 32), nn.Linear(32, 10)

    def forward(self, x):
        h = torch.relu(self.first(x))
        return self.last(h), h


def fails(output, y):
    raise RuntimeError("no loss")


def of_first(output, y):
    return nn.functional.cross_entropy(output[0], y)


@pytest.mark.parametrize(
    ("data", "model", "loss"),
    [
        (lambda x, y: (x, y), Failing, nn.CrossEntropyLoss()),
        (lambda x, y: (x, y), Several, of_first),
        (lambda x, y: (x, y), lambda: nn.Linear(64, 10), fails),
        (lambda x, y: (x, y), lambda: nn.Linear(64, 10), lambda output, y: output),
        (lambda x, y: (x.to(torch.complex64), y), lambda: nn.Linear(64, 10), nn.CrossEntropyLoss()),
        (lambda x, y: (x[:2], y[:2]), lambda: nn.Linear(64, 10), nn.CrossEntropyLoss()),
        (lambda x, y: (x.long(), y), lambda: nn.Linear(64, 10), nn.CrossEntropyLoss()),
        (lambda x, y: (x[:, 0], y), lambda: nn.Linear(64, 10), nn.CrossEntropyLoss()),
        (lambda x, y: (x > 0, y), lambda: nn.Linear(64, 10), nn.CrossEntropyLoss()),
        (lambda x, y: (x.double(), y.double()), lambda: nn.Linear(64, 10), nn.MSELoss()),
        (lambda x, y: (x.half(), y), lambda: nn.Linear(64, 10).half(), nn.CrossEntropyLoss()),
        (
            lambda x, y: (x, (y[:, None] * torch.ones(3)).to(torch.complex64)),
            lambda: nn.Linear(64, 3),
            nn.MSELoss(),
        ),
        (
            lambda x, y: FromDataset([*zip(x[:50], y[:50], strict=True)]),
            lambda: nn.Linear(64, 10),
            nn.CrossEntropyLoss(),
        ),
    ],
)
def test_looks_bear_what_cannot_be_trained(data, model, loss, small_digits, setup_of):
    given = data(*small_digits)
    all_of(setup_of(given, model, loss, valid=given, metrics=[]))


def test_looks_take_less_than_two_seconds_of_a_processor(data_root):
    setup = Setup.of(load("mnist/mlp-2", data=data_root), "adam")
    before = time.process_time()
    seen = all_of(setup)
    assert time.process_time() - before < 2
    assert not any(isinstance(one, Suspicion) and one.finding.severity is not Severity.NOTE for one in seen)
