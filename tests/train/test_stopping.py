from __future__ import annotations

import math

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from torch import nn

from thalweg.core.run import Epoch
from thalweg.problems import Metric
from thalweg.train.stopping import EarlyStopping

nan = math.nan
scores = st.lists(st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0, nan, math.inf, -math.inf]), min_size=1, max_size=12)


def score(higher: bool) -> Metric:
    return Metric("score", lambda output, target: output.mean(), higher)


def watch(
    values: list[float], patience: int | None, *, higher: bool = True, keep_best: bool = True
) -> tuple[EarlyStopping, int | None, float]:
    """Show it one value an epoch; returns it, the epoch at which it is due, and the weight it restores."""
    stopping, model, due = EarlyStopping(score(higher), patience, keep_best), nn.Linear(1, 1, bias=False), None
    for number, value in enumerate(values, start=1):
        nn.init.constant_(model.weight, number)
        epoch = Epoch(number=number, step=0, seconds=0, lr=0, train_loss=0, valid={"score": value, "loss": 1.0})
        stopping.see(epoch, model)
        if stopping.is_due(epoch):
            due = number
            break
    assert stopping.put_back(model) == bool(stopping.weights)
    return stopping, due, model.weight.item()


@given(scores, st.integers(1, 4), st.booleans())
@example([nan, 0.5, 0.5], 2, True)
@example([nan, nan, nan], 2, False)
def test_it_does_what_it_says(values: list[float], patience: int, higher: bool) -> None:
    """Against the definition: the first best of what was seen, and due `patience` epochs after it."""
    stopping, due, restored = watch(values, patience, higher=higher)
    seen = values[:due]
    finite = [value if higher else -value for value in seen if not math.isnan(value)]
    best = 0 if not finite else [value if higher else -value for value in seen].index(max(finite)) + 1
    assert stopping.best_epoch == best
    assert restored == (best or len(seen))
    assert due is None or due - best >= patience
    for earlier in range(1, len(seen)):
        before = watch(values[:earlier], 99, higher=higher)[0].best_epoch
        assert earlier - before < patience


@pytest.mark.parametrize(
    ("values", "higher", "due", "best"),
    [
        ([0.1, 0.3, 0.2, 0.3, 0.9], True, 4, 2),  # equal is not better
        ([0.9, 0.3, 0.4, 0.2, 0.5, 0.6], False, 6, 4),
        ([0.3, nan, nan, 0.4], True, 3, 1),
        ([nan, 0.3, nan, 0.2], True, 4, 2),
        ([nan, nan, 0.5], True, 2, 0),
        ([0.1, 0.2, 0.3], True, None, 3),
    ],
)
def test_patience_of_two(values: list[float], higher: bool, due: int | None, best: int) -> None:
    stopping, found, restored = watch(values, 2, higher=higher)
    assert (found, stopping.best_epoch) == (due, best)
    assert restored == (best or due)


@pytest.mark.parametrize(("keep_best", "kept"), [(True, 2), (False, 51)])
def test_without_patience_it_never_stops_and_keeps_the_best_if_it_is_asked_to(keep_best: bool, kept: int) -> None:
    stopping, due, restored = watch([0.4, 0.5, *[0.1] * 49], None, keep_best=keep_best)
    assert (due, stopping.best_epoch, restored, bool(stopping.weights)) == (None, 2, kept, keep_best)


def test_it_goes_on_from_its_state() -> None:
    stopping, _, _ = watch([0.4, 0.5, 0.1], 9)
    again, model = EarlyStopping(score(True), 9, keep_best=True), nn.Linear(1, 1, bias=False)
    again.restore(stopping.state())
    again.see(Epoch(number=4, step=0, seconds=0, lr=0, train_loss=0, valid={"score": 0.45, "loss": 1.0}), model)
    assert (again.best, again.best_epoch, again.put_back(model), model.weight.item()) == (0.5, 2, True, 2)


def test_the_weights_it_keeps_are_its_own_with_buffers_and_other_state() -> None:
    class Counting(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm, self.calls = nn.BatchNorm1d(2), 0

        def get_extra_state(self) -> dict[str, int]:
            return {"calls": self.calls}

        def set_extra_state(self, state: dict[str, int]) -> None:
            self.calls = state["calls"]

    model, stopping = Counting(), EarlyStopping(score(True), 1, keep_best=True)
    stopping.see(Epoch(number=1, step=0, seconds=0, lr=0, train_loss=0, valid={"score": 1.0, "loss": 1.0}), model)
    with torch.no_grad():
        for tensor in model.norm.state_dict().values():
            tensor.add_(5)
    model.calls = 9
    assert stopping.put_back(model)
    assert model.calls == 0
    assert model.norm.running_mean is not None
    assert model.norm.running_mean.tolist() == [0, 0]
    assert model.norm.weight.tolist() == [1, 1]


def test_among_equal_scores_the_lower_loss_is_better() -> None:
    stopping, model = EarlyStopping(score(True), 9, keep_best=True), nn.Linear(1, 1)
    for number, (value, loss) in enumerate([(0.5, 0.9), (0.5, 0.8), (0.5, 0.8), (0.4, 0.1), (0.5, math.nan)], 1):
        valid = {"score": value, "loss": loss}
        stopping.see(Epoch(number=number, step=0, seconds=0, lr=0, train_loss=0, valid=valid), model)
    assert stopping.best_epoch == 2
