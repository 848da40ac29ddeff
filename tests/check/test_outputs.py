"""Outputs: whatever holds the outputs, and wherever classes lie in them, looks read one tensor."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from thalweg.check.experiments.skill import judge
from thalweg.check.outputs import read
from thalweg.check.setup import Setup
from thalweg.check.trainee import Trainee
from thalweg.problems import Problem
from thalweg.problems.metrics import Metric

N, T, C = 20, 5, 3


class Tagger(nn.Module):
    """Scores of classes at every place, in some form."""

    def __init__(self, give: Callable[[Tensor], Any]) -> None:
        super().__init__()
        self.layer, self.give = nn.Linear(4, C), give

    def forward(self, x: Tensor) -> Any:
        return self.give(self.layer(x))


def scores(output: Tensor, y: Tensor) -> Tensor:
    return cross_entropy(output.reshape(-1, C), y.flatten())


FORMS = {
    "second": (lambda z: z.movedim(-1, 1), cross_entropy),
    "last": (lambda z: z, scores),
    "flat": (lambda z: z.flatten(0, 1), scores),
    "a tuple": (lambda z: (z.detach().exp(), z), lambda output, y: scores(output[1], y)),
    "a dictionary": (lambda z: {"scores": z, "of": [z.sum()]}, lambda output, y: scores(output["scores"], y)),
}


def setup(form: str, places: int = T, **how: Any) -> Setup:
    torch.manual_seed(0)
    x = torch.randn(N, places, 4)
    y = x[..., :C].argmax(-1)
    give, loss = FORMS[form]
    problem = {"loss": loss, "metrics": how.pop("metrics", ())}
    made = Problem(
        name=form, model=partial(Tagger, give), train=(x, y), valid=(x, y), batch_size=8, epochs=2, **problem
    )
    return Setup.of(made, partial(torch.optim.SGD, lr=0.5), **how)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("places", [T, C])  # as many as classes: shapes do not tell where these lie
def test_every_form_is_read_as_one_tensor_and_trains_alike(form, places):
    found = read(setup(form, places))
    trainee, plain = Trainee(found), Trainee(setup("second", places))
    x, y = found.problem.train.take(torch.arange(6))
    output = trainee.model(x)
    assert torch.equal(output, plain.model(x))
    assert found.problem.loss(output, y).item() == pytest.approx(cross_entropy(output, y).item())
    assert trainee.train(12).losses == pytest.approx(plain.train(12).losses, rel=1e-5)
    assert judge(trainee, found.problem.valid).skill == pytest.approx(judge(plain, found.problem.valid).skill)


def test_what_needs_no_reading_stays_the_set_up_it_is():
    given = setup("second")
    assert read(given) is given
    numbers = Problem(
        name="n", model=lambda: nn.Linear(4, 4), loss=nn.MSELoss(), train=(torch.ones(9, 4), torch.ones(9, 4))
    )
    assert read(Setup.of(numbers)).outputs is None


def two(output: tuple[Tensor, Tensor], y: Tensor) -> Tensor:
    return scores(output[0], y) + output[1].mean()


def broken(output: Any, y: Tensor) -> Tensor:
    raise ValueError("odd")


@pytest.mark.parametrize("loss", [two, broken])
def test_what_cannot_be_read_stays_as_it_is(loss):
    given = setup("a tuple").with_problem(loss=loss)
    assert read(given) is given


@pytest.mark.parametrize("form", ["last", "a tuple", "a dictionary"])
def test_the_users_own_step_gets_what_the_model_gives(form):
    seen = []

    def step(model, optimizer, loss, x, y):
        optimizer.zero_grad()
        output = model(x)
        seen.append(type(output))
        value = loss(output, y)
        value.backward()
        optimizer.step()
        return value

    trainee = Trainee(read(setup(form, train_step=step)))
    losses = trainee.train(6).losses
    assert set(seen) == {type(Tagger(FORMS[form][0])(torch.ones(2, T, 4)))}
    assert isinstance(trainee.model(torch.ones(2, T, 4)), Tensor)
    assert losses == pytest.approx(Trainee(setup("second")).train(6).losses, rel=1e-5)


def test_metrics_get_what_they_take():
    own = Metric("right", lambda output, y: (output[1].argmax(-1) == y).double().mean())
    common = Metric("common", lambda output, y: (output.argmax(1) == y).double().mean())
    found = Trainee(read(setup("a tuple", metrics=[own, common]))).judge()["valid"]
    assert found["right"] == found["common"]


def test_a_loss_that_is_read_keeps_its_attributes():
    class Own(nn.CrossEntropyLoss):
        def forward(self, output: Any, y: Tensor) -> Tensor:
            return super().forward(output[1].movedim(-1, 1), y)

    found = read(setup("a tuple").with_problem(loss=Own(ignore_index=7)))
    assert found.outputs is not None
    assert getattr(found.problem.loss, "ignore_index", None) == 7
