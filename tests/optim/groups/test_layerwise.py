from __future__ import annotations

import pytest
import torch
from torch import nn

from thalweg.core.errors import InputError, OutOfRangeError
from thalweg.optim.groups import layerwise


class Transformer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.token = nn.Parameter(torch.zeros(1, 4))
        self.words = nn.Embedding(9, 4)
        self.blocks = nn.ModuleList(nn.TransformerEncoderLayer(4, 2, 8) for _ in range(3))
        self.norm, self.head = nn.LayerNorm(4), nn.Linear(4, 9)


def depths(model: nn.Module, **options: object) -> dict[str, int]:
    """How many layers below the top each parameter is, by the powers of 1/2."""
    found = {name: m.lr for name, m in layerwise(model, decay=0.5, **options).items()}
    assert set(found) == {name for name, _ in model.named_parameters()}
    return {name: round(-torch.tensor(rate).log2().item()) for name, rate in found.items()}


def test_a_block_is_a_layer_and_norms_belong_to_what_they_follow() -> None:
    found = depths(Transformer())
    assert {found["token"], found["words.weight"], found["norm.bias"], found["head.bias"]} == {5, 4, 1, 0}
    for place in range(3):
        own = {depth for name, depth in found.items() if name.startswith(f"blocks.{place}.")}
        assert own == {3 - place}


def test_stages_of_blocks_in_sequences() -> None:
    def block() -> nn.Module:
        return nn.Sequential(nn.Conv2d(2, 2, 1), nn.BatchNorm2d(2))

    backbone = nn.Sequential(nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2), nn.Sequential(block(), block()), nn.Flatten())
    found = depths(nn.Sequential(backbone, nn.Linear(2, 3)))
    assert {name: depth for name, depth in found.items() if "weight" in name} == {
        "0.0.weight": 3,
        "0.1.weight": 3,
        "0.2.0.0.weight": 2,
        "0.2.0.1.weight": 2,
        "0.2.1.0.weight": 1,
        "0.2.1.1.weight": 1,
        "1.weight": 0,
    }


def test_layers_can_be_named() -> None:
    found = depths(Transformer(), layers=["head", "blocks.", ""])
    assert (found["head.bias"], found["blocks.2.linear1.bias"], found["words.weight"]) == (2, 1, 0)
    with pytest.raises(InputError, match=r"parameter token belongs to none of the layers[\s\S]*head, blocks"):
        layerwise(Transformer(), layers=["head", "blocks"])


@pytest.mark.parametrize("decay", [0, -1, float("nan")])
def test_the_decay_is_positive(decay: float) -> None:
    with pytest.raises(OutOfRangeError, match="decay from layer to layer is out of its range"):
        layerwise(Transformer(), decay=decay)
