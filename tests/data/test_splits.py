from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from thalweg.core.errors import InputError
from thalweg.data.splits import holdout, repeats, three_parts

FRACTIONS = st.floats(0.01, 0.99)


@given(n=st.integers(2, 300), fraction=FRACTIONS, seed=st.integers(0, 2**40))
def test_parts_are_disjoint_and_whole(n: int, fraction: float, seed: int) -> None:
    kept, held = holdout(n, fraction, seed)
    assert sorted([*kept, *held]) == list(range(n))
    assert len(held) == min(max(round(n * fraction), 1), n - 1)
    assert kept.tolist() == sorted(kept)


@given(labels=st.lists(st.integers(0, 4), min_size=2, max_size=300), fraction=FRACTIONS, seed=st.integers(0, 9))
def test_each_class_has_its_share(labels: list[int], fraction: float, seed: int) -> None:
    n = len(labels)
    kept, held = holdout(n, fraction, seed, labels)
    assert sorted([*kept, *held]) == list(range(n))
    share = len(held) / n
    for label in set(labels):
        taken = sum(labels[place] == label for place in held)
        assert abs(taken - share * labels.count(label)) < 1


def test_same_seed_same_parts_and_every_sample_may_be_held() -> None:
    labels = np.arange(60) % 3
    first = holdout(60, 0.25, 7, labels)
    assert all(map(np.array_equal, first, holdout(60, 0.25, 7, labels)))
    seen = {int(place) for seed in range(60) for place in holdout(60, 0.25, seed, labels)[1]}
    assert seen == set(range(60))


@pytest.mark.parametrize(("n", "fraction"), [(1, 0.5), (0, 0.5), (10, 0.0), (10, 1.0), (10, float("nan"))])
def test_nothing_to_hold_out(n: int, fraction: float) -> None:
    with pytest.raises(InputError, match="No samples can be held out"):
        holdout(n, fraction, 0)


def test_labels_that_are_not_one_a_sample() -> None:
    with pytest.raises(InputError, match=r"one a sample[\s\S]*\(3,\)"):
        holdout(4, 0.5, 0, [0, 1, 1])


@given(groups=st.lists(st.integers(0, 30), min_size=2, max_size=200), fraction=FRACTIONS, seed=st.integers(0, 9))
def test_a_group_is_never_torn(groups: list[int], fraction: float, seed: int) -> None:
    if len(set(groups)) < 2:
        return
    kept, held = holdout(len(groups), fraction, seed, groups=groups)
    assert sorted([*kept, *held]) == list(range(len(groups)))
    assert not {groups[i] for i in kept} & {groups[i] for i in held}
    share = min(max(round(len(set(groups)) * fraction), 1), len(set(groups)) - 1)
    assert len({groups[i] for i in held}) == share


def test_groups_of_one_are_as_no_groups() -> None:
    labels = np.arange(40) % 3
    plain, grouped = holdout(40, 0.3, 5, labels), holdout(40, 0.3, 5, labels, groups=np.arange(40))
    assert all(map(np.array_equal, plain, grouped))


@given(rows=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=30))
def test_repeats_number_what_is_identical(rows: list[tuple[int, int]]) -> None:
    numbers = repeats(rows).tolist()
    assert len(set(numbers)) == len(set(rows))
    assert len(set(zip(numbers, rows, strict=True))) == len(set(rows))


def test_three_parts_are_disjoint_stratified_and_untorn() -> None:
    labels, groups = np.arange(300) // 2 % 3, np.arange(300) // 2
    parts = three_parts(300, test=0.2, valid=0.25, seed=1, labels=labels, groups=groups)
    assert [len(part) for part in parts] == [180, 60, 60]
    assert sorted(np.concatenate(parts)) == list(range(300))
    assert [np.bincount(labels[part]).tolist() for part in parts] == [[60] * 3, [20] * 3, [20] * 3]
    assert sum(len(set(groups[part])) for part in parts) == 150
