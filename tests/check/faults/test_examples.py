"""The examples of the vocabulary run, and show what they say: the sign comes with the fault and goes without."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from thalweg.check.faults import faults


def sign_of(program: str, sign: str) -> bool:
    names: dict[str, Any] = {"torch": torch, "nn": nn}
    with torch.random.fork_rng(devices=[]):
        exec(program, names)
        return bool(eval(sign, names))


@pytest.mark.parametrize("name", faults)
def test_the_sign_comes_with_the_fault_and_goes_with_its_repair(name: str) -> None:
    example = faults[name].example
    assert sign_of(example.faulty, example.sign) is True
    assert sign_of(example.repaired, example.sign) is False
