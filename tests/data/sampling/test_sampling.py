"""What holds for every order in the registry."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from thalweg.core.errors import DataError, InputTypeError, OutOfRangeError, UnknownNameError
from thalweg.data.batches import InMemory, batches, order
from thalweg.data.sampling import bind, samplings

names = pytest.mark.parametrize("name", list(samplings))
LABELS = torch.arange(50) % 3
LOSSES = torch.rand(50, generator=torch.Generator().manual_seed(0))


@names
@given(n=st.integers(1, 60), classes=st.integers(1, 5), seed=st.integers(0, 2**62), epoch=st.integers(0, 99))
def test_an_order_is_n_samples(name: str, n: int, classes: int, seed: int, epoch: int) -> None:
    labels = torch.arange(n) % classes + 3
    index = bind(name, {})(n, seed=seed, epoch=epoch, labels=labels, losses=labels.float())
    assert (index.shape, index.dtype) == ((n,), torch.int64)
    assert 0 <= index.min() <= index.max() < n
    if name in ("shuffled", "class-divergent"):
        assert torch.equal(index.sort().values, torch.arange(n))
    seen = [len(y) for _, y in batches(InMemory(labels, labels), 7, index)]
    assert sum(seen) == n


@names
def test_it_is_a_function_of_its_arguments_alone(name: str) -> None:
    sampling, told = bind(name, {}), {"labels": LABELS, "losses": LOSSES}
    first = sampling(50, seed=1, epoch=2, **told)
    torch.manual_seed(99)
    before = torch.get_rng_state()
    assert torch.equal(first, sampling(50, seed=1, epoch=2, **told))
    assert torch.equal(before, torch.get_rng_state())
    assert not torch.equal(first, sampling(50, seed=1, epoch=3, **told))
    assert not torch.equal(first, sampling(50, seed=2, epoch=2, **told))


def test_what_each_needs_and_its_options() -> None:
    assert {name: sorted(bind(name, {}).needs) for name in samplings} == {
        "shuffled": [],
        "with-replacement": [],
        "class-divergent": ["labels"],
        "hard": ["losses"],
        "drifting": ["labels"],
        "class-balanced": ["labels"],
    }
    assert {name: samplings.options(name) for name in samplings if samplings.options(name)} == {
        "hard": {"power": 0.5, "cap": 0.95, "uniform": 0.1},
        "drifting": {"period": 10.0, "strength": 2.0},
        "class-balanced": {"balance": 1.0},
    }


def test_the_default_is_the_order_that_was() -> None:
    assert torch.equal(bind("shuffled", {})(50, seed=3, epoch=4), order(50, seed=3, epoch=4))


@pytest.mark.parametrize(
    ("name", "options", "kind", "words"),
    [
        ("shufled", {}, UnknownNameError, "did you mean 'shuffled'"),
        ("hard", {"powr": 1}, UnknownNameError, "option of the sampling hard named 'powr'"),
        ("hard", {"losses": 1}, UnknownNameError, "named 'losses'"),
        ("hard", {"power": -1}, OutOfRangeError, r"power of the sampling hard[\s\S]*in \[0, inf\)"),
        ("hard", {"power": float("inf")}, OutOfRangeError, "power of the sampling hard"),
        ("hard", {"cap": 1.1}, OutOfRangeError, r"cap of the sampling hard[\s\S]*in \[0, 1\]"),
        ("hard", {"uniform": float("nan")}, OutOfRangeError, "uniform of the sampling hard"),
        ("drifting", {"period": 0}, OutOfRangeError, r"period of the sampling drifting[\s\S]*in \(0, inf\)"),
        ("drifting", {"strength": float("nan")}, OutOfRangeError, "strength of the sampling drifting"),
        ("class-balanced", {"balance": 2}, OutOfRangeError, "balance of classes"),
        ("hard", {"power": "x"}, InputTypeError, "power of the sampling hard is no number"),
        ("drifting", {"period": "x"}, InputTypeError, "period of the sampling drifting is no number"),
    ],
)
def test_what_is_wrong_is_said_at_once(
    name: str, options: dict[str, Any], kind: type[Exception], words: str
) -> None:
    with pytest.raises(kind, match=words):
        bind(name, options)


@names
def test_what_it_is_not_told(name: str) -> None:
    sampling = bind(name, {})
    for need in sampling.needs:
        with pytest.raises(DataError, match=rf"sampling {name} needs the {need} of all samples"):
            sampling(50, seed=0, epoch=0)
    if "labels" in sampling.needs:
        for wrong in (LABELS[:9], LABELS.float(), LABELS[:, None]):
            with pytest.raises(DataError, match="not one class a sample"):
                sampling(50, seed=0, epoch=0, labels=wrong)
    if "losses" in sampling.needs:
        with pytest.raises(DataError, match="not one a sample"):
            sampling(50, seed=0, epoch=0, losses=LOSSES[:9])
