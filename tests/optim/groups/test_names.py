from __future__ import annotations

import pytest
import torch
from torch import nn

from thalweg.core.errors import InputError, UnknownNameError
from thalweg.optim.groups import grouping, groupings, layerwise, lecun, mup, no_decay, parameter_groups


def test_names_and_options_are_read_from_the_functions() -> None:
    assert {name: groupings[name].options for name in groupings} == {
        "no-decay": {},
        "lecun": {},
        "layerwise": {"decay": 0.75},
        "mup": {"base_width": 64, "adaptive": True},
    }
    assert [name for name in groupings if groupings[name].needs_example] == ["lecun"]
    assert all(groupings[name].summary.startswith("Return ") for name in groupings)


def test_a_name_is_its_function() -> None:
    net, x = nn.Sequential(nn.Conv1d(1, 5, 3), nn.Flatten(), nn.Linear(20, 2)), torch.ones(2, 1, 6)
    assert grouping("no-decay")(net) == no_decay(net)
    assert grouping("layerwise", {"decay": 0.5})(net) == layerwise(net, decay=0.5)
    assert grouping("mup", {"adaptive": False, "base_width": 3})(net) == mup(net, adaptive=False, base_width=3)
    assert grouping("lecun", example=x)(net) == lecun(net, x)
    assert len(parameter_groups(net, grouping("no-decay"), grouping("lecun", example=x), lr=1.0, l1=0.1)) == 4


def test_what_is_missing_is_said() -> None:
    with pytest.raises(UnknownNameError, match=r"no grouping of parameters named 'no_decay'[\s\S]*'no-decay'"):
        grouping("no_decay")
    with pytest.raises(UnknownNameError, match=r"option of the grouping layerwise named 'decya'[\s\S]*'decay'"):
        grouping("layerwise", {"decya": 0.5})
    with pytest.raises(InputError, match="grouping lecun needs an example"):
        grouping("lecun")
