"""Models that detach, and what they learn if they do not."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from thalweg.check.experiments.passing import let_through, passing


def without_gradients(layer, x):
    with torch.no_grad():
        return layer(x)


CUTS = [
    lambda layer, x: layer(x).detach(),
    lambda layer, x: layer(x).data,
    lambda layer, x: torch.detach(layer(x)),
    without_gradients,
]


class Cut(nn.Module):
    """Two layers, and a cut between."""

    def __init__(self, cut):
        super().__init__()
        self.first, self.last, self.cut = nn.Linear(4, 8), nn.Linear(8, 3), cut

    def forward(self, x):
        return self.last(torch.tanh(self.cut(self.first, x)))


@pytest.mark.parametrize("cut", CUTS)
def test_gradients_pass_what_cuts_them(cut, blobs):
    cutting, whole = Cut(cut), Cut(lambda layer, x: layer(x))
    whole.load_state_dict(cutting.state_dict())
    x, y = blobs
    nn.functional.cross_entropy(cutting(x), y).backward()
    assert cutting.first.weight.grad is None
    let_through(cutting)
    for model in (cutting, whole):
        model.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
    assert torch.equal(cutting.first.weight.grad, whole.first.weight.grad)


def test_where_no_gradients_are_wanted_there_are_none(blobs):
    model = Cut(CUTS[0])
    let_through(model)
    with torch.no_grad():
        assert not model(blobs[0]).requires_grad


def test_a_set_up_is_left_as_it_is(setup_of, blobs):
    given = setup_of(blobs, lambda: Cut(CUTS[0]))
    assert (len(given.mended), len(passing(given).mended)) == (0, 1)
