"""Clearing: gradients that pile up, or are gone before the step; not gradients that are gathered on purpose."""

from __future__ import annotations

import torch


def never(model, optimizer, loss_fn, x, y):
    loss_fn(model(x), y).backward()
    optimizer.step()


def too_late(model, optimizer, loss_fn, x, y):
    loss_fn(model(x), y).backward()
    optimizer.zero_grad()
    optimizer.step()


def after_the_step(model, optimizer, loss_fn, x, y):
    loss_fn(model(x), y).backward()
    optimizer.step()
    optimizer.zero_grad(set_to_none=False)


def gathered(model, optimizer, loss_fn, x, y):
    optimizer.zero_grad()
    for part, target in zip(x.split(8), y.split(8), strict=True):
        (loss_fn(model(part), target) / 4).backward()
    optimizer.step()


def by_closure(model, optimizer, loss_fn, x, y):
    def closure():
        optimizer.zero_grad()
        loss = loss_fn(model(x), y)
        loss.backward()
        return loss

    optimizer.step(closure)


def test_gradients_that_nothing_clears_are_found_with_their_size(loop):
    found = loop().run(12, never)
    assert found.faults[0] == "zero_grad"
    (first,) = (one for one in found.monitor.findings if one.fault == "zero_grad")
    assert first.numbers["left over"] > 0
    assert "nothing clears them" in first.evidence


def test_gradients_cleared_before_the_step_are_found(loop):
    found = loop().run(12, too_late)
    assert found.faults == ["zero_grad"]
    assert "between backward() and step()" in found.monitor.findings[0].evidence


def test_other_ways_to_clear_and_to_gather_are_right(loop):
    for step in (after_the_step, gathered):
        assert loop().run(12, step).faults == []


def test_a_closure_that_clears_is_right(loop):
    from tests.watch.loops import net

    model = net()
    lbfgs = torch.optim.LBFGS(model.parameters(), lr=0.5, max_iter=3)
    assert loop(model, optimizer=lbfgs).run(8, by_closure).faults == []
    assert loop().run(8, by_closure).faults == []


def test_a_second_loss_that_passes_through_does_not_count(loop):
    """A discriminator gets gradients from its generator's loss too, and clears them before its own."""

    def both(model, optimizer, loss_fn, x, y):
        optimizer.zero_grad()
        loss_fn(model(x), y).backward()
        optimizer.step()
        (-loss_fn(model(x), y)).backward()

    assert "zero_grad" not in loop().run(12, both).faults
