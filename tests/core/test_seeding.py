from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from thalweg.core.seeding import derive

PURPOSES = [(), ("weights",), *((word, i) for word in ("order", "noise", "valid") for i in range(500))]


@given(st.integers(), st.lists(st.text(max_size=5) | st.integers(), max_size=3))
def test_a_seed_is_a_63_bit_number_and_a_function_of_its_arguments(seed: int, purpose: list[str | int]) -> None:
    assert 0 <= derive(seed, *purpose) < 2**63
    assert derive(seed, *purpose) == derive(seed, *purpose)


def test_seeds_of_different_purposes_do_not_meet() -> None:
    seeds = [derive(seed, *purpose) for seed in range(-5, 5) for purpose in PURPOSES]
    assert len(set(seeds)) == len(seeds)


def test_neighbours_share_no_bits_but_by_chance() -> None:
    """Each of the 63 bits of consecutive epochs' seeds flips about half of the time."""
    seeds = [derive(0, "order", epoch) for epoch in range(2001)]
    flips = [a ^ b for a, b in pairwise(seeds)]
    for bit in range(63):
        assert 880 <= sum(flip >> bit & 1 for flip in flips) <= 1120


GOLDEN = {
    (0,): 4761921975702974394,
    (0, "weights"): 4283426181684004966,
    (0, "order", 0): 1829853113658518448,
    (0, "noise", 7): 6748804321320779450,
    (-1, "order", 1): 3396109145910477491,
}


def test_golden_values() -> None:
    """What was trained once can be trained again: these numbers never change."""
    assert {purpose: derive(*purpose) for purpose in GOLDEN} == GOLDEN
