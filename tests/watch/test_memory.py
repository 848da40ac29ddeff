"""Memory: what a watch holds is let go when its update is over."""

from __future__ import annotations

import gc
import weakref

import torch
from tests.watch.loops import batches
from torch import nn


def test_graphs_and_batches_of_an_update_are_free_after_its_step(loop):
    seen: list[weakref.ref] = []

    def remembered(model, optimizer, loss_fn, x, y):
        optimizer.zero_grad()
        output = model(x)
        seen.append(weakref.ref(output))
        loss_fn(output, y).backward()
        optimizer.step()

    found = loop(every=4).run(8, remembered)
    gc.collect()
    assert [one() for one in seen[:-1]] == [None] * 7
    found.monitor.close()
    gc.collect()
    assert seen[-1]() is None


def test_evaluations_with_gradient_are_not_kept(loop):
    found = loop(every=1).run(1)
    x, _ = next(batches())
    outputs = [weakref.ref(found.model(x)) for _ in range(20)]
    assert sum(one() is not None for one in outputs) <= 1


def test_a_model_that_is_dropped_is_freed_and_its_study_ends(tmp_path):
    from tests.watch.loops import Loop

    from thalweg.store import Database, studies

    loop = Loop(nn.Sequential(nn.Linear(64, 10)), store=tmp_path / "runs.db", every=1).run(3)
    model = weakref.ref(loop.model)
    del loop
    gc.collect()
    assert model() is None
    with Database.open_readonly(tmp_path / "runs.db") as database:
        assert studies(database)[0].status == "interrupted"


def test_two_monitors_hear_one_model(loop):
    first = loop(every=1)
    second = loop(first.model, optimizer=first.optimizer, loss=first.loss, every=2)
    first.run(6)
    assert (first.monitor.report().updates, len(second.monitor.report().points)) == (6, 3)
    assert first.faults == second.faults == []
    assert torch.is_grad_enabled()
