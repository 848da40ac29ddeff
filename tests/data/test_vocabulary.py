from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from thalweg.core.errors import DataError, InputError
from thalweg.data.vocabulary import Vocabulary

WORDS = st.lists(st.text(max_size=3), min_size=1, max_size=30)


@given(text=st.text(min_size=1))
def test_round_trip_by_character(text: str) -> None:
    vocabulary = Vocabulary.of(text)
    assert list(vocabulary.symbols) == sorted(set(text))
    assert "".join(vocabulary.decode(vocabulary.encode(text))) == text


@given(words=WORDS, least=st.integers(1, 4))
def test_rare_symbols_become_the_unknown(words: list[str], least: int) -> None:
    vocabulary = Vocabulary.of(words, least=least, unknown="<unknown>")
    assert vocabulary.symbols[0] == "<unknown>"
    read = vocabulary.decode(vocabulary.encode(words))
    assert read == [word if words.count(word) >= least else "<unknown>" for word in words]


def test_a_symbol_that_is_not_there() -> None:
    with pytest.raises(DataError, match=r"'z'[\s\S]*one of 3 symbols"):
        Vocabulary("abc").encode("az")


@pytest.mark.parametrize("numbers", [[3], [0, -1]])
def test_a_number_that_is_not_there(numbers: list[int]) -> None:
    with pytest.raises(DataError, match=r"outside the vocabulary[\s\S]*0 to 2"):
        Vocabulary("abc").decode(numbers)
    assert Vocabulary("abc").decode(np.array([], np.int64)) == []


def test_no_vocabulary() -> None:
    with pytest.raises(InputError, match="make no vocabulary"):
        Vocabulary([])
    with pytest.raises(InputError, match=r"3 symbols, 2 of them different"):
        Vocabulary("aba")
    with pytest.raises(InputError, match="none of the vocabulary"):
        Vocabulary("abc", unknown="z")
