from __future__ import annotations

import numpy as np
import pytest

from thalweg.core.errors import InputError
from thalweg.nn.arguments import count, finite


def test_numbers_of_numpy_serve() -> None:
    assert count("pieces", np.int64(3)) == 3  # pyright: ignore[reportArgumentType]
    assert finite("slope", np.float32(0.5)) == 0.5  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("value", [0, -1, 2.0, True, None, "3"])
def test_no_count(value: int) -> None:
    with pytest.raises(InputError, match="pieces is unusable"):
        count("pieces", value)


def test_zero_is_finite_and_not_positive() -> None:
    assert finite("beta", 0) == 0
    with pytest.raises(InputError, match="beta is unusable") as error:
        finite("beta", 0, positive=True)
    assert "a finite number > 0" in str(error.value)
