"""The state of an optimizer: per parameter its slots, its step count and scalar states, every one a tensor."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from thalweg.core.errors import InputError
from thalweg.formula import Program, Row
from thalweg.formula.program import COMPENSATION
from thalweg.optim.form import Form, Group
from thalweg.optim.sharded import spread
from thalweg.optim.views import number
from thalweg.optim.watched import Watched

STASH = "interim"
"""The key under which `eval` keeps the point of training; its presence is the side that a state dict records."""

State = MutableMapping[Tensor, dict[str, Any]]


@dataclass
class Bundle:
    """Parameters of one group whose counts and scalar states agree, with the row that they share.

    Attributes:
        group: The number of the group.
        program: What updates them.
        row: Their numbers.
        places: Their places in the group.
        params: The parameters.
        slots: Their states, in the program's order.
        numbers: float64, the row's count and its scalar states: the memory of the tensors that show them in the
            state of each parameter.
    """

    group: int
    program: Program
    row: Row
    places: list[int]
    params: list[Tensor]
    slots: list[tuple[Tensor, ...]]
    numbers: npt.NDArray[np.float64]

    def read_numbers(self) -> None:
        """Take the row's count and scalar states from those tensors: the state owns them."""
        step, *values = self.numbers.tolist()
        self.row.t = int(step)
        for name, value in zip(self.program.initial, values, strict=True):
            if not isinstance(self.row.state[name], Tensor):  # which autograd follows
                self.row.state[name] = value

    def write_numbers(self) -> None:
        """Write the row's count and scalar states into the tensors that its parameters show in their state."""
        values = map(self.row.state.__getitem__, self.program.initial)
        self.numbers[:] = (self.row.t, *(v.item() if isinstance(v, Tensor) else v for v in values))


def gather(
    position: int,
    group: Group,
    places: Sequence[int],
    state: State,
    form: Form,
    program: Program,
    hyper: Mapping[str, float],
    changes: list[int],
) -> list[Bundle]:
    """Return the bundles of the parameters at `places` of a group, with state made for those that have none.

    Those of a bundle are spread over processes alike.

    Args:
        position: The number of the group.
        group: The group.
        places: Which of its parameters.
        state: The optimizer's.
        form: The rule and its names.
        program: What will update them.
        hyper: Values of the program's hyper-parameters, for slots that start at one.
        changes: What the states of parameters raise when they change.
    """
    found: dict[tuple[object, ...], Bundle] = {}
    shown: dict[tuple[object, ...], Mapping[str, Tensor]] = {}
    keys = {name: form.state_key(name) for name in program.initial}
    for place in places:
        p = group["params"][place]
        if getattr(state[p], "changes", None) is not changes:
            state[p] = Watched(state[p], changes)
        own = _complete(state[p], p, group, form, program, hyper)
        numbers = {name: number(own.get(key, program.initial[name])) for name, key in keys.items()}
        step = int(own["step"])
        values = (id(value) if isinstance(value, Tensor) else value for value in numbers.values())
        key = (spread(p), step, *values)
        if key not in found:
            found[key], shown[key] = _begin(position, program, Row({}, step, numbers), keys)
        bundle = found[key]
        own.update(shown[key])
        bundle.places.append(place)
        bundle.params.append(p)
        bundle.slots.append(tuple(own[form.state_key(name)] for name in program.slots))
    return list(found.values())


def _begin(
    position: int, program: Program, row: Row, keys: Mapping[str, str]
) -> tuple[Bundle, Mapping[str, Tensor]]:
    """Return a bundle without parameters yet, and the tensors that show its numbers, by their keys."""
    bundle = Bundle(position, program, row, [], [], [], np.empty(1 + len(keys)))
    bundle.write_numbers()
    views = torch.from_numpy(bundle.numbers).unbind()  # pyright: ignore[reportUnknownMemberType]
    shown = dict(zip(("step", *keys.values()), views, strict=True))
    followed = {keys[name]: value for name, value in row.state.items() if isinstance(value, Tensor)}
    return bundle, shown | followed


def _complete(
    own: dict[str, Any], p: Tensor, group: Group, form: Form, program: Program, hyper: Mapping[str, float]
) -> dict[str, Any]:
    """Add what is missing, and cast what is there: the parameter may have changed its dtype."""
    for name in program.slots:
        key, dtype = form.state_key(name), slot_dtype(name, p, group)
        if key not in own:
            start: Any = hyper[program.starts[name]] if name in program.starts else 0.0
            fill = complex(start, start) if dtype.is_complex else start  # a pair of reals
            own[key] = (
                torch.zeros_like(p, dtype=dtype) + start  # of which a derivative may be asked
                if isinstance(start, Tensor)
                else torch.full_like(p, fill, dtype=dtype)
            )
        elif own[key].shape != p.shape:  # a kernel would read and write beyond its end
            raise InputError(
                f"The state {key!r} of a parameter has another shape than the parameter.",
                got=tuple(own[key].shape),
                expected=tuple(p.shape),
                remedy="make a new optimizer once shapes have changed, or clear optimizer.state[p]",
            )
        elif own[key].dtype is not dtype or own[key].device != p.device:
            own[key] = own[key].to(p.device, dtype)
    own.setdefault("step", torch.tensor(0.0, dtype=torch.float64))
    return own


def slot_dtype(name: str, p: Tensor, group: Mapping[str, Any]) -> torch.dtype:
    """Return a slot's dtype: what the group asks for, else float32 for 16 bits, else the parameter's."""
    if name == COMPENSATION or p.is_complex():
        return p.dtype
    return group.get("state_dtype") or torch.promote_types(p.dtype, torch.float32)
