"""Conduct: `thalweg.check` gives a diagnosis of whatever it is handed, and leaves no trace on it."""

from __future__ import annotations

import random
from copy import deepcopy
from functools import partial

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import thalweg as tw
from thalweg.check.conduct import MOMENTS
from thalweg.check.suite import all_looks
from thalweg.core.config import Config
from thalweg.core.errors import DataError, InputError, InputTypeError, ModelError, UnknownNameError
from thalweg.core.finding import Severity
from thalweg.problems import Problem
from thalweg.problems.metrics import Metric

LOSS = nn.CrossEntropyLoss()


@pytest.fixture
def problem(blobs, mlp):
    """Make a problem of a plain net on blobs, where nothing else is said."""

    def make(data=None, **how) -> Problem:
        how = {"model": mlp(4, 8, 3), "loss": LOSS, "batch_size": 16, **how}
        return Problem(name="case", train=blobs if data is None else data, **how)

    return make


def copies(module: nn.Module) -> list[Tensor]:
    grads = [p.grad for p in module.parameters() if p.grad is not None]
    return [tensor.detach().clone() for tensor in (*module.parameters(), *module.buffers(), *grads)]


def generators() -> list[bytes]:
    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002
    return [
        repr(python).encode(),
        repr(numpy[1:]).encode() + numpy[1].tobytes(),
        torch.get_rng_state().numpy().tobytes(),
    ]


class Mine:
    """What a user has after an hour at the prompt: a model, an optimizer with a state, a loss, data, a seed."""

    def __init__(self, x: Tensor, y: Tensor) -> None:
        torch.manual_seed(3)
        self.x, self.y, self.loss = x.clone(), y.clone(), nn.CrossEntropyLoss(weight=torch.ones(3))
        self.model = nn.Sequential(
            nn.ReLU(inplace=True), nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.1), nn.Linear(8, 3)
        )
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=0.01)
        self.loss(self.model(x.clone()), y).backward()
        self.optimizer.step()
        self.model[3].eval()

    def augment(self, x: Tensor) -> Tensor:
        """Draw from each generator, and change the batch in place."""
        return x.mul_(1 + 0.01 * (random.random() + np.random.random() + torch.rand(()).item()))  # noqa: NPY002

    def state(self) -> list[object]:
        modes = [module.training for module in self.model.modules()]
        hooks = [len(module._forward_hooks) + len(module._forward_pre_hooks) for module in self.model.modules()]
        tensors = [self.x.clone(), self.y.clone(), self.loss.weight.clone(), *copies(self.model)]
        numbers = [tensor.numpy().tobytes() for tensor in tensors]
        return [modes, hooks, numbers, repr(self.optimizer.state_dict()), generators(), torch.get_num_threads()]


@pytest.mark.parametrize("shared", [True, False])
def test_all_that_the_user_has_is_as_before_bit_for_bit(blobs, shared):
    mine = Mine(*blobs)
    model = (lambda: mine.model) if shared else (lambda: deepcopy(mine.model))
    optimizer = (lambda parameters: mine.optimizer) if shared else partial(torch.optim.Adam, lr=0.01)
    given = Problem(
        name="mine", model=model, loss=mine.loss, train=(mine.x, mine.y), augment=mine.augment, batch_size=16
    )
    before = mine.state()
    found = tw.check(given, optimizer, budget=4)
    assert found.trace is not None
    assert mine.state() == before
    assert mine.optimizer.param_groups[0]["params"][0] is mine.model[1].weight


def test_generators_come_back_from_an_error_too(problem):
    before = generators()
    with pytest.raises(ModelError):
        tw.check(problem(model=lambda: nn.Identity(torch.rand(3))))
    assert generators() == before


def test_a_budget_too_small_says_what_it_left_unchecked(problem):
    found = tw.check(problem(), budget=1e-6)
    assert (found.findings, found.passed, found.trace) == ((), (), None)
    assert list(found.unchecked) == [
        f"{look.question} Not asked: the budget left no time." for look in all_looks()
    ]
    assert found.budget == 1e-6


def test_every_look_is_accounted_for(problem):
    found = tw.check(problem(), budget=0.1)
    unasked = {look.name for look in all_looks() if any(s.startswith(look.question) for s in found.unchecked)}
    assert unasked
    assert not unasked & {one.name for one in found.passed}
    assert found.seconds < 3


def test_looks_that_raise_lose_nothing(problem, only, ask, suspect):
    looks = ask("odd", ValueError("odd")), ask("seen", suspect()), ask("worse", KeyError("odd"), trains=True)
    only(*looks)
    found = tw.check(problem())
    assert [one.fault for one in found.findings] == ["lr_too_low"]
    assert [sentence.split("?")[0] for sentence in found.unchecked] == ["What of odd", "What of worse"]


def test_the_same_seed_gives_the_same_findings(problem, only, ask, suspect):
    def measured(subject):
        return suspect(where=f"{subject.trace.losses[-1]!r}", change=lambda setup: setup.replace(rate=0.1))

    only(ask("course", measured, trains=True))
    first, again, other = (tw.check(problem(), "adam", seed=seed).findings for seed in (1, 1, 2))
    assert first == again
    assert first[0].proof.seeds >= 2
    assert first[0].where != other[0].where


def test_the_trace_is_thinned_and_the_config_that_of_the_users_optimizer(problem, only, ask):
    only(ask("course", lambda subject: subject.trace and None, trains=True))
    found = tw.check(problem(), partial(torch.optim.SGD, lr=0.25), epochs=3)
    assert len(found.trace.moments) == MOMENTS
    assert (found.trace.moments[0].step, found.trace.moments[-1].step) == (0, len(found.trace.losses) - 1)
    assert "SGD" in found.config.optimizer
    assert (found.config.hyper["lr"], found.config.epochs) == (0.25, 3)
    assert "SGD" in tw.check(problem(), partial(torch.optim.SGD, lr=0.25), budget=1e-6).config.optimizer
    found = tw.check(problem(), Config(optimizer="adagrad", hyper={"lr": 0.5}))
    assert (found.config.optimizer, found.config.hyper["lr"]) == ("adagrad", 0.5)


def test_a_model_that_cannot_run_is_a_finding(problem, mlp):
    found = tw.check(problem(model=mlp(4, 8, 3, end=lambda: nn.Linear(5, 3))), budget=10)
    first = found.findings[0]
    assert (first.fault, first.severity, first.where) == ("tensor_shape", Severity.ERROR, "3")
    assert "(16, 3)" in first.evidence
    assert "Linear(in_features=5" in first.evidence
    assert sum("the set-up cannot run" in said for said in found.unchecked) == sum(
        one.trains for one in all_looks()
    )
    assert found.trace is None


@pytest.mark.parametrize(
    ("loss", "fault"),
    [
        (nn.CrossEntropyLoss(reduction="none"), "wrong_loss"),
        (lambda output, y: LOSS(output, y).item(), "wrong_loss"),
        (lambda output, y: LOSS(output.detach(), y), "gradient_blocked"),
    ],
)
def test_a_loss_without_a_gradient_is_a_finding(problem, loss, fault):
    assert tw.check(problem(loss=loss), budget=10).errors[0].fault == fault


def test_integer_inputs_are_a_finding(problem):
    data = torch.randint(0, 9, (60, 4)), torch.arange(60) % 3
    faults = {one.fault: one for one in tw.check(problem(data), budget=10).errors}
    below = [one for found in faults.values() for one in (found, *found.consequences)]
    assert any("x.float()" in one.remedy for one in below)


def test_validation_of_another_form_is_a_finding(problem, blobs):
    x, y = blobs
    found = tw.check(problem((1000 * x + 5000, y), valid=(x[:, :3], y)), budget=10)
    assert "train_val_mismatch" in [one.fault for one in found.errors]


@pytest.mark.filterwarnings("ignore:std")
def test_a_data_set_of_one_sample(problem, blobs):
    one = tuple(part[:1] for part in blobs)
    found = tw.check(problem(one, valid=one), budget=3)
    assert all("No answer" not in said for said in found.unchecked), found.unchecked
    with pytest.raises(InputError, match="held out"):
        problem(one)
    with pytest.raises(DataError, match="empty"):
        problem(tuple(part[:0] for part in blobs), valid=one)


class Heads(nn.Linear):
    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        scores = super().forward(x)
        return scores, scores + 1


class Complex(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 3, dtype=torch.cfloat)

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x.to(torch.cfloat)).abs()


@pytest.mark.parametrize(
    "loss", [lambda output, y: LOSS(output[0], y), lambda output, y: output[1].square().mean()]
)
def test_every_look_answers_where_outputs_are_of_several_parts(problem, loss):
    found = tw.check(problem(model=lambda: Heads(4, 3), loss=loss), budget=10)
    assert [said for said in found.unchecked if "No answer" in said] == []
    assert len(found.passed) + len(found.findings) > 20


def test_complex_weights_are_no_fault_of_the_step(problem):
    found = tw.check(problem(model=Complex), budget=3)
    assert "tensor_shape" not in [one.fault for one in found.findings]
    assert len(found.trace.losses) > 1


def test_complex_outputs_leave_no_question_open(problem):
    x = torch.randn(60, 4, dtype=torch.cfloat)
    found = tw.check(
        problem(
            (x, x @ torch.ones(4, 1, dtype=torch.cfloat)),
            model=lambda: nn.Linear(4, 1, dtype=torch.cfloat),
            loss=lambda output, y: (output - y).abs().square().mean(),
        ),
        "adam",
        budget=10,
    )
    assert [said for said in found.unchecked if "No answer" in said] == []


class Gpu(nn.Linear):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.cuda())


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_model_that_needs_a_gpu_is_refused(problem):
    with pytest.raises(ModelError, match="needs a GPU"):
        tw.check(problem(model=lambda: Gpu(4, 3)))


def test_a_metric_that_cannot_be_measured_is_left_unchecked(problem, only, ask):
    only(ask("one"))
    odd = Metric("odd", lambda output, y: output @ y, higher_is_better=True)
    found = tw.check(problem(metrics=[odd], objective="odd"))
    assert found.unchecked == ("Is odd right? It cannot be measured.",)


@pytest.mark.parametrize(
    ("how", "error"),
    [
        ({"budget": 0}, InputError),
        ({"budget": "soon"}, InputError),
        ({"optimizer": "adamant"}, UnknownNameError),
        ({"optimizer": torch.optim.SGD([torch.ones(1)], lr=1.0)}, InputTypeError),
        ({"epochs": 0}, InputError),
        ({"train_step": 3}, InputTypeError),
    ],
)
def test_what_cannot_be_used_is_refused(problem, how, error):
    with pytest.raises(error):
        tw.check(problem(), **how)


def test_names_and_what_is_no_problem():
    with pytest.raises(UnknownNameError, match="mnist/mlp-9"):
        tw.check("mnist/mlp-9")
    with pytest.raises(InputTypeError, match="nothing to check"):
        tw.check(nn.Linear(2, 2))
