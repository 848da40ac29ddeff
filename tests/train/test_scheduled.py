"""Any hyper-parameter follows a schedule: the values of every update, their checks, and the book's Nesterov."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from thalweg.core.config import Config
from thalweg.core.errors import CheckpointError, InputError, InputTypeError, OutOfRangeError, UnknownNameError
from thalweg.core.run import Outcome
from thalweg.core.seeding import derive
from thalweg.data.batches import order
from thalweg.optim import build
from thalweg.problems import Problem
from thalweg.schedules import bind
from thalweg.train import Learner, fit, run_learner

RISING = ("linear", {"end": 1.9, "over": 2})
FALLING = ("inverse", {"k": 0.5})
SETTINGS = {
    "momentum": {"momentum": 0.5, "weight_decay": 0.01},
    "nesterov": {"momentum": 0.5},
    "rmsprop-nesterov": {"momentum": 0.5, "rho": 0.5},
    "adam": {"beta1": 0.5, "beta2": 0.5, "eps": 1e-4, "weight_decay": 0.1, "clip_norm": 0.5},
}


def configured(name: str, **changes: Any) -> Config:
    """All hyper-parameters of a setting rise, and the rate falls."""
    schedules = dict.fromkeys(SETTINGS[name], RISING) | {"lr": FALLING}
    return Config(optimizer=name, hyper={"lr": 0.02, **SETTINGS[name]}, schedules=schedules, **changes)


@pytest.mark.parametrize("name", SETTINGS)
def test_a_loop_that_sets_them_by_hand_gives_the_same_bits(problem: Problem, bits: Any, name: str) -> None:
    learner = Learner(problem, configured(name, seed=5))
    for _ in range(3):
        learner.train_epoch()
    torch.manual_seed(derive(5, "weights"))
    model = problem.model()
    optimizer = build(name, list(model.parameters()), {"lr": 0.02, **SETTINGS[name]})
    group = optimizer.param_groups[0]
    x, y = learner.splits["train"].take(torch.arange(90))
    batches = [index for epoch in range(3) for index in order(90, seed=5, epoch=epoch).split(16)]
    for step, index in enumerate(batches):
        factor = min(step / 6 / 2, 1.0)
        values = {hyper: start * (1 - factor + factor * 1.9) for hyper, start in SETTINGS[name].items()}
        if "beta1" in values:
            group["betas"] = (values.pop("beta1"), values.pop("beta2"))
        group.update(values, lr=0.02 * (1 / (1 + 0.5 * (step / 6))))
        optimizer.zero_grad()
        functional.cross_entropy(model(x[index]), y[index]).backward()
        optimizer.step()
    assert bits(learner.model) == bits(model)


def test_rising_nesterov_momentum_is_the_books(problem: Problem) -> None:
    """Algorithm 8.3 with an alpha of its own each step: the gradient at theta + alpha v."""
    learner = Learner(problem, configured("nesterov"))
    for _ in range(3):
        learner.train_epoch()
    model = Learner(problem, Config()).model.double()
    theta = parameters_to_vector(model.parameters()).detach()
    v = torch.zeros_like(theta)
    x, y = learner.splits["train"].take(torch.arange(90))
    factor, slower = bind(*RISING), bind(*FALLING)
    batches = [index for epoch in range(3) for index in order(90, seed=0, epoch=epoch).split(16)]
    for step, index in enumerate(batches):
        alpha = 0.5 * factor(step / 6)
        vector_to_parameters(theta + alpha * v, model.parameters())
        loss = functional.cross_entropy(model(x[index].double()), y[index])
        g = parameters_to_vector(torch.autograd.grad(loss, list(model.parameters())))
        v = alpha * v - 0.02 * slower(step / 6) * g
        theta = theta + v
    with learner.at_theta():
        found = parameters_to_vector(learner.model.parameters()).detach()
    torch.testing.assert_close(found.double(), theta, rtol=1e-4, atol=1e-6)


def test_each_group_of_a_factory_follows_from_its_own_values(problem: Problem) -> None:
    seen: list[list[tuple[float, float]]] = []

    class Watched(torch.optim.SGD):
        def step(self, closure: Any = None) -> Any:
            seen.append([(group["lr"], group["weight_decay"]) for group in self.param_groups])
            return super().step(closure)

    def grouped(parameters: list[nn.Parameter]) -> torch.optim.Optimizer:
        groups = [
            {"params": parameters[:2], "weight_decay": 0.0},
            {"params": parameters[2:], "weight_decay": 0.25},
        ]
        return Watched(groups, lr=0.2)

    config = Config(schedules={"weight_decay": ("linear", {})})
    assert fit(problem, config, optimizer=grouped).outcome is Outcome.COMPLETED
    decay = [0.25 * (1 - step / 24) for step in range(24)]
    assert [rows[0] for rows in seen] == [(0.2, 0.0)] * 24
    assert [rows[1] for rows in seen] == [(0.2, pytest.approx(value, rel=1e-12)) for value in decay]


def test_a_constant_schedule_leaves_the_groups_alone(problem: Problem) -> None:
    lr = torch.tensor(0.1)
    adam = lambda parameters: torch.optim.Adam(parameters, lr=lr)  # noqa: E731
    learner = Learner(problem, Config(schedules={"eps": ("constant", {})}), optimizer=adam)
    learner.train_epoch()
    assert learner.optimizer.param_groups[0]["lr"] is lr
    assert lr == torch.tensor(0.1)


def test_a_constant_rate_can_be_warmed_up(problem: Problem) -> None:
    config = Config(optimizer="sgd", hyper={"lr": 0.5}, schedule_options={"warmup": 2}, epochs=4)
    learner = Learner(problem, config)
    rates = []
    for _ in range(4):
        learner.train_epoch()
        rates.append(learner.optimizer.param_groups[0]["lr"])
    last = (learner.steps_per_epoch - 1) / learner.steps_per_epoch
    assert rates == pytest.approx([0.5 * last / 2, 0.5 * (1 + last) / 2, 0.5, 0.5])


@pytest.mark.parametrize(
    ("settings", "kind", "words"),
    [
        ({"schedules": {"momentun": RISING}}, UnknownNameError, "of nesterov named 'momentun'.*did you mean 'mom"),
        ({"schedules": {"momentum": ("lineal", {})}}, UnknownNameError, "did you mean 'linear'"),
        ({"schedules": {"momentum": ("linear", {"ends": 1})}}, UnknownNameError, "did you mean 'end'"),
        ({"schedules": {"maximize": RISING}}, InputTypeError, "maximize of nesterov is a switch"),
        ({"schedules": {"momentum": RISING}}, OutOfRangeError, r"0.9 \* 1.9 = 1.71 at epoch 2\n.*\[0, 1\)"),
        ({"schedules": {"momentum": ("linear", {"end": 1.2})}}, OutOfRangeError, "1.0725 at epoch 3.83"),
        (
            {"schedules": {"weight_decay": RISING}},
            InputError,
            "no factor changes it.*weight_decay=0.*set weight_decay",
        ),
        ({"schedules": {"clip_norm": RISING}}, InputError, "no factor changes it.*clip_norm=inf"),
        (
            {"hyper": {"lr": 1e300}, "schedules": {"lr": ("linear", {"end": 1e9})}},
            OutOfRangeError,
            "lr of nesterov",
        ),
        (
            {"hyper": {"clip_norm": 1}, "schedules": {"clip_norm": ("linear", {"over": 1})}},
            OutOfRangeError,
            "= 0 at",
        ),
    ],
)
def test_what_cannot_be_followed_is_found_before_the_start(
    problem: Problem, settings: dict[str, Any], kind: type[Exception], words: str
) -> None:
    heard: list[object] = []
    with pytest.raises(kind, match=f"(?s){words}"):
        fit(problem, Config(optimizer="nesterov"), sink=heard.append, **settings)
    assert heard == []


@pytest.mark.parametrize(("hyper", "words"), [("momentun", "did you mean 'momentum'"), ("momentum", "no factor")])
def test_what_a_factorys_optimizer_has_not_is_found_too(problem: Problem, hyper: str, words: str) -> None:
    sgd = lambda parameters: torch.optim.SGD(parameters, lr=0.1)  # noqa: E731
    with pytest.raises(InputError, match=words):
        fit(problem, schedules={hyper: RISING}, optimizer=sgd)


def test_a_value_out_of_range_in_the_middle_of_an_epoch_is_found(problem: Problem, monkeypatch: Any) -> None:
    from thalweg.schedules import Schedule, schedules

    def peak(t: float) -> float:
        return 2.0 if 1.4 < t < 1.6 else 1.0

    monkeypatch.setitem(schedules._entries, "peak", Schedule(peak))
    with pytest.raises(OutOfRangeError, match=r"1\.8 at epoch 1\.5\n"):
        fit(problem, schedules={"momentum": ("peak", {})})


def test_a_schedule_runs_to_the_end_of_the_run(problem: Problem) -> None:
    learner = Learner(problem, Config(schedule="linear", hyper={"lr": 0.1}, epochs=2))
    rates: list[Tensor | float] = []
    learner.optimizer.register_step_pre_hook(lambda optimizer, *_: rates.append(optimizer.param_groups[0]["lr"]))
    for _ in range(2):
        learner.train_epoch()
    assert rates == pytest.approx([0.1 * (1 - step / 12) for step in range(12)])


def torch_sgd(parameters: list[nn.Parameter]) -> torch.optim.Optimizer:
    groups = [{"params": parameters[:2], "momentum": 0.5}, {"params": parameters[2:]}]
    return torch.optim.SGD(groups, lr=0.02, momentum=0.4, weight_decay=0.1)


@pytest.mark.parametrize("name", [*SETTINGS, "torch"])
def test_a_resumed_run_ends_in_the_same_bits(
    noisy: Problem, name: str, tmp_path: Path, interrupt_at: Any, curve: Any, bits: Any
) -> None:
    """Stopped while the values rise, where they end, and after that."""
    factory = torch_sgd if name == "torch" else None
    moving = {"momentum": RISING, "weight_decay": ("linear", {}), "lr": FALLING}
    config = Config(schedules=moving, epochs=5) if factory else configured(name, epochs=5)
    learners, runs = [], []
    for folder, stops in ((None, ()), (tmp_path, (1, 2, 4))):
        for stop in stops:
            learner = Learner(noisy, config, optimizer=factory)
            run_learner(learner, checkpoint=folder, resume=True, sink=interrupt_at(stop))
        learners.append(Learner(noisy, config, optimizer=factory))
        runs.append(run_learner(learners[-1], checkpoint=folder, resume=bool(folder)))
    assert len(runs[0].epochs) == 5
    assert curve(runs[0]) == curve(runs[1])
    assert bits(learners[0].model) == bits(learners[1].model)
    groups = [learner.optimizer.param_groups for learner in learners]
    assert [{**one, "params": 0} for one in groups[0]] == [{**other, "params": 0} for other in groups[1]]


@pytest.mark.parametrize("over", [2, 3])
def test_a_longer_run_goes_on_if_its_schedules_do_not_know_the_length(
    problem: Problem, tmp_path: Path, over: int, curve: Any
) -> None:
    schedules = {"momentum": ("linear", {"end": 1.9, "over": over}), "lr": FALLING}
    config = Config(optimizer="nesterov", hyper={"momentum": 0.5}, schedules=schedules)
    fit(problem, config, epochs=2, checkpoint=tmp_path)
    run = fit(problem, config, epochs=4, checkpoint=tmp_path, resume=True)
    assert curve(run) == curve(fit(problem, config, epochs=4))


def test_a_longer_run_is_refused_if_its_schedule_was_laid_out_for_a_shorter_one(
    problem: Problem, tmp_path: Path
) -> None:
    config = Config(schedule="linear", hyper={"lr": 0.1})
    first = fit(problem, config, epochs=2, checkpoint=tmp_path)
    words = r"a run of another length, to which its schedule[\s\S]*got: +2 epochs[\s\S]*expected: 3 epochs"
    with pytest.raises(CheckpointError, match=words):
        fit(problem, config, epochs=3, checkpoint=tmp_path, resume=True)
    assert fit(problem, config, epochs=2, checkpoint=tmp_path, resume=True).epochs == first.epochs


def test_plateau_is_torchs_reduction_on_the_validation_loss(overfit: Problem) -> None:
    options = {"patience": 1, "divide": 4}
    learner = Learner(
        overfit, Config(optimizer="adam", hyper={"lr": 0.05}, schedule="plateau", schedule_options=options)
    )
    reference = torch.optim.SGD([nn.Parameter(torch.ones(1))], lr=0.05)
    torchs = torch.optim.lr_scheduler.ReduceLROnPlateau(reference, factor=0.25, patience=1)
    rates = set[float]()
    for _ in range(12):
        rates.add(epoch_rate := reference.param_groups[0]["lr"])
        epoch = learner.train_epoch()
        assert epoch.lr == pytest.approx(epoch_rate)
        torchs.step(epoch.valid["loss"])
    assert len(rates) > 2


@pytest.mark.parametrize("schedule", ["plateau", "error-driven"])
def test_a_resumed_run_has_followed_the_losses_before(
    overfit: Problem, schedule: str, tmp_path: Path, curve: Any
) -> None:
    options = {"patience": 1} if schedule == "plateau" else {"alpha": 0.5}
    config = Config(optimizer="adam", hyper={"lr": 0.05}, schedule=schedule, schedule_options=options)
    fit(overfit, config, epochs=7, checkpoint=tmp_path)
    run = fit(overfit, config, epochs=10, checkpoint=tmp_path, resume=True)
    assert curve(run) == curve(fit(overfit, config, epochs=10))
    assert len({epoch.lr for epoch in run.epochs}) > 1


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"schedules": {"momentum": ("plateau", {})}}, "follows the loss, and momentum cannot"),
        ({"schedule": "plateu"}, "did you mean 'plateau'"),
        ({"schedule": "plateau", "schedule_options": {"patiense": 2}}, "did you mean 'patience'"),
        ({"schedule": "plateau", "schedule_options": {"divide": 0.5}}, "divide"),
        ({"schedule": "error-driven", "hyper": {"lr": 0.0}}, "no factor changes it"),
    ],
)
def test_a_schedule_that_follows_the_loss_is_checked(
    problem: Problem, settings: dict[str, Any], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        Learner(problem, Config(**settings))
