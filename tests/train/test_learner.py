"""Learner: a run is a function of its seed, and equals a loop written by hand."""

from __future__ import annotations

import math
import warnings
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import Dataset

from thalweg.core.config import Config
from thalweg.core.errors import InputTypeError
from thalweg.core.seeding import derive
from thalweg.data.batches import order
from thalweg.problems import Problem
from thalweg.schedules import bind
from thalweg.train import Learner


class Recorder(nn.Module):
    """Notes the first input of every sample that it is trained on."""

    def __init__(self) -> None:
        super().__init__()
        self.inner, self.seen = nn.Linear(6, 3), list[float]()

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            self.seen += x[:, 0].tolist()
        return self.inner(x)


class AlwaysRandom(nn.Module):
    """Draws noise in evaluation too, as models that sample do."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        return functional.dropout(self.inner(x), training=True)


class OneByOne(Dataset[tuple[Tensor, Tensor]]):
    def __init__(self, x: Tensor, y: Tensor) -> None:
        self.x, self.y = x, y

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, place: int) -> tuple[Tensor, Tensor]:
        return self.x[place], self.y[place]


class Together(OneByOne):
    def __getitem__(self, place: int) -> tuple[Tensor, Tensor]:
        assert place == 0, "only the first sample is read alone"
        return super().__getitem__(place)

    def __getitems__(self, places: list[int]) -> list[tuple[Tensor, Tensor]]:
        return [(self.x[place], self.y[place]) for place in places]


def momentum(parameters: list[nn.Parameter]) -> torch.optim.Optimizer:
    return torch.optim.SGD(parameters, lr=0.05, momentum=0.9, weight_decay=0.01)


def train(
    problem: Problem, epochs: int, config: Config | None = None, **changes: Any
) -> tuple[Learner, list[Any]]:
    learner = Learner(problem, config or Config(optimizer="nesterov", hyper={"lr": 0.05}), **changes)
    epochs_done = [learner.train_epoch() for _ in range(epochs)]
    return learner, [(e.train_loss, e.lr, e.step, dict(e.valid)) for e in epochs_done]


def test_an_epoch_takes_every_sample_once_in_an_order_of_its_own(make_problem: Any) -> None:
    x, y = torch.randn(90, 6), torch.arange(90) % 3
    x[:, 0] = torch.arange(90)
    recorded = make_problem(train=(x, y), model=Recorder)
    orders = {}
    for seed in (0, 1):
        learner, _ = train(recorded, 3, Config(seed=seed))
        seen = learner.model.seen
        orders[seed] = [tuple(seen[start : start + 90]) for start in (0, 90, 180)]
        again, _ = train(recorded, 3, Config(seed=seed))
        assert again.model.seen == seen
    everything = orders[0] + orders[1]
    assert all(sorted(one) == list(range(90)) for one in everything)
    assert len(set(everything)) == 6


def test_the_same_seed_gives_the_same_bits_and_another_seed_others(noisy: Problem, bits: Any) -> None:
    found = []
    for seed in (0, 0, 1):
        torch.manual_seed(torch.seed())  # the caller's generator has no say
        learner, curve = train(noisy, 3, Config(seed=seed, optimizer="adam", hyper={"lr": 0.01}))
        found.append((bits(learner.model), curve))
    assert found[0] == found[1]
    assert found[0][0]["0.weight"] != found[2][0]["0.weight"]
    assert [a != b for a, b in zip(found[0][1], found[2][1], strict=True)] == [True] * 3


def test_a_model_that_draws_in_evaluation_is_a_function_of_the_seed_too(make_problem: Any) -> None:
    problem = make_problem(model=AlwaysRandom)
    before = torch.get_rng_state()
    _, first = train(problem, 2)
    torch.manual_seed(1)
    _, again = train(problem, 2)
    torch.set_rng_state(before)
    assert first == again


@pytest.mark.parametrize("model", [None, AlwaysRandom])
def test_the_callers_torch_is_left_as_it_was(make_problem: Any, noisy: Problem, model: Any) -> None:
    def state() -> tuple[Any, ...]:
        modes = torch.is_grad_enabled(), torch.is_inference_mode_enabled(), torch.get_default_dtype()
        return torch.get_rng_state().tolist(), torch.get_num_threads(), modes, warnings.filters[:]

    before = state()
    learner, _ = train(noisy if model is None else make_problem(model=model), 2)
    learner.judge("test")
    assert state() == before


def test_the_generator_is_given_back_after_an_error(make_problem: Any) -> None:
    def fails(output: Tensor, target: Tensor) -> Tensor:
        torch.rand(3)
        raise RuntimeError("on purpose")

    learner = Learner(make_problem(loss=fails), Config())
    before = torch.get_rng_state()
    with pytest.raises(RuntimeError, match="on purpose"):
        learner.train_epoch()
    assert torch.equal(torch.get_rng_state(), before)


def test_a_loop_by_hand_gives_the_same_weights_to_the_bit(problem: Problem, bits: Any) -> None:
    learner, curve = train(problem, 3, Config(seed=5), optimizer=momentum)
    torch.manual_seed(derive(5, "weights"))
    model = problem.model()
    optimizer = momentum(list(model.parameters()))
    x, y = learner.splits["train"].take(torch.arange(90))
    for epoch in range(3):
        losses = []
        for index in order(90, seed=5, epoch=epoch).split(16):
            optimizer.zero_grad()
            loss = functional.cross_entropy(model(x[index]), y[index])
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        assert curve[epoch][0] == pytest.approx(math.fsum(losses) / 6, rel=1e-12)
    assert bits(learner.model) == bits(model)


@pytest.mark.parametrize("kind", [OneByOne, Together])
def test_a_dataset_gives_the_curve_of_the_same_tensors(make_problem: Any, problem: Problem, kind: Any) -> None:
    splits = {name: kind(*split.take(torch.arange(len(split)))) for name, split in problem.splits.items()}
    assert train(make_problem(**splits), 2)[1] == train(problem, 2)[1]


@pytest.mark.parametrize("name", ["step", "inverse", "exponential"])
def test_the_schedule_multiplies_each_groups_own_rate(problem: Problem, name: str) -> None:
    seen: list[list[float]] = []

    class Watched(torch.optim.SGD):
        def step(self, closure: Any = None) -> Any:
            seen.append([group["lr"] for group in self.param_groups])
            return super().step(closure)

    def grouped(parameters: list[nn.Parameter]) -> torch.optim.Optimizer:
        return Watched([{"params": parameters[:2], "lr": 0.2}, {"params": parameters[2:], "lr": 0.03}])

    options = {"every": 2} if name == "step" else {"k": 0.5}
    config = Config(schedule=name, schedule_options=options)
    learner, curve = train(problem, 5, config, optimizer=grouped)
    factor = bind(name, options)
    assert learner.steps_per_epoch == 6
    assert seen == [[0.2 * factor(n / 6), 0.03 * factor(n / 6)] for n in range(30)]
    assert [lr for _, lr, _, _ in curve] == [seen[last][0] for last in (5, 11, 17, 23, 29)]


def test_nesterov_is_judged_at_theta_and_trained_at_the_interim_point(problem: Problem, bits: Any) -> None:
    learner, curve = train(problem, 2, Config(optimizer="nesterov", hyper={"lr": 0.05, "momentum": 0.8}))
    weight, before = learner.model[0].weight, bits(learner.model)
    theta = weight - 0.8 * learner.optimizer.state[weight]["v"]
    with learner.at_theta(), learner.at_theta():
        torch.testing.assert_close(weight, theta)
        assert not torch.equal(weight.double(), torch.tensor(before["0.weight"]).reshape(8, 6))
        assert problem.evaluate(learner.model, problem.valid) == curve[-1][3]
    assert bits(learner.model) == before
    assert problem.evaluate(learner.model, problem.valid) != curve[-1][3]


def test_settled_theta_stays(problem: Problem) -> None:
    learner, curve = train(problem, 2)
    learner.settle()
    for _ in range(2):
        assert problem.evaluate(learner.model, problem.valid) == learner.judge("valid") == curve[-1][3]


def test_open_lengths_are_the_problems(problem: Problem) -> None:
    learner = Learner(problem, Config())
    assert (learner.epochs, learner.config.batch_size, learner.steps_per_epoch) == (4, 16, 6)
    asked = Learner(problem, Config(epochs=2, batch_size=200))
    assert (asked.epochs, asked.config.batch_size, asked.steps_per_epoch) == (2, 200, 1)


@pytest.mark.parametrize("given", [torch.optim.SGD([nn.Parameter(torch.ones(1))], lr=0.1), 3])
def test_an_optimizer_in_place_of_its_factory_is_refused(problem: Problem, given: Any) -> None:
    with pytest.raises(InputTypeError, match=r"has to be a factory[\s\S]*lambda parameters"):
        Learner(problem, Config(), optimizer=given)


def test_frozen_parameters_stay(make_problem: Any) -> None:
    def half_frozen() -> nn.Module:
        model = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3))
        model[0].requires_grad_(requires_grad=False)
        return model

    problem = make_problem(model=half_frozen)
    start = Learner(problem, Config()).model.state_dict()
    end = train(problem, 1)[0].model.state_dict()
    assert [torch.equal(start[name], end[name]) for name in start] == [True, True, False, False]
