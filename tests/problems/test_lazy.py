"""Models with lazy layers are trained like others; what cannot learn its shape is an error with a remedy."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from thalweg.core.config import Config
from thalweg.core.errors import ModelError
from thalweg.core.run import Outcome
from thalweg.execute import Job, batched, processes, sequential
from thalweg.problems import Problem
from thalweg.problems.lazy import build_model
from thalweg.problems.probe import probe
from thalweg.train import Learner, fit


def problem(model: Callable[[], nn.Module]) -> Problem:
    x, y = torch.randn(60, 4, generator=torch.Generator().manual_seed(0)), torch.arange(60) % 3
    return Problem(name="lazy", model=model, loss=nn.CrossEntropyLoss(), train=(x, y), epochs=2, batch_size=16)


def lazy() -> nn.Module:
    return nn.Sequential(
        nn.LazyLinear(8), nn.LazyBatchNorm1d(), nn.Tanh(), nn.Dropout(0.1), nn.Linear(8, 8), nn.LazyLinear(3)
    )


FULL = Config(init="lsuv", groups="no-decay", hyper={"weight_decay": 1e-4}, dropout=0.2)


class Unused(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.used, self.unused = nn.LazyLinear(3), nn.LazyLinear(3)

    def forward(self, x: Tensor) -> Tensor:
        return self.used(x)


def test_it_has_shapes_and_weights_by_the_seed_and_is_as_it_was_otherwise() -> None:
    models = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        models.append(build_model(problem(lazy)))
    one, same, other = (model[0].weight for model in models)  # pyright: ignore[reportIndexIssue]
    assert one.shape == (8, 4)
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
    assert all(module.training for module in models[0].modules())
    assert not models[0][1].num_batches_tracked  # pyright: ignore[reportIndexIssue]


def test_a_model_without_lazy_layers_sees_nothing_beforehand() -> None:
    class Counts(nn.Linear):
        calls = 0

        def forward(self, x: Tensor) -> Tensor:
            self.calls += 1
            return super().forward(x)

    assert build_model(problem(lambda: Counts(4, 3))).calls == 0


@pytest.mark.parametrize("config", [Config(), FULL, Config(init="he")])
def test_it_is_trained(config: Config) -> None:
    assert fit(problem(lazy), config, threads=1).outcome is Outcome.COMPLETED


def test_all_executors_train_it_alike() -> None:
    task = problem(lazy)
    jobs = [Job(str(seed), task, Config(hyper={"lr": 0.1}, seed=seed)) for seed in range(3)]
    alone, together, apart = sequential(jobs), batched(jobs), processes(jobs, workers=1)
    assert [run.valid for run in apart] == [run.valid for run in alone]
    losses = [[run.valid["loss"] for run in runs] for runs in (together, alone)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


def test_what_cannot_learn_its_shape_says_what_to_do() -> None:
    with pytest.raises(ModelError, match=r"lazy layers of lazy cannot learn[\s\S]*say their sizes"):
        Learner(problem(lambda: nn.Sequential(nn.Linear(5, 8), nn.LazyLinear(3))), Config())
    for find in (probe, lambda task: Learner(task, Config())):
        with pytest.raises(ModelError, match=r"take no part in the forward pass[\s\S]*unused\.weight"):
            find(problem(Unused))
