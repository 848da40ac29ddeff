from __future__ import annotations

import pytest
from torch import nn

from thalweg.core.errors import ModelError, UnknownNameError
from thalweg.init.width import parts


def conv(width: int) -> nn.Sequential:
    return nn.Sequential(
        *(
            nn.Conv2d(3, width, 3),
            nn.BatchNorm2d(width),
            nn.ConvTranspose2d(width, 2 * width, 2),
            nn.PReLU(2 * width),
        ),
        *(nn.Conv2d(2 * width, 2 * width, 3, groups=width), nn.Flatten(), nn.Linear(2 * width, 10)),
    )


def test_roles_are_the_dimensions_that_grow_with_the_width() -> None:
    """Of two widths, against the shapes: a role says which of what it takes and gives has doubled."""
    narrow, wide = parts(conv(4)), parts(conv(8))
    for name, part in narrow.items():
        grown = (wide[name].takes // part.takes, wide[name].gives // part.gives)
        if name == "4.weight":
            assert (part.role.name, part.takes, part.gives) == ("HIDDEN", 2, 8)  # a group's inputs stay two
            continue
        assert part.role.name == {(1, 2): "INPUT", (2, 2): "HIDDEN", (2, 1): "OUTPUT", (1, 1): "FIXED"}[grown], (
            name
        )
        assert wide[name].role is part.role


def test_modules_can_be_named() -> None:
    net = nn.ModuleDict(
        {"a": nn.Linear(2, 8), "b": nn.Linear(3, 8), "out": nn.Linear(8, 1), "aux": nn.Linear(8, 1)}
    )
    named = parts(net, inputs=["a", "b"], outputs=["out", "aux"])
    assert [named[f"{name}.weight"].role.name for name in net] == ["INPUT", "INPUT", "OUTPUT", "OUTPUT"]
    with pytest.raises(UnknownNameError, match=r"no module named 'oud'[\s\S]*'out'"):
        parts(net, outputs=["oud"])


@pytest.mark.parametrize(
    ("model", "words"),
    [(nn.Linear(3, 3), "got: +the layer itself"), (nn.LayerNorm(3), "no matrix whose width could grow")],
)
def test_what_has_no_width(model: nn.Module, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        parts(model)
