from __future__ import annotations

import sys

import pytest

from thalweg.core.errors import UnknownNameError
from thalweg.core.registry import Registry


def shapes() -> Registry[int]:
    registry = Registry[int]("shape")
    registry.add("triangle", 3)
    registry.add("square", 4)
    return registry


def test_names_keep_the_order_they_were_added_in() -> None:
    registry = shapes()
    assert list(registry) == ["triangle", "square"]
    assert len(registry) == 2
    assert registry["square"] == 4
    assert "square" in registry
    assert "Square" not in registry


@pytest.mark.parametrize(
    ("asked", "nearest"), [("sqare", ["square"]), ("SQUARE", ["square"]), ("Triangel", ["triangle"]), ("zzz", [])]
)
def test_an_unknown_name_gives_the_nearest_ones(asked: str, nearest: list[str]) -> None:
    with pytest.raises(UnknownNameError, match=f"no shape named '{asked}'") as caught:
        shapes()[asked]
    assert caught.value.nearest == nearest
    assert "one of square, triangle" in str(caught.value)


def test_the_nearest_name_comes_back_in_its_own_case() -> None:
    registry = Registry[int]("class")
    registry.add("RMSprop", 1)
    with pytest.raises(UnknownNameError, match="did you mean 'RMSprop'"):
        registry["rmsprob"]


@pytest.mark.parametrize("asked", [None, 3, int])
def test_what_is_no_name_is_unknown_too(asked: object) -> None:
    with pytest.raises(UnknownNameError, match="no shape named"):
        shapes()[asked]  # type: ignore[index]


@pytest.mark.parametrize("name", ["square", "Square", "SQUARE"])
def test_names_never_differ_by_case_only(name: str) -> None:
    registry = shapes()
    for enter in (lambda: registry.add(name, 5), lambda: registry.add_lazy(name, "math:pi")):
        with pytest.raises(AssertionError, match="clashes with 'square'"):
            enter()
    assert registry["square"] == 4


def test_a_lazy_entry_is_imported_when_first_asked_for() -> None:
    registry = Registry[object]("module")
    sys.modules.pop("colorsys", None)
    registry.add_lazy("hues", "colorsys:rgb_to_hsv")
    assert list(registry) == ["hues"]
    assert "colorsys" not in sys.modules
    found = registry["hues"]
    assert found is sys.modules["colorsys"].rgb_to_hsv
    assert registry["hues"] is found
