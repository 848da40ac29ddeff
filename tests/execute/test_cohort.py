"""The certificate: a member of a cohort is what it would be alone."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from thalweg.core.config import Config
from thalweg.core.errors import InputError
from thalweg.core.run import Epoch
from thalweg.execute.cohort import Cohort
from thalweg.optim import optimizers
from thalweg.problems import Problem, load
from thalweg.train import Learner

NETS = ["mlp", "conv", "recurrent", "attention"]
NAMES = [name for name in optimizers if not getattr(optimizers[name].kind, "full_batch", False)]
SIGNS = {"lion", "rprop", "muon"}
"""Rules that a rounding error may send the other way: they are held to a single update."""


def rate(name: str) -> float:
    low, high = optimizers[name].search
    return (low * high) ** 0.5


def alone(problem: Problem, config: Config, epochs: int) -> list[Epoch]:
    learner = Learner(problem, config)
    return [learner.train_epoch() for _ in range(epochs)]


def together(problem: Problem, configs: list[Config], epochs: int) -> list[list[Epoch]]:
    learners = [Learner(problem, config) for config in configs]
    cohort = Cohort(learners)
    found: dict[int, list[Epoch]] = {id(learner): [] for learner in learners}
    for _ in range(epochs):
        for learner, epoch in zip(cohort.learners, cohort.train_epoch(), strict=True):
            found[id(learner)].append(epoch)
    return [found[id(learner)] for learner in learners]


def assert_same(mine: list[Epoch], theirs: list[Epoch], tolerance: float = 1e-9) -> None:
    for one, other in zip(mine, theirs, strict=True):
        assert (one.number, one.step, one.lr) == (other.number, other.step, other.lr)
        assert one.train_loss == pytest.approx(other.train_loss, rel=tolerance)
        assert dict(one.valid) == pytest.approx(dict(other.valid), rel=tolerance)


@pytest.mark.parametrize("net", NETS)
def test_every_optimizer_is_in_a_cohort_what_it_is_alone(make_problem: Any, net: str) -> None:
    names = [name for name in NAMES if name not in SIGNS]
    problem = make_problem(net)
    configs = [Config(optimizer=name, hyper={"lr": rate(name)}, seed=k % 3) for k, name in enumerate(names)]
    epochs = 5  # of twenty updates each
    for config, curve in zip(configs, together(problem, configs, epochs), strict=True):
        assert_same(curve, alone(problem, config, epochs))


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("name", sorted(SIGNS))
def test_rules_of_signs_make_the_same_update(make_problem: Any, net: str, name: str) -> None:
    problem = make_problem(net, batch_size=314)
    configs = [Config(optimizer=name, hyper={"lr": rate(name)}, seed=seed) for seed in (0, 1)]
    for config, curve in zip(configs, together(problem, configs, 1), strict=True):
        assert_same(curve, alone(problem, config, 1))


def test_options_schedules_and_seeds_are_each_members_own(make_problem: Any) -> None:
    problem = make_problem("conv")
    plain = {"lr": 0.03}
    configs = [
        Config(optimizer="sgd", hyper={**plain, "weight_decay": 0.1, "clip_norm": 0.5}),
        Config(optimizer="sgd", hyper={**plain, "clip_norm": 2.0}, seed=1),
        Config(optimizer="momentum", hyper={**plain, "ema": 0.9}, schedule="exponential", seed=1),
        Config(optimizer="nesterov", hyper=plain, schedules={"momentum": ("linear", {"end": 1.08})}, seed=2),
        Config(optimizer="adam", hyper={"lr": 0.003, "decoupled_decay": 0.1}, schedule="linear", epochs=8),
        Config(
            optimizer="adam", hyper={"lr": 0.003, "l1_prox": 0.01}, schedules={"l1_prox": ("linear", {})}, epochs=8
        ),
        Config(optimizer="lamb", hyper={"lr": 0.003, "polyak": True}, seed=3),
    ]
    configs = [config.replace(epochs=config.epochs or 8) for config in configs]
    for config, curve in zip(configs, together(problem, configs, 3), strict=True):
        assert_same(curve, alone(problem, config, 3))


def test_float32_stays_within_the_documented_tolerance() -> None:
    problem = load("digits/mlp-1")
    configs = [Config(optimizer=name, hyper={"lr": rate(name)}) for name in ("sgd", "momentum", "adam", "rmsprop")]
    for config, curve in zip(configs, together(problem, configs, 5), strict=True):
        for mine, theirs in zip(curve, alone(problem, config, 5), strict=True):
            assert mine.train_loss == pytest.approx(theirs.train_loss, rel=1e-3)


def test_a_member_that_leaves_takes_its_state_along(make_problem: Any) -> None:
    problem = make_problem("conv")
    configs = [
        Config(optimizer=name, hyper={"lr": 0.01}, seed=k) for k, name in enumerate(("nesterov", "adam", "sgd"))
    ]
    learners = [Learner(problem, config) for config in configs]
    cohort = Cohort(learners)
    first = dict(zip(map(id, cohort.learners), cohort.train_epoch(), strict=True))
    leaver = learners[1]
    cohort.retain([k for k, learner in enumerate(cohort.learners) if learner is not leaver])
    rest = dict(zip(map(id, cohort.learners), cohort.train_epoch(), strict=True))
    for config, learner in zip(configs, learners, strict=True):
        second = leaver.train_epoch() if learner is leaver else rest[id(learner)]
        assert_same([first[id(learner)], second], alone(problem, config, 2))


def test_a_member_with_nan_harms_no_other(make_problem: Any) -> None:
    problem = make_problem()
    configs = [Config(optimizer="sgd", hyper={"lr": lr}) for lr in (0.1, 1e200, 0.2)]
    curves = together(problem, configs, 3)
    assert not torch.tensor(curves[1][-1].train_loss).isfinite()
    for k in (0, 2):
        assert_same(curves[k], alone(problem, configs[k], 3))


def test_the_callers_generator_and_the_problem_are_left_alone(make_problem: Any) -> None:
    problem = make_problem("conv")
    before, data = torch.get_rng_state(), problem.train.take(torch.arange(314))[0].clone()
    together(problem, [Config(seed=0), Config(seed=1)], 1)
    assert torch.equal(before, torch.get_rng_state())
    assert torch.equal(data, problem.train.take(torch.arange(314))[0])


def test_members_have_to_be_at_the_same_update(make_problem: Any) -> None:
    learners = [Learner(make_problem(), Config()) for _ in range(2)]
    learners[0].train_epoch()
    with pytest.raises(InputError, match="not at the same update"):
        Cohort(learners)
