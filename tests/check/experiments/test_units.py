"""Dead and saturated units, and layers that are only half at rest."""

from __future__ import annotations

from functools import partial

import torch
from torch import nn
from torch.optim import SGD

from thalweg.core.finding import Severity


def with_bias(factory, bias):
    def make():
        model = factory()
        nn.init.constant_(model[0].bias, bias)
        return model

    return make


def test_half_of_all_outputs_at_zero_is_healthy(digits_with, see):
    seen = see(digits_with(), "dead units")
    assert not seen.suspicions
    assert "at most" in seen.passed[0].evidence


def test_units_that_never_wake_are_dead_and_leaky_ones_are_not(digits_with, mlp, see):
    seen = see(digits_with(model=with_bias(mlp(64, 32, 10), -30.0)), "dead units")
    assert seen.faults == ["dead_relu"]
    assert seen.suspicions[0].finding.numbers["dead at the start"] == 1
    (picture,) = seen.pictures
    assert [one.name for one in picture.series] == ["0", "1", "2"]
    assert max(picture.series[1].y) == 1  # all at zero
    assert not seen.mended().suspicions


def test_units_that_die_by_the_rate(digits_with, see):
    seen = see(digits_with(optimizer=partial(SGD, lr=3.0, momentum=0.9)), "dead units")
    numbers = seen.suspicions[0].finding.numbers
    assert numbers["dead"] > 0.5 > numbers["dead at the start"]


def test_units_that_wake_for_few_samples_only_are_alive(setup_of, see):
    """Every unit answers one word of 40; a batch of 8 holds few of them."""

    class Words(nn.Module):
        def __init__(self):
            super().__init__()
            self.relu, self.last = nn.ReLU(), nn.Linear(40, 2)

        def forward(self, x):
            return self.last(self.relu(x))

    place = torch.arange(400) % 40
    x = torch.nn.functional.one_hot(place, 40).float()
    given = setup_of((x, place % 2), Words, batch_size=8)
    seen = see(given, "dead units")
    assert not seen.suspicions


def test_sigmoids_at_their_ends(digits_with, small_digits, halves, mlp, see):
    (x, y), valid = halves(small_digits)
    net = mlp(64, 32, 10, activation=nn.Sigmoid)
    raw = see(digits_with(model=net, data=(100 * x, y), valid=(100 * valid[0], valid[1])), "saturated units")
    assert raw.faults == ["saturation"]
    assert raw.suspicions[0].change
    healthy = see(digits_with(model=net), "saturated units")
    assert not healthy.suspicions
    assert healthy.passed


def test_an_output_may_be_at_its_ends(digits_with, small_digits, halves, mlp, see):
    (x, y), valid = halves(small_digits)
    data, valid = (x, (y > 4).float()[:, None]), (valid[0], (valid[1] > 4).float()[:, None])
    given = digits_with(model=mlp(64, 32, 1, end=nn.Sigmoid), loss=nn.BCELoss(), data=data, valid=valid)
    assert not see(given, "saturated units").suspicions


def test_channels_of_images_are_units(digits_with, small_digits, halves, see):
    def net():
        return nn.Sequential(
            nn.Unflatten(1, (1, 8, 8)), nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(288, 10)
        )

    def asleep():
        model = net()
        with torch.no_grad():
            model[1].bias[:6] = -50
        return model

    assert not see(digits_with(model=net), "dead units").suspicions
    seen = see(digits_with(model=asleep), "dead units")
    assert seen.faults == ["dead_relu"]
    assert seen.suspicions[0].finding.numbers["dead"] == 0.75


def test_a_layer_without_a_living_unit_explains_that_nothing_is_learned(digits_with, mlp, see):
    dead = see(digits_with(model=with_bias(mlp(64, 32, 10), -30.0)), "dead units").suspicions[0]
    assert (dead.finding.severity, dead.weight > 0.9) == (Severity.ERROR, True)
    assert "gradient_blocked" in dead.explains
