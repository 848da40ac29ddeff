"""The state of an optimizer: per parameter its slots, its step count and scalar states, every one a tensor."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from thalweg.core.errors import CheckpointError
from thalweg.formula import Program, Row

STASH = "interim"
"""The key under which `eval` keeps the interim point; its presence is the side that a state dict records."""

State = MutableMapping[Tensor, dict[str, Any]]
Group = dict[str, Any]


@dataclass
class Bundle:
    """Parameters of one group whose counts and scalar states agree, with the row that they share."""

    group: int
    row: Row
    params: list[Tensor]
    slots: list[tuple[Tensor, ...]]
    numbers: dict[str, Tensor]

    def read_numbers(self) -> None:
        """Take the row's count and scalar states from those tensors: the state owns them."""
        for name, tensor in self.numbers.items():
            if name == "step":
                self.row.t = int(tensor)
            else:
                self.row.state[name] = float(tensor)

    def write_numbers(self) -> None:
        """Write the row's count and scalar states into the tensors that its parameters show in their state."""
        for name, tensor in self.numbers.items():
            tensor.fill_(self.row.t if name == "step" else self.row.state[name])


def signature(params: Sequence[Tensor], state: State) -> list[int]:
    """Return what changes when a parameter, its state or a tensor in its state becomes another object.

    It holds for as long as the bundles made of them do: they keep the objects alive, and so their ids.
    """
    found: list[int] = []
    for p in params:
        found.append(id(p))
        own = state.get(p)
        if own is not None:
            found += map(id, own.values())
    return found


def gather(group: int, params: Sequence[Tensor], state: State, program: Program) -> list[Bundle]:
    """Return the bundles of `params`, with state made for those that have none."""
    found: dict[tuple[float, ...], Bundle] = {}
    for p in params:
        own = _complete(state[p], p, program)
        numbers = {name: float(own[name]) if name in own else start for name, start in program.initial.items()}
        step = int(own["step"])
        key = (step, *numbers.values())
        if key not in found:
            shown = {**numbers, "step": step}
            tensors = {name: torch.tensor(value, dtype=torch.float64) for name, value in shown.items()}
            found[key] = Bundle(group, Row({}, step, numbers), [], [], tensors)
        own.update(found[key].numbers)
        found[key].params.append(p)
        found[key].slots.append(tuple(own[name] for name in program.slots))
    return list(found.values())


def _complete(own: dict[str, Any], p: Tensor, program: Program) -> dict[str, Any]:
    """Add what is missing: slots of zeros, in float32 for parameters of 16 bits, and a count of zero."""
    for name in program.slots:
        if name not in own:
            own[name] = torch.zeros_like(p, dtype=_wide(p), memory_format=torch.preserve_format)
    own.setdefault("step", torch.tensor(0.0, dtype=torch.float64))
    return own


def _wide(p: Tensor) -> torch.dtype:
    return torch.promote_types(p.dtype, torch.float32)


def check_fit(
    rule: str, program: Callable[[Group], Program], groups: Sequence[Group], state_dict: Mapping[str, Any]
) -> None:
    """Raise a CheckpointError that names the first group or parameter that does not fit.

    Args:
        rule: The name of the optimizer's rule.
        program: Returns the program of a group.
        groups: Its parameter groups.
        state_dict: What is about to be loaded.
    """
    if not {"state", "param_groups"} <= state_dict.keys():
        raise CheckpointError("This is not the state of an optimizer.", got=", ".join(map(str, state_dict)))
    saved = state_dict["param_groups"]
    if len(saved) != len(groups):
        raise CheckpointError("The optimizer state has other groups.", got=len(saved), expected=len(groups))
    for number, (theirs, ours) in enumerate(zip(saved, groups, strict=True)):
        _check_group(rule, number, theirs, ours)
        expected = program(theirs)
        for position, (key, p) in enumerate(zip(theirs["params"], ours["params"], strict=True)):
            if key in state_dict["state"]:
                _check_parameter(rule, expected, _title(ours, position), p, state_dict["state"][key])


def _check_group(rule: str, number: int, theirs: Group, ours: Group) -> None:
    if theirs.get("rule") != rule:
        raise CheckpointError(
            f"Group {number} of the optimizer state is not one of {rule}.",
            got=theirs.get("rule", f"a group of {', '.join(sorted(theirs))}"),
            expected=rule,
        )
    count = len(ours["params"])
    if len(theirs["params"]) != count:
        raise CheckpointError(
            f"Group {number} of the optimizer state has another number of parameters.",
            got=len(theirs["params"]),
            expected=f"{count}: {', '.join(_title(ours, position) for position in range(count))}",
            remedy="load it into the model and the groups it was saved with",
        )


def _check_parameter(rule: str, program: Program, title: str, p: Tensor, saved: Mapping[str, Tensor]) -> None:
    expected = {*program.slots, *program.initial, "step"}
    if saved.keys() - {STASH} != expected:
        raise CheckpointError(
            f"The state of {title} is not one of {rule}.",
            got=", ".join(sorted(saved)),
            expected=", ".join(sorted(expected)),
        )
    for name in program.slots:
        if saved[name].shape != p.shape:
            raise CheckpointError(
                f"The state {name!r} of {title} has another shape.",
                got=tuple(saved[name].shape),
                expected=tuple(p.shape),
            )


def _title(group: Mapping[str, Any], position: int) -> str:
    p = group["params"][position]
    name = group["param_names"][position] if "param_names" in group else f"number {position}"
    return f"parameter {name} {tuple(p.shape)}"


def restore_exactly(
    slots: Sequence[str], groups: Sequence[Group], state: State, state_dict: Mapping[str, Any]
) -> None:
    """Undo torch's cast of every state to the parameter's dtype: numbers keep theirs, slots are wide."""
    for theirs, ours in zip(state_dict["param_groups"], groups, strict=True):
        for key, p in zip(theirs["params"], ours["params"], strict=True):
            for name, value in state_dict["state"].get(key, {}).items():
                kept = value.detach().clone()
                dtype = p.dtype if name == STASH else _wide(p)
                state[p][name] = kept.to(p.device, dtype) if name in (*slots, STASH) else kept
