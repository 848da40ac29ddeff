"""Interchange: what a state dict must have to be loaded, ours or that of torch's class of the same name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from inspect import signature
from typing import Any

import torch
from torch import Tensor

from thalweg.core.errors import CheckpointError
from thalweg.formula import Program
from thalweg.formula.program import COMPENSATION, SHIFT, product_name
from thalweg.formula.row import Row
from thalweg.optim.form import Form, Group
from thalweg.optim.settings import Settings
from thalweg.optim.state import STASH, State, slot_dtype

Saved = Mapping[str, Any]


def check_fit(form: Form, program: Callable[[Group], Program], groups: Sequence[Group], state_dict: Saved) -> None:
    """Raise a CheckpointError that names the first group or parameter that does not fit.

    Args:
        form: The optimizer's rule and names.
        program: Returns the program of a group.
        groups: Its parameter groups.
        state_dict: What is about to be loaded.
    """
    if not {"state", "param_groups"} <= state_dict.keys():
        raise CheckpointError(
            "This is not the state of an optimizer.",
            got=", ".join(map(str, state_dict)) or "an empty dict",
            expected="what optimizer.state_dict() returned: state and param_groups",
        )
    saved = state_dict["param_groups"]
    if len(saved) != len(groups):
        raise CheckpointError("The optimizer state has other groups.", got=len(saved), expected=len(groups))
    for number, (theirs, ours) in enumerate(zip(saved, groups, strict=True)):
        _check_group(form, number, theirs, ours)
        expected = program({**ours, **theirs})
        for position, (key, p) in enumerate(zip(theirs["params"], ours["params"], strict=True)):
            own = state_dict["state"].get(key)
            if own:
                _check_parameter(form, expected, _title(ours, position), p, own, is_ours="rule" in theirs)


def _check_group(form: Form, number: int, theirs: Group, ours: Group) -> None:
    if not (theirs["rule"] == form.rule.name if "rule" in theirs else _is_torchs(form, theirs)):
        raise CheckpointError(
            f"Group {number} of the optimizer state is not one of {form.rule.name}.",
            got=theirs.get("rule", f"a group of {', '.join(sorted(theirs))}"),
            expected=form.rule.name,
        )
    count = len(ours["params"])
    if len(theirs["params"]) != count:
        raise CheckpointError(
            f"Group {number} of the optimizer state has another number of parameters.",
            got=len(theirs["params"]),
            expected=f"{count}: {', '.join(_title(ours, position) for position in range(count))}",
            remedy="load it into the model and the groups it was saved with",
        )


def _is_torchs(form: Form, theirs: Group) -> bool:
    """Whether a group is one of torch's class: it has the hyper-parameters, and none that only others have."""
    if form.torchs is None:
        return False
    own = signature(form.torchs).parameters.keys() | form.always.keys()
    declared = {form.key(symbol)[0] for symbol in form.rule.hypers} | {name for name in form.flags if name in own}
    return declared <= theirs.keys() and theirs.keys() & _torchs_settings() <= own


@cache
def _torchs_settings() -> frozenset[str]:
    """What any of torch's classes calls a setting."""
    kinds = [kind for kind in vars(torch.optim).values() if isinstance(kind, type)]
    kinds = [kind for kind in kinds if issubclass(kind, torch.optim.Optimizer)]
    return frozenset(name for kind in kinds for name in signature(kind).parameters) - {"params"}


def _check_parameter(form: Form, program: Program, title: str, p: Tensor, saved: Saved, *, is_ours: bool) -> None:
    """Of ours more may be there than the present settings need, and of options less: settings change."""
    saved = {name: value for name, value in saved.items() if value is not None}  # torch's SGD without momentum
    products = {name for name in saved if name.endswith("^t")}  # of options that were on
    rules = {form.state_key(name) for name in program.slots if name in form.rule.slots}
    needed = rules | ({*map(form.state_key, form.rule.scalars), "step"} if is_ours else set[str]())
    if not needed <= saved.keys() or (is_ours and not saved.keys() - products <= _all_keys(form, program)):
        raise CheckpointError(
            f"The state of {title} is not one of {form.rule.name}.",
            got=", ".join(sorted(saved)),
            expected=", ".join(sorted(needed)),
        )
    for name in (*rules, *map(form.state_key, program.slots)):
        if name in saved and saved[name].shape != p.shape:
            raise CheckpointError(
                f"The state {name!r} of {title} has another shape.",
                got=tuple(saved[name].shape),
                expected=tuple(p.shape),
            )


def _all_keys(form: Form, program: Program) -> set[str]:
    """Everything that the state of a parameter may hold, whatever was switched on at one time or another."""
    around = {name for option in form.options for name in (*option.slots, *option.scalars)}
    return {
        *map(form.state_key, (*form.rule.slots, *form.rule.scalars, *program.initial)),
        *around,
        *("step", STASH, COMPENSATION),
    }


def _title(group: Mapping[str, Any], position: int) -> str:
    p = group["params"][position]
    name = group["param_names"][position] if "param_names" in group else f"number {position}"
    return f"parameter {name} {tuple(p.shape)}"


def restore_exactly(settings: Settings, groups: Sequence[Group], state: State, state_dict: Saved) -> None:
    """Undo torch's cast of every state to the parameter's dtype, and add the numbers that torch does not keep."""
    form = settings.form
    for theirs, ours in zip(state_dict["param_groups"], groups, strict=True):
        program = settings.program(ours)
        factors = _factors(program, settings.values(ours, program))
        for key, p in zip(theirs["params"], ours["params"], strict=True):
            found: Saved = state_dict["state"].get(key) or {}
            saved = {name: value for name, value in found.items() if value is not None}
            for name, value in saved.items():
                state[p][name] = _restored(form, name, value, p, ours)
            if saved:
                own = state[p]
                own.setdefault("step", torch.tensor(1.0, dtype=torch.float64))  # torch's SGD does not count steps
                for name, factor in factors.items():
                    product = torch.tensor(factor ** int(own["step"]), dtype=torch.float64)
                    own.setdefault(form.state_key(name), product)


def _restored(form: Form, key: str, value: Any, p: Tensor, group: Group) -> Any:
    """A state as it was saved: slots in the dtype that the group asks for, numbers in float64."""
    if isinstance(value, int | float):
        return torch.tensor(value, dtype=torch.float64)  # an old checkpoint of torch counts in Python's numbers
    if not isinstance(value, Tensor):
        return value
    kept = value.detach().clone()
    if key == "step" or (kept.dim() == 0 and key in map(form.state_key, _scalars(form))) or key.endswith("^t"):
        return kept.double().cpu()
    return kept.to(p.device, p.dtype if key == STASH else slot_dtype(key, p, group))


def _scalars(form: Form) -> list[str]:
    return [*form.rule.scalars, SHIFT, *(name for option in form.options for name in option.scalars)]


def _factors(program: Program, hyper: Mapping[str, float]) -> Mapping[str, float]:
    """The factor of one step in every running product."""
    row = Row(dict(hyper), state=dict(program.initial))
    row.advance(program)
    products = [product_name(node) for node in program.scalars.values() if node.op == "product"]
    return {name: row.state[name] for name in products}
