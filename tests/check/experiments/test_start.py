"""First losses far from chance, and those that only look so."""

from __future__ import annotations

import pytest
import torch
from torch import nn


def test_a_healthy_start(digits_with, see):
    seen = see(digits_with(), "loss at start")
    assert not seen.suspicions
    assert "chance 2.3" in seen.passed[0].evidence


def test_inputs_in_large_units_are_told_from_large_weights(digits_with, small_digits, halves, mlp, see):
    (x, y), valid = halves(small_digits)
    raw = see(digits_with(data=(200 * x, y), valid=(200 * valid[0], valid[1])), "loss at start")
    assert raw.faults == ["input_scaling"]
    assert not raw.mended().suspicions

    def large():
        model = mlp(64, 32, 10)()
        nn.init.normal_(model[2].weight, std=20)
        return model

    weights = see(digits_with(model=large), "loss at start")
    assert weights.faults == ["weight_init"]
    assert not weights.mended().suspicions


def test_targets_far_from_zero(raw_diabetes, setup_of, mlp, see):
    x, y = raw_diabetes
    given = setup_of((x, y + 2000), mlp(10, 16, 1), nn.MSELoss(), batch_size=32)
    seen = see(given, "loss at start")
    assert seen.faults == ["target_scaling"]

    class Inside(nn.Module):
        """Normalizes its targets by itself."""

        def __init__(self):
            super().__init__()
            self.net = mlp(10, 16, 1)()

        def forward(self, x):
            return 2150 + 77 * self.net(x)

    assert not see(given.with_problem(model=Inside), "loss at start").suspicions


def test_ids_of_tokens_as_quantities(setup_of, mlp, see):
    class Quantities(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = mlp(6, 16, 2)()

        def forward(self, x):
            return self.net(x.float())

    x = torch.randint(5000, (200, 6), generator=torch.Generator().manual_seed(0))
    seen = see(setup_of((x, x[:, 0] % 2), Quantities, batch_size=16), "loss at start")
    assert seen.faults == ["token_encoding"]


@pytest.mark.parametrize("shown", [0.0, 5.0])
def test_a_fresh_net_that_knows_is_noted(digits_with, small_digits, halves, see, shown):
    """Its inputs hold the label, and a way round the layers carries it to the outputs."""

    class Around(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(74, 10)

        def forward(self, x):
            return 0.1 * self.layer(x) + x[:, 64:]

    def told(pair):
        x, y = pair
        return torch.cat([x, shown * nn.functional.one_hot(y, 10)], 1), y

    train, valid = halves(small_digits)
    seen = see(digits_with(data=told(train), valid=told(valid), model=Around), "loss at start")
    assert seen.notes == (["data_leakage"] if shown else [])


def test_weights_that_were_learned_before_may_know(digits_with, small_digits, see, mlp):
    x, y = small_digits
    torch.manual_seed(0)
    learned = mlp(64, 32, 10)()
    optimizer = torch.optim.Adam(learned.parameters(), lr=0.01)
    for _ in range(60):
        optimizer.zero_grad()
        nn.functional.cross_entropy(learned(x), y).backward()
        optimizer.step()

    def model():
        fresh = mlp(64, 32, 10)()
        fresh.load_state_dict(learned.state_dict())
        return fresh

    assert not see(digits_with(model=model), "loss at start").suspicions
