"""A choice is a name with options; what is written is read again."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thalweg.core.choice import read, written
from thalweg.core.errors import InputError, InputTypeError

words = st.from_regex(r"[a-z][a-z\-]{0,8}", fullmatch=True).filter(
    lambda word: word not in ("true", "false", "inf", "nan")
)
numbers = st.integers() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False)
choices = st.lists(st.tuples(words, st.dictionaries(words, numbers | words, max_size=3)), min_size=1, max_size=3)


@given(choices)
def test_what_is_written_is_read_again(several: list[tuple[str, dict[str, Any]]]) -> None:
    text = written("augment", several, several=True)
    assert read(text) == several
    assert written("augment", text, several=True) == text


@pytest.mark.parametrize("text", ["", ",", "a,", ":b=1", "a:", "a:b", "a:b=", "a:=1", "b=1", "a:b=1,"])
def test_texts_of_another_form_are_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"A choice cannot be read[\s\S]*such as crop:padding=4"):
        read(text)


@pytest.mark.parametrize("value", [abs, 3, None, ("crop", {"padding": [4]}), b"crop"])
def test_objects_are_refused(value: Any) -> None:
    with pytest.raises(InputTypeError):
        written("augment", value)


def test_one_choice_is_not_several() -> None:
    with pytest.raises(InputError, match=r"preprocess is one choice[\s\S]*zca, pca"):
        written("preprocess", "zca,pca")
