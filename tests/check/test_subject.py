"""Subject: each measurement is made once, of fresh copies, and large splits are read in part."""

from __future__ import annotations

import pytest
import torch

from thalweg.check.budget import OutOfTime, within
from thalweg.check.subject import SAMPLE, STEPS, Subject


@pytest.fixture
def given(setup_of, blobs, mlp):
    return setup_of(blobs, mlp(4, 6, 3), batch_size=16)


def test_the_first_batch_is_that_of_training(given):
    x, y = Subject(given, 3).batch
    again = Subject(given, 3)
    expected = again.splits["train"].take(again.trainee.order(0)[:16])
    assert torch.equal(x, expected[0])
    assert torch.equal(y, expected[1])
    assert not torch.equal(x, Subject(given, 4).batch[0])


def test_the_trace_leaves_the_fresh_model_fresh(given):
    subject = Subject(given)
    before = [p.clone() for p in subject.model.parameters()]
    trace = subject.trace
    assert subject.trace is trace
    assert len(trace.losses) == len(trace.moments) == STEPS
    assert trace.losses[-1] < trace.losses[0]
    assert all(map(torch.equal, before, subject.model.parameters()))


def test_the_same_seed_gives_the_same_trace(given):
    assert Subject(given, 1).trace.losses == Subject(given, 1).trace.losses
    assert Subject(given, 1).trace.losses != Subject(given, 2).trace.losses


def test_a_large_split_is_read_evenly(setup_of, mlp):
    n = 3 * SAMPLE
    y = torch.arange(n) % 2
    x = torch.arange(n).float().reshape(-1, 1)
    data = x, y
    subject = Subject(setup_of(data, mlp(1, 2), valid=(x[:9], y[:9])))
    (read, _), (all_of_it, _) = subject.samples["train"], subject.samples["valid"]
    assert (len(read), read[0].item(), read[-1].item()) == (SAMPLE, 0, n - 1)
    assert set(read.diff(dim=0).flatten().tolist()) <= {2.0, 3.0, 4.0}
    assert torch.equal(all_of_it, x[:9])


def test_out_of_time_is_not_swallowed(given):
    with within(0), pytest.raises(OutOfTime):
        _ = Subject(given).trace
