from __future__ import annotations

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest

from thalweg.core.errors import CorruptFileError
from thalweg.data.documents import messages, reviews, sentences


def test_published_facts(data_root: Path) -> None:
    said, sent, written = sentences(data_root), messages(data_root), reviews(data_root)
    assert np.bincount(said.y).tolist() == [5331, 5331]
    assert said.x[0] == "simplistic , silly and tedious . "
    assert len({word for text in said.x for word in text.split()}) == 21425
    assert np.bincount(sent.y).tolist() == [4827, 747]
    assert sent.x[1] == "Ok lar... Joking wif u oni..."
    assert np.bincount(written.y).tolist() == [1000, 1000]
    assert len({word for text in written.x for word in text.split()}) == 50920


def archive(path: Path, names: list[str]) -> None:
    with tarfile.open(path, "w:gz") as made:
        for name in names:
            info = tarfile.TarInfo(name)
            info.size = len(name)
            made.addfile(info, io.BytesIO(name.encode()))


def test_reviews_are_taken_in_order_from_their_folders(tmp_path: Path) -> None:
    names = [f"txt_sentoken/{side}/cv{n}.txt" for n in (2, 1) for side in ("pos", "neg")]
    archive(tmp_path / "review_polarity.tar.gz", [*names, "README"])
    read = reviews(tmp_path)
    assert read.x.tolist() == sorted(names)
    assert read.y.tolist() == [0, 0, 1, 1]


def test_a_damaged_archive(tmp_path: Path) -> None:
    path = tmp_path / "review_polarity.tar.gz"
    archive(path, ["txt_sentoken/neg/cv1.txt", "README"])
    with pytest.raises(CorruptFileError, match=r"no files in txt_sentoken/pos/"):
        reviews(tmp_path)
    for content, words in ((path.read_bytes()[:-9], "do not unpack"), (b"text" * 200, "no archive of reviews")):
        path.write_bytes(content)
        with pytest.raises(CorruptFileError, match=words):
            reviews(tmp_path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("ham\tfine\nfine\n", "'fine' in line 2"),
        ("ham\tfine\nspamm\tbuy\n", r"'spamm\tbuy' in line 2"),
        ("spam", "'spam' in line 1"),
        ("ham\tfine\n\nspam\tbuy\n", "nothing in line 2"),
        ("", "an empty file"),
    ],
)
def test_damaged_messages(tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "SMSSpamCollection"
    path.write_text(content)
    with pytest.raises(CorruptFileError) as caught:
        messages(tmp_path)
    assert str(path) in str(caught.value)
    assert words in str(caught.value)


def test_only_a_line_feed_ends_a_sentence(tmp_path: Path) -> None:
    for side in ("neg", "pos"):
        (tmp_path / f"rt-polarity.{side}").write_bytes("a b\u0085c\nd\u2028e\n".encode())
    assert sentences(tmp_path).x.tolist() == ["a b\u0085c", "d\u2028e"] * 2


def test_sentences_in_another_encoding(tmp_path: Path) -> None:
    for side in ("neg", "pos"):
        (tmp_path / f"rt-polarity.{side}").write_bytes(b"good\ncaf\xe9\n")
    with pytest.raises(CorruptFileError, match="byte e9 in line 2"):
        sentences(tmp_path)
