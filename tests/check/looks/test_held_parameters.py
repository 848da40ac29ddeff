"""What optimizers hold, lack, and hold that is not the model's."""

from __future__ import annotations

import torch
from torch import nn
from torch.optim import SGD, Adam

from thalweg.check.subject import Subject


def loaded(mlp):
    """Return the factory of a net whose first layers come from elsewhere."""
    weights = [
        torch.randn(p.shape, generator=torch.Generator().manual_seed(0)) for p in mlp(64, 32, 10)().parameters()
    ]

    def make():
        net = mlp(64, 32, 10)()
        with torch.no_grad():
            for p, w in zip(net[0].parameters(), weights, strict=False):
                p.copy_(0.1 * w)
        return net

    return make


def test_parameters_that_are_left_out_are_found_and_given(small_digits, setup_of, mlp, see):
    for kept in (slice(0, 2), slice(2, None)):
        given = setup_of(
            small_digits, mlp(64, 32, 10), optimizer=lambda p, kept=kept: SGD(p[kept], lr=0.1, momentum=0.9)
        )
        seen = see(given, "held parameters")
        assert seen.faults == ["params_not_optimised"]
        mended = seen.mended()
        assert not mended.suspicions
        groups = Subject(mended.setup).trainee.learner.optimizer.param_groups
        assert [group["momentum"] for group in groups] == [0.9, 0.9]


def test_a_head_alone_may_be_trained_on_layers_that_were_learned(small_digits, setup_of, mlp, see):
    given = setup_of(small_digits, loaded(mlp), optimizer=lambda p: Adam(p[2:], lr=0.01))
    assert see(given, "held parameters").notes == ["params_not_optimised"]


def test_parameters_of_another_model_are_found(small_digits, setup_of, mlp, see):
    other = mlp(64, 32, 10)()
    given = setup_of(small_digits, mlp(64, 32, 10), optimizer=lambda p: Adam(other.parameters()))
    seen = see(given, "held parameters")
    assert seen.faults == ["params_not_optimised"]
    assert not [one for one in seen.mended().suspicions if "lacks" in one.finding.evidence]


def test_parameters_in_groups_are_held_once(small_digits, setup_of, mlp, see):
    def grouped(p):
        return SGD([{"params": p[:2], "lr": 0.01}, {"params": p[2:]}], lr=0.1)

    assert not see(setup_of(small_digits, mlp(64, 32, 10), optimizer=grouped), "held parameters").suspicions
    for name in ("adam", "momentum", "lion"):
        assert not see(setup_of(small_digits, mlp(64, 32, 10), optimizer=name), "held parameters").suspicions


def test_a_parameter_that_is_held_twice_is_found_and_mended(small_digits, setup_of, mlp, see):
    def twice(p):
        optimizer = SGD(p, lr=0.1)
        optimizer.param_groups.append({**optimizer.param_groups[0], "params": p[:1]})
        return optimizer

    seen = see(setup_of(small_digits, mlp(64, 32, 10), optimizer=twice), "held parameters")
    assert seen.faults == ["params_not_optimised"]
    assert not seen.mended().suspicions


class Listed(nn.Module):
    """A net whose hidden layers are in a plain list."""

    def __init__(self, kind):
        super().__init__()
        self.hidden = kind([nn.Linear(64, 32), nn.Linear(32, 32)])
        self.head = nn.Linear(32, 10)

    def forward(self, x):
        for layer in self.hidden:
            x = torch.relu(layer(x))
        return self.head(x)


def test_layers_in_a_list_are_found_and_given(small_digits, setup_of, see):
    seen = see(setup_of(small_digits, lambda: Listed(list)), "known parameters")
    assert seen.faults == ["params_not_optimised"]
    mended = seen.suspicions[0].change.apply(seen.setup)
    groups = Subject(mended).trainee.learner.optimizer.param_groups
    assert sum(len(group["params"]) for group in groups) == 6
    assert not see(setup_of(small_digits, lambda: Listed(nn.ModuleList)), "known parameters").suspicions


def test_a_fixed_teacher_is_no_parameter(small_digits, setup_of, mlp, see):
    class Taught(nn.Module):
        def __init__(self):
            super().__init__()
            self.teacher = [mlp(64, 32, 10)()]
            self.net = mlp(64, 32, 10)()

        def forward(self, x):
            with torch.no_grad():
                told = self.teacher[0](x)
            return self.net(x) + 0 * told

    assert not see(setup_of(small_digits, Taught), "known parameters").suspicions


def test_layers_frozen_at_random_are_found_and_thawed(small_digits, setup_of, mlp, see):
    for layer, place in ((0, "0.weight"), (2, "2.weight")):

        def make(layer=layer):
            net = mlp(64, 32, 10)()
            net[layer].requires_grad_(False)
            return net

        seen = see(setup_of(small_digits, make), "frozen parameters")
        assert seen.faults == ["frozen_layer"]
        assert place in seen.suspicions[0].finding.where
        mended = seen.mended()
        assert not mended.suspicions
        assert not see(mended.setup, "held parameters").suspicions


def test_layers_that_were_learned_before_may_be_frozen(small_digits, setup_of, mlp, see):
    def make():
        net = loaded(mlp)()
        net[0].requires_grad_(False)
        return net

    seen = see(setup_of(small_digits, make), "frozen parameters")
    assert not seen.suspicions
    assert "learned before" in seen.passed[0].evidence


def test_fixed_scales_and_norms_may_be_frozen(small_digits, setup_of, see):
    def make():
        net = nn.Sequential(nn.Linear(64, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 10))
        net[1].requires_grad_(False)
        return net

    assert not see(setup_of(small_digits, make), "frozen parameters").suspicions
