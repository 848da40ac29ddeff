from __future__ import annotations

import torch
from torch import nn

from thalweg.optim.groups import no_decay


def test_matrices_and_kernels_decay_and_the_rest_does_not() -> None:
    model = nn.ModuleDict(
        {
            "block": nn.TransformerEncoderLayer(4, 2, 8),
            "conv": nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.PReLU(2)),
            "norm": nn.LayerNorm((3, 5)),
            "words": nn.Embedding(9, 4),
            "cell": nn.LSTM(4, 3),
        }
    )
    model.register_parameter("scale", nn.Parameter(torch.ones(())))
    decaying = [name for name, _ in model.named_parameters() if name not in no_decay(model)]
    assert decaying == [
        "block.self_attn.in_proj_weight",
        "block.self_attn.out_proj.weight",
        "block.linear1.weight",
        "block.linear2.weight",
        "conv.0.weight",
        "words.weight",
        "cell.weight_ih_l0",
        "cell.weight_hh_l0",
    ]
    assert all(m.lr == 1 and m.decay == 0 for m in no_decay(model).values())
