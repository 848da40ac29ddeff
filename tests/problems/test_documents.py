from __future__ import annotations

from pathlib import Path

import pytest

from thalweg.data.batches import InMemory
from thalweg.problems.catalog import load

LINES = [f"{label}\tword{n % 20} only{n % 25}" for n in range(100) for label in (["ham", "spam"][n % 5 == 0],)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "SMSSpamCollection").write_text("\n".join(LINES) + "\n")
    return tmp_path


def test_words_come_from_training_alone_and_repeats_stay_together(folder: Path) -> None:
    problem = load("sms/logistic", data=folder)
    parts = [split for split in problem.splits.values() if isinstance(split, InMemory)]
    assert sum(map(len, parts)) == 100
    words = problem.model().get_parameter("words.weight").shape[0]
    assert set(parts[0].x[parts[0].x > 0].tolist()) == set(range(1, words))
    assert problem.classes == ("ham", "spam")


def test_the_same_words_never_stand_on_two_sides(data_root: Path) -> None:
    problem = load("sms/logistic", data=data_root)
    parts = [split for split in problem.splits.values() if isinstance(split, InMemory)]
    # Bags that lost no word: what they hold is all that was in the text, but for words of other splits.
    seen = {tuple(row) for row in parts[0].x.tolist()}
    again = [row for part in parts[1:] for row in map(tuple, part.x.tolist()) if row in seen]
    assert len(again) < 0.02 * (len(parts[1]) + len(parts[2]))
    shares = [part.y.float().mean().item() for part in parts]
    assert max(shares) - min(shares) < 0.02
