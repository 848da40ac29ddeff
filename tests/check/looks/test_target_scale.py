"""Targets of a scale that takes long to get to, and nets that bring outputs there by themselves."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from thalweg.check.subject import Subject


@pytest.mark.parametrize("loss", [nn.MSELoss(), nn.L1Loss()])
@pytest.mark.parametrize("change", [lambda y: y, lambda y: 1000 * y, lambda y: y / 10 + 300])
def test_targets_far_away_are_found_and_learned_in_their_own_scale(change, loss, raw_diabetes, setup_of, mlp, see):
    x, y = raw_diabetes
    seen = see(setup_of((x, change(y)), mlp(10, 16, 1), loss), "target scale")
    assert seen.faults == ["target_scaling"]
    mended = seen.suspicions[0].change.apply(seen.setup)
    assert not see(mended, "target scale").suspicions
    subject = Subject(mended)
    outputs = subject.model(x)
    of_mended, of_own = mended.problem.loss(outputs, change(y)), loss(outputs, change(y))
    power = 2 if isinstance(loss, nn.MSELoss) else 1
    assert torch.allclose(
        of_mended, of_own / change(y).std(correction=0) ** power, rtol=0.05
    )  # of the training part
    own = torch.autograd.grad(of_mended, list(subject.model.parameters()))
    assert 1e-3 < max(g.abs().max() for g in own) < 10  # as of standardized targets
    assert not see(mended, "gradients").suspicions


def test_tiny_targets_are_found(raw_diabetes, setup_of, mlp, see):
    x, y = raw_diabetes
    seen = see(setup_of((x, (y - y.mean()) / y.std() / 1000), mlp(10, 16, 1), nn.MSELoss()), "target scale")
    assert seen.faults == ["target_scaling"]
    assert not seen.mended().suspicions


def test_standardized_targets_are_usual(raw_diabetes, setup_of, mlp, see):
    x, y = raw_diabetes
    for target in ((y - y.mean()) / y.std(), y / 100, (y - y.mean()) / y.std() / 10):
        assert not see(setup_of((x, target), mlp(10, 16, 1), nn.MSELoss()), "target scale").suspicions


class InUnits(nn.Module):
    """A net that brings its outputs to the scale of targets."""

    def __init__(self, mean, spread):
        super().__init__()
        self.mean, self.spread = mean, spread
        self.net = nn.Sequential(nn.Linear(10, 16), nn.ReLU(), nn.Linear(16, 1))

    def forward(self, x):
        return self.mean + self.spread * self.net(x)


def test_targets_normalized_inside_the_model_are_right(raw_diabetes, setup_of, see):
    x, y = raw_diabetes
    given = setup_of((x, y), lambda: InUnits(y.mean(), y.std()), nn.MSELoss())
    assert not see(given, "target scale").suspicions


def test_a_last_layer_of_zeros_is_no_matter(raw_diabetes, setup_of, mlp, see):
    x, y = raw_diabetes

    def make():
        net = mlp(10, 16, 1)()
        nn.init.zeros_(net[2].weight)
        nn.init.zeros_(net[2].bias)
        return net

    given = setup_of((x, (y - y.mean()) / y.std()), make, nn.MSELoss())
    assert not see(given, "target scale").suspicions


def test_years_and_marks_are_usual(data_root, setup_of, mlp, see):
    from thalweg.data.measured import abalone, wine_quality

    for x, y in (abalone(data_root), wine_quality(data_root)):
        inputs, target = torch.as_tensor(x).float(), torch.as_tensor(y).float().reshape(-1, 1)
        inputs = (inputs - inputs.mean(0)) / inputs.std(0)
        given = setup_of((inputs, target), mlp(inputs.shape[1], 16, 1), nn.MSELoss())
        assert not see(given, "target scale").suspicions
