"""What the tests of looks that train share: digits and a net that learns them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from torch.optim import Adam

from thalweg.check.setup import Setup


@pytest.fixture(scope="session")
def digits_with(small_digits: Any, setup_of: Any, mlp: Any, halves: Any) -> Callable[..., Setup]:
    """Make a set-up on digits, healthy but for what is given: 64-32-10, Adam at 0.003, 10 epochs of 43 updates."""
    train, valid = halves(small_digits)

    def make(**changes: Any) -> Setup:
        given: dict[str, Any] = {"model": mlp(64, 32, 10), "optimizer": partial(Adam, lr=3e-3), "batch_size": 32}
        return setup_of(**{"data": train, "valid": valid, "epochs": 10} | given | changes)

    return make
