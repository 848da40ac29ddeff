"""What a Config adds to a run (regularization, data, initial weights, groups) is each member's own in a cohort."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from thalweg.core.config import Config
from thalweg.core.errors import InputError
from thalweg.core.run import Epoch
from thalweg.execute import Job, batched, sequential
from thalweg.execute.cohort import Cohort
from thalweg.problems import Problem
from thalweg.train import Learner

EPOCHS = 3


def assert_alone_is_together(problem: Problem, configs: list[Config]) -> None:
    learners = [Learner(problem, config) for config in configs]
    cohort = Cohort(learners)
    found: dict[int, list[Epoch]] = {id(learner): [] for learner in learners}
    for _ in range(EPOCHS):
        for learner, epoch in zip(cohort.learners, cohort.train_epoch(), strict=True):
            found[id(learner)].append(epoch)
    losses = [found[id(learner)][-1].train_loss for learner in learners]
    assert len(set(losses)) == len(losses)  # each setting has its effect
    for config, learner in zip(configs, learners, strict=True):
        alone = Learner(problem, config)
        for mine in found[id(learner)]:
            theirs = alone.train_epoch()
            assert (mine.step, mine.lr) == (theirs.step, theirs.lr)
            assert mine.train_loss == pytest.approx(theirs.train_loss, rel=1e-9)
            assert dict(mine.valid) == pytest.approx(dict(theirs.valid), rel=1e-9)


def configs(optimizer: str = "adam", **each: list[Any]) -> list[Config]:
    count = len(next(iter(each.values())))
    own = [{name: values[k] for name, values in each.items()} for k in range(count)]
    return [Config(optimizer=optimizer, hyper={"lr": 0.01}, epochs=EPOCHS).replace(**settings) for settings in own]


def dropping() -> nn.Module:
    layers = nn.Linear(16, 6), nn.Tanh(), nn.Dropout(0.3), nn.Linear(6, 6), nn.AlphaDropout(0.1), nn.Linear(6, 3)
    return nn.Sequential(*layers).double()


def normalized() -> nn.Module:
    return nn.Sequential(nn.Linear(16, 6), nn.BatchNorm1d(6), nn.Tanh(), nn.Linear(6, 3)).double()


def flat() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(16, 3)).double()


def noisy(x: Tensor) -> Tensor:
    return x + 0.3 * torch.randn_like(x)


@pytest.mark.parametrize(
    "rates", [[0.5, 0.2, None], [0.0, 0.4, 0.4], [0.3, 0.3, 0.3]], ids=["own", "one-zero", "alike"]
)
def test_dropout_rates(make_problem: Any, rates: list[float | None]) -> None:
    assert_alone_is_together(make_problem(model=dropping), configs(dropout=rates, seed=[0, 1, 2]))


def test_label_smoothing(make_problem: Any) -> None:
    assert_alone_is_together(make_problem(), configs(label_smoothing=[None, 0.1, 0.4]))


@pytest.mark.parametrize("name", ["adam", "nesterov", "schedule-free-sgd", "muon"])
@pytest.mark.parametrize("net", ["mlp", "conv"])
def test_largest_norms(make_problem: Any, net: str, name: str) -> None:
    assert_alone_is_together(make_problem(net), configs(name, max_norm=[None, 0.5, 0.2]))


def test_largest_norms_of_different_rules(make_problem: Any) -> None:
    mixed = configs(max_norm=[0.5, 0.5, 0.5, None])
    names = ["nesterov", "sgd", "rmsprop-nesterov", "nesterov"]
    assert_alone_is_together(make_problem(), [c.replace(optimizer=n) for c, n in zip(mixed, names, strict=True)])


def test_initial_weights(make_problem: Any) -> None:
    assert_alone_is_together(make_problem("conv"), configs(init=[None, "he", "lsuv", "auto", "orthogonal"]))


@pytest.mark.parametrize("groups", ["no-decay", "lecun", "layerwise:decay=0.5", "mup"])
def test_groups(make_problem: Any, groups: str) -> None:
    hyper = [{"lr": lr, "weight_decay": 0.1, "clip_norm": 0.5} for lr in (0.01, 0.02)]
    for name in ("adamw", "nesterov"):
        assert_alone_is_together(make_problem(model=normalized), configs(name, hyper=hyper, groups=[groups] * 2))


def test_groups_and_none(make_problem: Any) -> None:
    hyper = [{"lr": 0.01, "weight_decay": 0.1}] * 3
    assert_alone_is_together(make_problem(), configs(hyper=hyper, groups=[None, "no-decay", "layerwise"]))


def test_augmentation_is_drawn_for_each_member(make_problem: Any) -> None:
    assert_alone_is_together(make_problem(augment=noisy), configs(seed=[0, 1, 1], hyper=[{}, {}, {"lr": 0.1}]))
    plain = make_problem()
    images = {name: (split.x.unflatten(1, (1, 4, 4)), split.y) for name, split in plain.splits.items()}
    problem = make_problem(model=flat, **images)
    assert_alone_is_together(problem, configs(seed=[0, 1], augment=["flip,crop:padding=1"] * 2))


def test_preprocessing(make_problem: Any) -> None:
    assert_alone_is_together(make_problem(), configs(seed=[0, 1], preprocess=["pca-whitening", "pca-whitening"]))


def test_orders_of_samples(make_problem: Any) -> None:
    names = [
        "shuffled",
        "with-replacement",
        "class-balanced",
        "class-divergent",
        "drifting:strength=4",
        "shuffled",
    ]
    assert_alone_is_together(make_problem(), configs(sampling=names, seed=[0, 0, 0, 0, 0, 1]))


def test_what_has_no_place_in_a_cohort_is_refused_there(make_problem: Any) -> None:
    problem = make_problem()
    with pytest.raises(InputError, match="samples by its last losses"):
        Cohort([Learner(problem, Config(sampling="hard"))])
    with pytest.raises(InputError, match="do not see the same data"):
        Cohort([Learner(problem, Config()), Learner(problem, Config(preprocess="center"))])


def test_jobs_of_every_kind_give_the_runs_that_they_give_one_by_one(make_problem: Any) -> None:
    problem = make_problem()
    changes: list[dict[str, Any]] = [
        {},
        {"label_smoothing": 0.2},
        {"preprocess": "standardize"},
        {"preprocess": "standardize", "max_norm": 0.5},
        {"sampling": "hard"},
        {"groups": "layerwise"},
        {"groups": "layerwise", "seed": 3},
    ]
    jobs = [Job(f"{k}", problem, Config(epochs=2, **change)) for k, change in enumerate(changes)]
    for mine, theirs in zip(batched(jobs), sequential(jobs), strict=True):
        assert mine.config == theirs.config
        assert dict(mine.valid) == pytest.approx(dict(theirs.valid), rel=1e-9)


def test_schedules_that_follow_the_loss_or_warm_up(make_problem: Any) -> None:
    schedules = ["plateau", "error-driven", "cosine", "plateau"]
    options = [{"patience": 0, "threshold": 0.2}, {"alpha": 0.5}, {"warmup": 2}, {"patience": 0, "threshold": 0.5}]
    each = {"schedule": schedules, "schedule_options": options, "seed": [0, 0, 0, 1]}
    for name in ("sgd", "nesterov"):
        assert_alone_is_together(make_problem(), configs(name, **each))
