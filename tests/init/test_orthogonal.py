from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from thalweg.init import orthogonal_

Seeded = Callable[..., torch.Generator]


@pytest.mark.parametrize("gain", [1, 0.5, 2**0.5])
@pytest.mark.parametrize(
    "layer",
    [
        nn.Linear(8, 8),
        nn.Linear(9, 4),
        nn.Linear(4, 9),
        nn.Conv2d(3, 16, 3),
        nn.Conv2d(8, 12, 3, groups=4),
        nn.Conv2d(30, 30, 3, groups=30),
        nn.ConvTranspose2d(6, 4, 2, groups=2),
    ],
    ids=repr,
)
def test_rows_or_columns_are_orthogonal_in_every_group(layer: nn.Conv2d, gain: float, seeded: Seeded) -> None:
    layer = orthogonal_(layer.double(), gain=gain, generator=seeded())
    for block in layer.weight.detach().chunk(getattr(layer, "groups", 1)):
        w = block.flatten(1)
        gram = w @ w.T if len(w) <= w.shape[1] else w.T @ w
        torch.testing.assert_close(gram, gain**2 * torch.eye(len(gram), dtype=torch.float64), rtol=0, atol=1e-12)
    assert not layer.bias.any()


def test_a_deep_linear_net_keeps_every_length(seeded: Seeded) -> None:
    net = orthogonal_(nn.Sequential(*[nn.Linear(32, 32) for _ in range(50)]).double(), generator=seeded())
    x: Tensor = torch.randn(20, 32, dtype=torch.float64, generator=seeded(1))
    torch.testing.assert_close(net(x).norm(dim=1), x.norm(dim=1), rtol=1e-12, atol=0)


def test_half_precision_is_rounded_once(seeded: Seeded) -> None:
    half = orthogonal_(nn.Linear(6, 6, dtype=torch.bfloat16), generator=seeded())
    assert torch.equal(half.weight, orthogonal_(nn.Linear(6, 6), generator=seeded()).weight.bfloat16())
