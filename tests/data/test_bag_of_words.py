from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thalweg.core.errors import InputError
from thalweg.data.bag_of_words import bags, tokens
from thalweg.data.vocabulary import Vocabulary

TEXTS = st.lists(st.lists(st.sampled_from("abcdefgh"), max_size=12), min_size=1, max_size=10)


@given(texts=TEXTS)
def test_a_row_holds_the_known_words_of_its_text_once(texts: list[list[str]]) -> None:
    vocabulary = Vocabulary.of("abcde", unknown="")
    rows = bags(texts, vocabulary)
    for row, text in zip(rows, texts, strict=True):
        held = row[row > 0]
        assert vocabulary.decode(held) == sorted(set(text) & set("abcde"))
        assert (row[len(held) :] == 0).all()
    assert rows.shape[1] == max(len(set(text) & set("abcde")) for text in texts)


def test_tokens() -> None:
    assert tokens("Free entry! Txt 2 £1.50") == ["free", "entry", "!", "txt", "2", "£", "1", ".", "50"]
    assert tokens(" \t") == []


def test_a_vocabulary_without_room_for_the_unknown() -> None:
    with pytest.raises(InputError, match=r"begins with its symbol for the unknown[\s\S]*'a'"):
        bags([["a"]], Vocabulary("ab"))
    with pytest.raises(InputError, match="unknown=''"):
        bags([["a"]], Vocabulary("ab", unknown="b"))
