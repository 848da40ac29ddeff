"""Every optimizer keeps its colour, and no two on a page look the same."""

from __future__ import annotations

import re
from importlib.resources import files

from hypothesis import given
from hypothesis import strategies as st

from thalweg.report.seats import seats

CLASSICAL = ["sgd", "momentum", "nesterov", "adagrad", "rmsprop", "rmsprop-nesterov", "adadelta", "adam"]
names = st.lists(st.sampled_from(CLASSICAL) | st.text("xyz", min_size=1, max_size=4), max_size=24)


@given(names)
def test_no_two_look_the_same(found: list[str]) -> None:
    looks = [(seat.colour, seat.symbol, seat.dash) for seat in seats(found).values()]
    assert len(looks) == len(set(found))
    assert len(set(looks)) == len(looks)


@given(names, names)
def test_a_classical_optimizer_looks_the_same_on_every_page(one: list[str], other: list[str]) -> None:
    for name in set(one) & set(other) & set(CLASSICAL):
        assert seats(one)[name] == seats(other)[name]


def test_a_stranger_takes_a_free_colour() -> None:
    taken = seats(["adam", "sgd", "mine"])
    assert len({seat.colour for seat in taken.values()}) == 3


def test_the_style_sheet_has_every_colour_in_light_and_dark() -> None:
    css = files("thalweg.report").joinpath("templates/page.css").read_text("utf-8")
    for seat in seats(CLASSICAL).values():
        variable = seat.colour.removeprefix("var(").removesuffix(")")
        assert len(re.findall(rf"{variable}: #[0-9a-f]{{6}};", css)) == 2
