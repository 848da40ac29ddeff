"""RuleOptimizer: any rule as a torch optimizer. The only ``step()`` of the house."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, ClassVar, overload

import torch
from torch import Tensor

from thalweg.core.errors import InputError, InputTypeError
from thalweg.engine import Entry, Table, launch
from thalweg.formula import Hyper, Option, Program, Rule, compose
from thalweg.formula.program import SHIFT, realign, unshift
from thalweg.optim.options import Options, group_key, offered
from thalweg.optim.state import STASH, Bundle, Group, check_fit, gather, restore_exactly, signature

Params = Iterable[Tensor] | Iterable[dict[str, Any]] | Iterable[tuple[str, Tensor]]


class RuleOptimizer(torch.optim.Optimizer):
    """A textbook rule behind torch's interface; final classes name the rule and its signature.

    A rule with an interim point (Nesterov's) keeps the model's parameters AT that point, where the next
    gradient belongs. ``eval()`` puts theta in place for validation and saving, ``train()`` restores the
    interim point bit for bit.

    Args:
        params: As for any torch optimizer: tensors, named tensors or groups.
        defaults: Values of the rule's hyper-parameters, by torch's names.
        options: What to put around the rule; see `Options`.

    Raises:
        OutOfRangeError: A hyper-parameter outside its declared interval.
    """

    rule: ClassVar[Rule]
    names: ClassVar[Mapping[str, str]] = {}
    """The rule's symbol -> torch's name, ``betas.0`` for an element of a pair; a missing one is the same."""
    fixed: ClassVar[Mapping[str, str]] = {}
    """Keywords without a default that the registered name stands for, such as ``form="book"``."""

    def __init__(self, params: Params, defaults: Mapping[str, Any], options: Options | None = None) -> None:
        given: dict[str, object] = dict(options or {})
        neutral = {option.name: option.neutral for option in self.options()}
        unknown = next((name for name in given if name not in neutral), None)
        if unknown:
            raise InputTypeError(f"{type(self).__name__} got an unexpected keyword argument {unknown!r}.")
        self._forget()
        # The name goes into every group so that a saved state says whose it is.
        settings = {**neutral, **defaults, **given, "rule": self.rule.name}
        super().__init__(params, settings)  # pyright: ignore[reportArgumentType]

    @classmethod
    @cache
    def options(cls) -> tuple[Option, ...]:
        """Return what can be put around the rule: an option of a name that the rule uses itself is not offered."""
        return offered(cls.rule, cls.names)

    def add_param_group(self, param_group: Group) -> None:
        """Add a group, as torch does, with its hyper-parameters checked against their intervals."""
        super().add_param_group(param_group)
        try:
            self._check(self.param_groups[-1])
        except Exception:
            del self.param_groups[-1]
            raise

    def _check(self, group: Group) -> None:
        for option in self.options():
            for name, hyper in option.hypers.items():
                if group[name] is not None:
                    hyper.interval.check(name, group[name])
        for name, hyper in self.rule.hypers.items():
            hyper.interval.check(self.names.get(name, name), self._raw(group, name))
        for p in group["params"]:
            if p.is_complex() or not p.is_floating_point():
                raise InputTypeError("Only real floating-point parameters can be optimized.", got=p.dtype)

    @overload
    def step(self, closure: None = None) -> None: ...

    @overload
    def step(self, closure: Callable[[], float]) -> float: ...

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        """Update every parameter that has a gradient; those without keep their state and their count.

        Args:
            closure: Re-evaluates the model and returns the loss.

        Returns:
            What the closure returned.

        Raises:
            InputError: The parameters are on the evaluation side: call ``train()`` first.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        if self._stashed():
            raise InputError(
                "step() was called while theta is in the place of the interim point.",
                remedy="call optimizer.train() after evaluation, before the next forward pass",
            )
        launch(self._tables())
        for bundle in self._bundles:
            bundle.write_numbers()
        return loss

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Clear the gradients, and `align` where momentum has changed: the forward pass comes next."""
        super().zero_grad(set_to_none)
        self.align()

    @torch.no_grad()
    def align(self) -> None:
        """Move the stored parameters to the interim point of the momentum now set in the groups.

        Needed after a change of the momentum of a rule with an interim point, before the next forward pass;
        ``zero_grad()`` does it too. Does nothing for other rules, or if nothing changed.
        """
        if self.rule.interim is None or self._stashed() or self._is_aligned(self.rule.interim[0]):
            return
        coefficient, program = self.rule.interim[0], realign(self.rule)
        bundles = self._all_bundles()
        for bundle in bundles:
            bundle.row.hyper = self.hyper(self.param_groups[bundle.group], program.hypers)
        moved = [b for b in bundles if b.row.hyper[coefficient] != b.row.state[SHIFT]]
        self._move(program, moved)
        for bundle in moved:
            bundle.write_numbers()

    @torch.no_grad()
    def eval(self) -> None:
        """Put theta in the place of the interim point; for rules without one, nothing changes."""
        if self.rule.interim is None or self._stashed():
            return
        bundles = self._all_bundles()
        for bundle in bundles:
            for p in bundle.params:
                self.state[p][STASH] = p.detach().clone()
        self._move(unshift(self.rule), bundles)

    @torch.no_grad()
    def train(self) -> None:
        """Put the interim point back, bit for bit as `eval` found it."""
        for p, own in self.state.items():
            if STASH in own:
                p.copy_(own.pop(STASH))

    def _stashed(self) -> bool:
        return self.rule.interim is not None and any(STASH in own for own in self.state.values())

    def _is_aligned(self, coefficient: str) -> bool:
        """Whether every stepped parameter, with or without a gradient, has the shift that its group asks for."""
        for group in self.param_groups:
            owns = [self.state.get(p, {}) for p in group["params"]]
            shifts = {id(own[SHIFT]): own[SHIFT] for own in owns if SHIFT in own}  # most share one tensor
            wanted = self._value(group, self.rule.hypers[coefficient])
            if any(float(shift) != wanted for shift in shifts.values()):
                return False
        return True

    def _all_bundles(self) -> list[Bundle]:
        """Bundles of every parameter that was ever stepped, with or without a gradient now."""
        stepped = [[p for p in group["params"] if self.state.get(p)] for group in self.param_groups]
        return self._gather(stepped)

    def _gather(self, params: list[list[Tensor]]) -> list[Bundle]:
        return [
            bundle
            for number, (group, chosen) in enumerate(zip(self.param_groups, params, strict=True))
            for bundle in gather(number, chosen, self.state, self.program(group))
        ]

    def _move(self, program: Program, bundles: list[Bundle]) -> None:
        entries = [
            Entry(p, None, slots, row)
            for row, bundle in enumerate(bundles)
            for p, slots in zip(bundle.params, bundle.slots, strict=True)
        ]
        launch([Table(program, entries, [bundle.row for bundle in bundles])], count=False)

    def state_dict(self) -> dict[str, Any]:
        """Return torch's form: per parameter its slots, ``step`` and scalar states, all tensors.

        If taken between `eval` and `train` it holds the interim point too, and so records the side.
        """
        return super().state_dict()

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Load what `state_dict` gave.

        Raises:
            CheckpointError: Groups, parameters or shapes that do not fit; it names the parameter.
        """
        final: dict[str, Any] = {}

        def check(_: torch.optim.Optimizer, given: dict[str, Any]) -> None:
            check_fit(self.rule.name, self.program, self.param_groups, given)
            final.update(given)

        def restore(_: torch.optim.Optimizer) -> None:
            restore_exactly(self.rule.slots, self.param_groups, self.state, final)

        # Between the user's hooks: what they made of the state is what counts, and they see it restored.
        before = self.register_load_state_dict_pre_hook(check)
        after = self.register_load_state_dict_post_hook(restore, prepend=True)
        try:
            super().load_state_dict(state_dict)
        finally:
            before.remove()
            after.remove()

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self._forget()

    def _forget(self) -> None:
        """Drop what was derived from the state: it will be derived anew."""
        self._bundles: list[Bundle] = []
        self._signature: list[list[int]] | None = None

    def program(self, group: Group) -> Program:
        """Return the composed program of a group: the rule, its flags and the options that are active."""
        active = [option for option in self.options() if option.is_active(group)]
        return compose(self.rule, active, {name: bool(group[name]) for name in self.rule.flags})

    def _active_bundles(self) -> list[Bundle]:
        """Bundles of the parameters with a gradient, made anew when these or the tensors in `state` change."""
        active = [[p for p in group["params"] if p.grad is not None] for group in self.param_groups]
        if [signature(params, self.state) for params in active] != self._signature:
            self._bundles = self._gather(active)
            self._signature = [signature(params, self.state) for params in active]
        for bundle in self._bundles:
            bundle.read_numbers()
        return self._bundles

    def hyper(self, group: Group, hypers: Mapping[str, Hyper]) -> dict[str, float]:
        """Return the group's present values by the names that the rule and its options use."""
        return {name: self._value(group, hyper) for name, hyper in hypers.items()}

    def _value(self, group: Group, hyper: Hyper) -> float:
        value = self._raw(group, hyper.name)
        return hyper.default if value is None else float(value)

    def _raw(self, group: Group, symbol: str) -> Any:
        """What the group holds under torch's name for the rule's symbol."""
        key, index = group_key(self.names, symbol)
        try:
            return group[key] if index is None else group[key][index]
        except (TypeError, IndexError):
            raise InputTypeError(f"{key} is no pair.", got=repr(group[key]), expected="two numbers") from None

    def _tables(self) -> list[Table]:
        tables: dict[Program, Table] = {}
        for bundle in self._active_bundles():
            group = self.param_groups[bundle.group]
            program = self.program(group)
            bundle.row.hyper = self.hyper(group, program.hypers)
            table = tables.setdefault(program, Table(program, [], []))
            table.entries += [
                Entry(p, _dense(p), slots, len(table.rows))
                for p, slots in zip(bundle.params, bundle.slots, strict=True)
            ]
            table.rows.append(bundle.row)
        return list(tables.values())


def _dense(p: Tensor) -> Tensor:
    g = p.grad
    assert g is not None
    if g.is_sparse:
        raise InputError("A gradient is sparse.", expected="a dense one", remedy="make the embedding sparse=False")
    return g


def require_book(form: str) -> None:
    """Refuse a form of a rule that is not written yet."""
    if form != "book":
        raise InputError("This form of the rule is not written yet.", got=repr(form), expected="form='book'")
