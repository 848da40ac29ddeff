from __future__ import annotations

import pytest

from thalweg.core.errors import UnknownNameError
from thalweg.data.named import Named, is_choice


def power(base: float, *, exponent: float = 2.0, seed: int = 0) -> float:
    return base**exponent + seed


@pytest.fixture
def powers() -> Named[float]:
    found: Named[float] = Named("power", told=("seed",))
    found.add("power", power)
    return found


def test_what_is_told_is_no_option(powers: Named[float]) -> None:
    assert powers.options("power") == {"exponent": 2.0}
    assert powers.choose("power")(3.0) == 9
    assert powers.choose(("power", {"exponent": 3}))(2.0, seed=1) == 9
    with pytest.raises(UnknownNameError, match="option of the power power named 'seed'"):
        powers.bind("power", {"seed": 1})


def test_unknown_names(powers: Named[float]) -> None:
    with pytest.raises(UnknownNameError, match="no power named 'pwer'"):
        powers.choose("pwer")
    with pytest.raises(UnknownNameError, match=r"'exponnt'[\s\S]*did you mean 'exponent'"):
        powers.choose(("power", {"exponnt": 1}))


def test_what_a_choice_is() -> None:
    assert is_choice("a")
    assert is_choice(("a", {}))
    assert not any(map(is_choice, (("a", "b"), ["a", {}, 3], 3, None, ("a",))))
