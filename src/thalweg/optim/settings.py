"""Settings: what the groups of an optimizer ask for, in the words of its rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any, cast

import torch
from torch import Tensor

from thalweg.core.errors import InputError, InputTypeError, OutOfRangeError, UnknownNameError
from thalweg.formula import Bounds, Hyper, Option, Program, compose
from thalweg.formula.program import ROUNDINGS
from thalweg.optim.form import Form, Group
from thalweg.optim.views import number


class Settings:
    """Reads groups; remembers which options were ever active, so that a schedule through zero compiles nothing.

    Args:
        form: The rule and its names.

    Attributes:
        unscale: What gradients that came multiplied are to be multiplied by.
        scaled: Whether gradients ever came multiplied.
    """

    def __init__(self, form: Form) -> None:
        self.form = form
        self.unscale, self.scaled = 1.0, False
        self._seen: list[set[str]] = []
        self._asked: list[tuple[object, ...]] | None = None
        self._programs: list[Program] = []
        self._was_scaled = False
        hypers = {form.key(symbol)[0] for symbol in form.rule.hypers} - {"lr"}
        options = {option.name for option in form.options}
        self._asking = hypers | options | form.flags.keys() | {"rounding", "decoupled_weight_decay"}
        self._watched: Callable[[Group], tuple[object, ...]] | None = None
        self._given: Callable[[Group], tuple[object, ...]] | None = None
        self._values: dict[tuple[int, Program], tuple[tuple[object, ...], dict[str, Any]]] = {}

    def rescale(self, scale: Tensor | None) -> None:
        """Take note of what gradients were multiplied by, or that they were not."""
        self.unscale = 1.0 if scale is None else 1.0 / scale.item()
        self.scaled = self.scaled or scale is not None

    def programs(self, groups: Sequence[Group]) -> list[Program]:
        """Return the program of every group: the rule, its flags and the options that are or were active."""
        if self._watched is None:
            self._watched = itemgetter(*(key for key in groups[0] if key in self._asking))
        asked = list(map(self._watched, groups))
        if asked != self._asked or self.scaled != self._was_scaled:
            self._programs = self._compose_all(groups)
            fixed = not any(_may_change(value) for values in asked for value in values)
            self._asked, self._was_scaled = asked if fixed else None, self.scaled
        return self._programs

    def _compose_all(self, groups: Sequence[Group]) -> list[Program]:
        self._seen += [set() for _ in range(len(self._seen), len(groups))]
        for group, seen in zip(groups, self._seen, strict=False):
            seen.update(option.name for option in self.form.options if option.hypers and self._asks(group, option))
        spanning = {option.name for option in self.form.options if "norm" in option.given}
        shared = {name for seen in self._seen for name in seen & spanning}  # the norm spans all groups
        return [self._compose(group, seen | shared) for group, seen in zip(groups, self._seen, strict=False)]

    def program(self, group: Group) -> Program:
        """Return the program of a group by itself."""
        return self._compose(group, set())

    def values(self, group: Group, program: Program) -> dict[str, Any]:
        """Return the group's present values by the names that the rule and its options use."""
        if self._given is None:
            keys = [self.form.key(symbol)[0] for symbol in self.form.rule.hypers]
            keys += [option.name for option in self.form.options]
            keys += [key for key in ("decoupled_weight_decay",) if key in group]
            self._given = itemgetter("rounding_seed", *keys)
        given = (self.unscale, *self._given(group))
        known = self._values.get((id(group), program))
        if known and known[0] == given:
            return known[1]
        found = self._read(group, program)
        if not any(map(_may_change, given)):
            self._values[id(group), program] = given, found
        return found

    def _read(self, group: Group, program: Program) -> dict[str, Any]:
        settled = _settled(group)
        found = {name: self._value(settled, hyper) for name, hyper in program.hypers.items()}
        found["unscale"] = self.unscale
        found["rounding_seed"] = float(group["rounding_seed"])
        return found

    def check(self, group: Group) -> None:
        """Raise an error if a group cannot be used."""
        for option in self.form.options:
            for name, hyper in option.hypers.items():
                if group[name] is not None:
                    _check_value(name, hyper, group[name])
        for symbol, hyper in self.form.rule.hypers.items():
            key, index = self.form.key(symbol)
            _check_value(key if index is None else f"{key}[{index}]", hyper, self._raw(group, symbol))
        for name in self._switches():
            if group[name] not in (False, True):  # the string "no" would be on
                raise InputTypeError(f"{name} is a switch.", got=repr(group[name]), expected="True or False")
        _check_manners(group)
        for p in group["params"]:
            _check_parameter(p, group)

    def _switches(self) -> list[str]:
        """What a group turns on or off."""
        options = [option.name for option in self.form.options if not option.hypers]
        return [*options, *(self.form.key(flag)[0] for flag in self.form.flags), "differentiable"]

    def _asks(self, group: Group, option: Option) -> bool:
        return option.is_active(_settled(group))

    def _compose(self, group: Group, also: set[str]) -> Program:
        settled = _settled(group)
        options = [option for option in self.form.options if option.name in also or option.is_active(settled)]
        flags = {name: bool(group[self.form.key(name)[0]]) for name in self.form.flags}
        flags |= {name: switch(group) for name, switch in self.form.switches.items()}
        return compose(self.form.rule, options, flags, rounding=group["rounding"], scaled=self.scaled)

    def _value(self, group: Mapping[str, Any], hyper: Hyper) -> Any:
        value = self._raw(group, hyper.name)
        if isinstance(value, Tensor):
            return number(value)
        return hyper.default if value is None else float(value)

    def _raw(self, group: Mapping[str, Any], symbol: str) -> Any:
        """What the group holds under torch's name for the rule's symbol."""
        key, index = self.form.key(symbol)
        try:
            return group[key] if index is None else group[key][index]
        except (TypeError, IndexError):
            raise InputTypeError(f"{key} is no pair.", got=repr(group[key]), expected="two numbers") from None


def _check_value(name: str, hyper: Hyper, value: object) -> None:
    if isinstance(value, Tensor):
        if value.numel() != 1:
            raise InputError(f"{name} is a tensor of several elements.", got=tuple(value.shape), expected="()")
        value = value.item()
    hyper.interval.check(name, value)


def _check_manners(group: Group) -> None:
    if group["rounding"] not in ROUNDINGS:
        raise UnknownNameError("rounding", str(group["rounding"]), ROUNDINGS)
    seed = Bounds(0, 2.0**53, high_open=True).check("rounding_seed", group["rounding_seed"])
    if not seed.is_integer():
        raise OutOfRangeError("rounding_seed is no integer.", got=seed, expected="an integer in [0, 2^53)")
    dtype = group["state_dtype"]
    if dtype is not None and not (isinstance(dtype, torch.dtype) and dtype.is_floating_point):
        raise InputTypeError("state_dtype is no floating-point dtype.", got=repr(dtype), expected="torch.float32")


def _check_parameter(p: Tensor, group: Group) -> None:
    if not (p.is_floating_point() or p.is_complex()):
        raise InputTypeError("Only floating-point parameters can be optimized.", got=p.dtype)
    if p.itemsize == 1:
        raise InputTypeError("Parameters of 8 bits cannot be optimized.", got=p.dtype, expected="16 bits or more")
    if group["rounding"] == "stochastic" and p.dtype is torch.float16:
        raise InputTypeError(
            "float16 is not rounded stochastically.",
            got=p.dtype,
            expected=torch.bfloat16,
            remedy='take rounding="kahan", or parameters in bfloat16',
        )
    if p.numel() and any(stride == 0 and size > 1 for stride, size in zip(p.stride(), p.shape, strict=True)):
        raise InputError(
            "Several elements of a parameter share one place in memory.",
            got=f"shape {tuple(p.shape)}, strides {p.stride()}",
            remedy="pass the tensor that was expanded, or a clone of its own",
        )


def _may_change(value: object) -> bool:
    """Whether a value can become another without being replaced."""
    values = cast("tuple[object, ...]", value) if isinstance(value, tuple) else (value,)
    return any(isinstance(v, Tensor | list) for v in values)


def _settled(group: Group) -> Mapping[str, Any]:
    """The group with torch's switch of what its ``weight_decay`` means already thrown."""
    if not group.get("decoupled_weight_decay"):
        return group
    return {**group, "weight_decay": 0.0, "decoupled_decay": group["weight_decay"] + group["decoupled_decay"]}
