"""Saved states: hooks see and may change them, and what does not fit is named."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch

from thalweg.core.errors import CheckpointError
from thalweg.optim import Adam, Momentum, Named, Nesterov, RMSPropNesterov, RuleOptimizer, build, optimizers

RULES = [name for name in optimizers if isinstance(optimizers[name], Named)]


def trained(kind: Any, make_task: Any, **options: Any) -> dict[str, Any]:
    task = make_task()
    optimizer = kind(task.params, **options)
    task.train(optimizer, range(1, 4))
    return optimizer.state_dict()


@pytest.mark.parametrize("ours", RULES)
def test_another_optimizers_state_is_refused(ours: str, make_task: Any) -> None:
    for theirs in RULES:
        refused_unless_it_has_the_rule(theirs, ours, make_task)


def refused_unless_it_has_the_rule(theirs: str, ours: str, make_task: Any) -> None:
    """Adam and AdamW are one rule: torch lets either load the other's."""
    task = make_task()
    optimizer: Any = build(ours, task.params, {})
    source: Any = build(theirs, make_task().params, {})
    state = trained(lambda params: build(theirs, params, {}), make_task)
    if optimizer.rule is source.rule:
        optimizer.load_state_dict(state)
        return
    groups = copy.deepcopy(optimizer.param_groups)
    with pytest.raises(CheckpointError, match=f"Group 0 .* is not one of {optimizer.rule.name}"):
        optimizer.load_state_dict(state)
    assert not optimizer.state
    assert optimizer.param_groups[0].keys() == groups[0].keys()
    task.train(optimizer, range(1, 3))


def test_torchs_state_is_refused_where_torch_has_another_rule(make_task: Any) -> None:
    for name in ("SGD", "Adam"):
        state = trained(getattr(torch.optim, name), make_task)
        with pytest.raises(CheckpointError, match="is not one of momentum"):
            Momentum(make_task().params).load_state_dict(state)


@pytest.mark.parametrize("named", [True, False])
def test_a_wrong_shape_names_the_parameter(named: bool, make_task: Any) -> None:
    state = trained(Adam, make_task)
    state["state"][1]["exp_avg"] = torch.zeros(7)
    task = make_task()
    title = "parameter bias" if named else "parameter number 1"
    with pytest.raises(CheckpointError, match=rf"'exp_avg' of {title} \(2,\) has another shape") as caught:
        Adam(task.named if named else task.params).load_state_dict(state)
    assert (caught.value.got, caught.value.expected) == ((7,), (2,))


def test_a_missing_slot_names_the_parameter(make_task: Any) -> None:
    state = trained(Adam, make_task)
    del state["state"][0]["exp_avg_sq"]
    with pytest.raises(CheckpointError, match=r"The state of parameter weight \(3, 2\) is not one of adam"):
        Adam(make_task().named).load_state_dict(state)


def test_other_groups_and_other_counts_are_refused(make_task: Any) -> None:
    state, task = trained(Adam, make_task), make_task()
    with pytest.raises(CheckpointError, match="other groups"):
        Adam([{"params": [p]} for p in task.params]).load_state_dict(state)
    with pytest.raises(CheckpointError, match="another number of parameters") as caught:
        Adam(task.named[:1]).load_state_dict(state)
    assert (caught.value.got, caught.value.expected) == (2, "1: parameter weight (3, 2)")


def test_what_is_no_state_at_all_is_refused(make_task: Any) -> None:
    with pytest.raises(CheckpointError, match="not the state of an optimizer"):
        Adam(make_task().params).load_state_dict({"weight": torch.ones(2)})
    with pytest.raises(CheckpointError, match="an empty dict"):
        Adam(make_task().params).load_state_dict({})


def test_the_switches_travel_with_the_groups(make_task: Any) -> None:
    state = trained(Adam, make_task, bias_correction=False, maximize=True, clip_norm=1.0)
    optimizer = Adam(make_task().params)
    optimizer.load_state_dict(state)
    group = optimizer.param_groups[0]
    assert (group["bias_correction"], group["maximize"], group["clip_norm"]) == (False, True, 1.0)


def test_a_state_saved_before_the_first_step_loads(make_task: Any) -> None:
    task, twin = make_task(), make_task()
    optimizer, fresh = Nesterov(task.params, lr=0.1), Nesterov(twin.params)
    fresh.load_state_dict(optimizer.state_dict())
    task.train(optimizer, range(1, 4))
    twin.train(fresh, range(1, 4))
    assert task.same(twin)


def test_hooks_may_change_what_is_saved_and_loaded(make_task: Any) -> None:
    task, heard = make_task(), []
    optimizer = Momentum(task.params, lr=0.1)
    task.train(optimizer, range(1, 3))
    optimizer.register_state_dict_pre_hook(lambda _: heard.append("before"))
    optimizer.register_state_dict_post_hook(lambda _, state: state | {"note": 1})
    state = optimizer.state_dict()
    assert (heard, state["note"]) == (["before"], 1)

    def halve(_: Any, given: dict[str, Any]) -> dict[str, Any]:
        changed = copy.deepcopy(given)
        changed["state"][0]["v"] /= 2
        return changed

    fresh = Momentum(make_task().params)
    fresh.register_load_state_dict_pre_hook(halve)
    fresh.register_load_state_dict_post_hook(lambda own: heard.append(own.state_dict()["state"][0]["v"]))
    fresh.load_state_dict(state)
    assert torch.equal(heard[-1], state["state"][0]["v"] / 2)
    assert torch.equal(fresh.state_dict()["state"][0]["v"], state["state"][0]["v"] / 2)


def test_a_post_hook_sees_wide_slots_and_has_the_last_word(make_task: Any) -> None:
    seen: list[torch.dtype] = []

    def clear(own: RuleOptimizer) -> None:
        for slots in own.state.values():
            seen.append(slots["v"].dtype)
            slots["v"].zero_()

    task = make_task(torch.bfloat16)
    optimizer = Momentum(task.params)
    task.train(optimizer, range(1, 3))
    fresh = Momentum(make_task(torch.bfloat16).params)
    fresh.register_load_state_dict_post_hook(clear)
    fresh.load_state_dict(optimizer.state_dict())
    assert seen == [torch.float32, torch.float32]
    assert not any(own["v"].any() for own in fresh.state.values())


@pytest.mark.parametrize("kind", [Adam, RMSPropNesterov])
def test_a_state_follows_its_parameters_to_another_dtype(kind: type[RuleOptimizer], make_task: Any) -> None:
    narrow, wide = make_task(torch.float32), make_task(torch.float64)
    first, second = kind(narrow.params), kind(wide.params)
    narrow.train(first, range(1, 4))
    first.eval()
    second.load_state_dict(first.state_dict())
    own = second.state[wide.weight]
    assert {key for key, value in own.items() if value.dim() and value.dtype is not torch.float64} == set()
    second.train()
    wide.train(second, range(4, 6))
    assert torch.isfinite(wide.weight).all()


def test_loading_takes_a_copy(make_task: Any) -> None:
    twin, source = make_task(), trained(Momentum, make_task)
    before = copy.deepcopy(source)
    fresh = Momentum(twin.params)
    fresh.load_state_dict(source)
    twin.train(fresh, range(1, 4))
    for number, own in before["state"].items():
        assert all(torch.equal(value, source["state"][number][key]) for key, value in own.items())
    assert source["param_groups"] == before["param_groups"]
    loaded = copy.deepcopy(fresh.state_dict()["state"])
    for own in source["state"].values():
        for value in own.values():
            value.fill_(7)
    for number, own in fresh.state_dict()["state"].items():
        assert all(torch.equal(value, loaded[number][key]) for key, value in own.items())


def test_a_switch_changed_in_training_fits_its_own_checkpoint(make_task: Any) -> None:
    whole, half, fresh = make_task(), make_task(), make_task()
    straight, first = Adam(whole.params, lr=0.1), Adam(half.params, lr=0.1, bias_correction=False)
    for task, optimizer in ((whole, straight), (half, first)):
        optimizer.param_groups[0]["bias_correction"] = False
        task.train(optimizer, range(1, 5))
        optimizer.param_groups[0]["bias_correction"] = True
    second = Adam(fresh.params)
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    for p, q in zip(fresh.params, half.params, strict=True):
        p.data.copy_(q.data)
    whole.train(straight, range(5, 9))
    fresh.train(second, range(5, 9))
    assert fresh.same(whole)
    own = second.state[fresh.weight]
    assert own["beta1^t"] == pytest.approx(0.9**8, rel=1e-14)
    assert own["beta2^t"] == pytest.approx(0.999**8, rel=1e-14)


def test_an_option_that_was_switched_off_leaves_a_state_that_can_be_loaded(make_task: Any) -> None:
    task = make_task()
    optimizer = build("sgd", task.params, {"lr": 0.1, "ema": 0.9})
    task.train(optimizer, range(1, 3))
    optimizer.param_groups[0]["ema"] = 0.0
    task.train(optimizer, range(3, 4))
    saved = optimizer.state_dict()
    fresh = build("sgd", make_task().params, {"lr": 0.1})
    fresh.load_state_dict(saved)
    assert {int(own["step"]) for own in fresh.state.values()} == {3}
