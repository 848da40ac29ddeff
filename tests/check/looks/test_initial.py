"""Initial weights that lose the signal or leave units the same, and those that only look so."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import init

from thalweg.check.setup import Setup


def filled(make, fill, *, weights_of=None):
    """Return a factory of nets whose weights are filled anew, all or those of some layers."""

    def factory():
        net = make()
        for name, p in net.named_parameters():
            if p.ndim > 1 and (weights_of is None or name.split(".")[0] in weights_of):
                fill(p)
        return net

    return factory


@pytest.mark.parametrize("std", [1.0, 0.001])
def test_weights_of_an_odd_size_are_found_and_drawn_anew(std, small_digits, setup_of, mlp, see):
    make = filled(mlp(64, 128, 128, 10), lambda p: init.normal_(p, std=std))
    seen = see(setup_of(small_digits, make), "signal size")
    assert seen.faults == ["weight_init"]
    assert not seen.mended().suspicions


def test_weights_between_zero_and_one_are_found(small_digits, setup_of, mlp, see):
    make = filled(mlp(64, 128, 128, 10), init.uniform_)
    assert see(setup_of(small_digits, make), "signal size").faults == ["weight_init"]


USUAL = {
    "torch's own": lambda p: None,
    "he": init.kaiming_normal_,
    "glorot": init.xavier_uniform_,
    "orthogonal": init.orthogonal_,
    "normal with 0.05": lambda p: init.normal_(p, std=0.05),
    "normal with 0.02": lambda p: init.normal_(p, std=0.02),
}


@pytest.mark.parametrize("name", USUAL)
@pytest.mark.parametrize("depth", [1, 3, 5])
def test_usual_weights_are_left_alone(name, depth, small_digits, setup_of, mlp, see):
    widths = (64, *[256] * depth, 10)
    if name == "normal with 0.02" and depth > 1:
        widths = (64, 1024, 1024, 10)
    make = filled(mlp(*widths), USUAL[name])
    for look in ("signal size", "different units"):
        assert not see(setup_of(small_digits, make), look).suspicions


def test_a_deep_net_that_fades_is_found(small_digits, setup_of, mlp, see):
    seen = see(setup_of(small_digits, mlp(64, *[64] * 14, 10)), "signal size")
    assert seen.faults
    assert not seen.mended().suspicions


def test_deep_sigmoids_lose_the_gradient(small_digits, setup_of, mlp, see):
    seen = see(setup_of(small_digits, mlp(64, *[64] * 8, 10, activation=nn.Sigmoid)), "signal size")
    assert seen.faults == ["vanishing_gradient"]
    assert not seen.mended().suspicions


def test_normalization_makes_up_for_any_size(small_digits, setup_of, see):
    def normed(kind):
        layers = [nn.Linear(64, 64), kind(64), nn.ReLU()]
        for _ in range(9):
            layers += [nn.Linear(64, 64), kind(64), nn.ReLU()]
        return nn.Sequential(*layers, nn.Linear(64, 10))

    for kind in (nn.BatchNorm1d, nn.LayerNorm):
        for std in (1.0, 0.01):
            make = filled(lambda kind=kind: normed(kind), lambda p, std=std: init.normal_(p, std=std))
            assert not see(setup_of(small_digits, make), "signal size").suspicions


CONSTANT = {
    "all zeros": lambda p: init.zeros_(p),
    "all the same": lambda p: init.constant_(p, 0.1),
}


@pytest.mark.parametrize("name", CONSTANT)
def test_units_that_stay_the_same_are_found_and_drawn(name, small_digits, setup_of, mlp, see):
    seen = see(setup_of(small_digits, filled(mlp(64, 32, 32, 10), CONSTANT[name])), "different units")
    assert seen.faults == ["weight_init"]
    assert seen.suspicions[0].weight == 1
    assert not seen.mended().suspicions


def test_a_hidden_layer_of_zeros_behind_a_rectifier_is_found(small_digits, setup_of, mlp, see):
    make = filled(mlp(64, 32, 32, 10), init.zeros_, weights_of=("2",))

    def without_biases():
        net = make()
        init.zeros_(net[2].bias)
        return net

    assert see(setup_of(small_digits, without_biases), "different units").faults == ["weight_init"]


def test_recurrent_units_that_stay_the_same_are_found(small_digits, setup_of, see):
    class Rows(nn.Module):
        def __init__(self):
            super().__init__()
            self.rows, self.head = nn.GRU(8, 16, batch_first=True), nn.Linear(16, 10)
            for p in self.parameters():
                init.constant_(p, 0.05)

        def forward(self, x):
            return self.head(self.rows(x.reshape(-1, 8, 8))[1][0])

    seen = see(setup_of(small_digits, Rows), "different units")
    assert seen.faults == ["weight_init"]
    assert not seen.mended().suspicions


def test_zeros_in_the_last_layer_are_right(small_digits, setup_of, mlp, see):
    for widths, last in (((64, 32, 10), "2"), ((64, 10), "0")):
        make = filled(mlp(*widths), init.zeros_, weights_of=(last,))
        for look in ("signal size", "different units"):
            assert not see(setup_of(small_digits, make), look).suspicions


def test_zeros_at_the_end_of_branches_are_right(small_digits, setup_of, see):
    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.up, self.down = nn.Linear(64, 64), nn.Linear(64, 64)
            init.zeros_(self.down.weight)
            init.zeros_(self.down.bias)

        def forward(self, x):
            return x + self.down(torch.relu(self.up(x)))

    def make():
        return nn.Sequential(nn.Linear(64, 64), Block(), Block(), Block(), nn.Linear(64, 10))

    for look in ("signal size", "different units"):
        assert not see(setup_of(small_digits, make), look).suspicions


def test_the_size_of_inputs_is_no_matter_of_weights(raw_digits, setup_of, mlp, see):
    x, y = raw_digits
    for by in (16, 1e-4):
        assert not see(setup_of((by * x, y), mlp(64, 64, 64, 10)), "signal size").suspicions


def test_the_catalog_starts_well(data_root, see):
    from thalweg.problems import load

    for name in ("mnist/2c2d", "cifar-subset/3c3d", "sms/mlp-1", "shakespeare/lstm", "shakespeare/transformer"):
        for look in ("signal size", "different units"):
            assert not see(Setup.of(load(name, data=data_root)), look).suspicions
