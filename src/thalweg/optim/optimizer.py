"""RuleOptimizer: any rule as a torch optimizer. The only ``step()`` of the house."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import unwrap
from typing import Any, ClassVar, overload

import torch
from torch import Tensor

from thalweg.core.errors import InputError, InputTypeError, UnknownNameError
from thalweg.engine import Table, launch
from thalweg.engine.differentiable import launch_differentiably
from thalweg.formula import Program, Row, Rule
from thalweg.formula.program import SHIFT
from thalweg.optim.form import Form, Group
from thalweg.optim.hooked import hooked
from thalweg.optim.interchange import check_fit, restore_exactly
from thalweg.optim.options import MANNERS, Options
from thalweg.optim.params import Params, listed
from thalweg.optim.plan import Plan, entries_of
from thalweg.optim.settings import Settings
from thalweg.optim.sparse import Compact
from thalweg.optim.state import STASH, Bundle
from thalweg.optim.untraced import untraced

BASE = torch.optim.Optimizer
PLAIN = {
    name: unwrap(getattr(BASE, name)) for name in ("add_param_group", "zero_grad", "state_dict", "load_state_dict")
}
"""torch's own methods without a decorator of theirs that imports the whole compiler, seconds of work."""


class RuleOptimizer(torch.optim.Optimizer):
    """A textbook rule behind torch's interface; final classes name the rule and its signature.

    A rule with an interim point (Nesterov's) keeps the model's parameters AT that point, where the next
    gradient belongs. ``eval()`` puts theta in place for validation and saving, ``train()`` restores the
    interim point bit for bit. An average of the parameters (``ema``, ``polyak``) is shown in the same way.

    Args:
        params: As for any torch optimizer: tensors, named tensors or groups.
        defaults: Values of the rule's hyper-parameters, by torch's names.
        options: What to put around the rule; see `Options`.
        form: The registry name of the rule, for a class with several; the first is the default.

    Raises:
        OutOfRangeError: A hyper-parameter outside its declared interval.
        InputError, InputTypeError: Parameters or settings that cannot be used, an unknown keyword.
    """

    forms: ClassVar[tuple[Form, ...]]
    """The rules that the class can follow, with torch's names for what they declare."""

    _step_supports_amp_scaling = True  # a gradient scaler leaves scale and infinities to `step`

    def __init__(
        self,
        params: Params,
        defaults: Mapping[str, Any],
        options: Options | None = None,
        form: Form | None = None,
    ) -> None:
        chosen = form or self.forms[0]
        given: dict[str, object] = dict(options or {})
        neutral = {**MANNERS, **{option.name: option.neutral for option in chosen.options}}
        unknown = next((name for name in given if name not in neutral), None)
        if unknown:
            known = UnknownNameError("keyword", unknown, {**neutral, **defaults})
            what = f"{type(self).__name__} got an unexpected keyword argument {unknown!r}."
            raise InputTypeError(what, expected=known.expected, remedy=known.remedy)
        # The name goes into every group so that a saved state says whose it is.
        settings = {**neutral, **defaults, **given, **chosen.always, "rule": chosen.rule.name}
        self._begin(chosen)
        super().__init__(listed(type(self).__name__, params), settings)

    def _begin(self, form: Form) -> None:
        """Have nothing derived from groups and state yet."""
        self.form = form
        self.settings = Settings(form)
        self.plan = Plan(self)
        self._on_eval: bool | None = None

    @property
    def rule(self) -> Rule:
        """The update."""
        return self.form.rule

    @property
    def names(self) -> Mapping[str, str]:
        """The rule's symbol -> torch's name, ``betas.0`` for an element of a pair; a missing one is the same."""
        return self.form.names

    def program(self, group: Group) -> Program:
        """Return what is computed for a group: the rule with the options that are active."""
        return self.settings.program(group)

    @untraced
    def add_param_group(self, param_group: Group) -> None:
        """Add a group, as torch does, with its hyper-parameters checked against their intervals."""
        PLAIN["add_param_group"](self, param_group)
        try:
            self.settings.check(self.param_groups[-1])
        except Exception:
            del self.param_groups[-1]
            raise

    @overload
    def step(self, closure: None = None) -> None: ...

    @overload
    def step(self, closure: Callable[[], float]) -> float: ...

    @hooked
    @untraced
    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        """Update every parameter that has a gradient; those without keep their state and their count.

        Args:
            closure: Re-evaluates the model and returns the loss.

        Returns:
            What the closure returned.

        Raises:
            InputError: The parameters are on the evaluation side: call ``train()`` first.
        """
        if self._stashed():
            raise InputError(
                "step() was called while theta or an average is in the place of the parameters.",
                remedy="call optimizer.train() after evaluation, before the next forward pass",
            )
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        found_inf: Tensor | None = getattr(self, "found_inf", None)
        if found_inf is not None and found_inf.item():
            return loss
        self.settings.rescale(getattr(self, "grad_scale", None))
        with torch.set_grad_enabled(bool(self.defaults["differentiable"])):
            self._update()
        return loss

    def _update(self) -> None:
        tables = self.plan.tables()
        bundles = self.plan.bundles
        if self.defaults["differentiable"]:
            self.plan.require_whole_and_dense()
            self.plan.replace(launch_differentiably(tables))
        else:
            bundles = [*bundles, *self._update_sparse(tables)]
        for bundle in bundles:
            bundle.write_numbers()

    def _update_sparse(self, tables: list[Table]) -> list[Bundle]:
        """Launch, with copies of the rows that a sparse gradient has; return the bundles of the latter."""
        bundles = self.plan.sparse_bundles()
        copies = [Compact(bundle) for bundle in bundles]
        launch([*tables, *(copy.table for copy in copies)])
        torch.autograd.graph.increment_version(self.plan.written())  # kernels write behind autograd's back
        for copy in copies:
            copy.spread()
        return bundles

    @untraced
    def zero_grad(self, set_to_none: bool = True) -> None:
        """Clear the gradients, and `align` where momentum has changed: the forward pass comes next."""
        PLAIN["zero_grad"](self, set_to_none)
        self.align()

    @untraced
    @torch.no_grad()
    def align(self) -> None:
        """Move the stored parameters to the interim point of the momentum now set in the groups.

        Needed after a change of the momentum of a rule with an interim point, before the next forward pass;
        ``zero_grad()`` does it too. Does nothing for other rules, or if nothing changed.
        """
        if self.rule.interim is None or self._stashed() or self._is_aligned():
            return
        moved = [bundle for bundle in self._stepped() if self._shift(bundle.group) != bundle.row.state[SHIFT]]
        self._move(moved, lambda program: program.realign)
        for bundle in moved:
            bundle.write_numbers()

    @untraced
    @torch.no_grad()
    def eval(self) -> None:
        """Put theta, or the average, in the place of the parameters; where there is neither, nothing changes."""
        if self._stashed():
            return
        bundles = [bundle for bundle in self._stepped() if bundle.program.shown is not None]
        for bundle in bundles:
            for p in bundle.params:
                self.state[p][STASH] = p.detach().clone()
        self._move(bundles, lambda program: program.show)
        self._on_eval = bool(bundles)

    @untraced
    @torch.no_grad()
    def train(self) -> None:
        """Put the point of training back, bit for bit as `eval` found it."""
        for p, own in self.state.items():
            if STASH in own:
                p.copy_(own.pop(STASH))
        self._on_eval = False

    def _stashed(self) -> bool:
        if self._on_eval is None:  # the state is new: it knows
            self._on_eval = any(STASH in own for own in self.state.values())
        return self._on_eval

    def _is_aligned(self) -> bool:
        """Whether every stepped parameter, with or without a gradient, has the shift that its group asks for."""
        for number, group in enumerate(self.param_groups):
            owns = [self.state.get(p, {}) for p in group["params"]]
            shifts = {id(own[SHIFT]): own[SHIFT] for own in owns if SHIFT in own}  # most share one tensor
            if shifts and any(float(shift) != self._shift(number) for shift in shifts.values()):
                return False
        return True

    def _shift(self, number: int) -> float:
        """The coefficient of the interim point that a group asks for."""
        group = self.param_groups[number]
        program = self.program(group).realign
        row = Row(self.settings.values(group, program))
        row.advance(program, count=False)
        return row.state[SHIFT]

    @torch.no_grad()
    def begin(self) -> None:
        """Give every parameter the state that its first step would find."""
        self.plan.gather(lambda _: True)

    def _stepped(self) -> list[Bundle]:
        """Bundles of every parameter that was ever stepped, with or without a gradient now."""
        return self.plan.gather(lambda p: bool(self.state.get(p)) and float(self.state[p]["step"]) > 0)

    def _move(self, bundles: list[Bundle], move: Callable[[Program], Program]) -> None:
        tables: list[Table] = []
        for bundle in bundles:
            program = move(bundle.program)
            bundle.row.hyper = self.settings.values(self.param_groups[bundle.group], program)
            tables.append(Table(program, entries_of(bundle), [bundle.row]))
        launch(tables, count=False)

    @untraced
    def state_dict(self) -> dict[str, Any]:
        """Return torch's form: per parameter its slots, ``step`` and scalar states, all tensors.

        If taken between `eval` and `train` it holds the point of training too, and so records the side. Of a
        class that torch has too, torch can load it.
        """
        packed = PLAIN["state_dict"](self)
        numbers = {name for group in self.param_groups for name in self.program(group).initial}
        shared = {"step", *map(self.form.state_key, numbers)}
        packed["state"] = {
            key: {name: value.clone() if name in shared else value for name, value in own.items()}
            for key, own in packed["state"].items()
        }
        return packed

    @untraced
    @torch.no_grad()
    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Load what `state_dict` gave, of this class or of torch's of the same name.

        Raises:
            CheckpointError: Groups, parameters or shapes that do not fit; it names the parameter.
        """
        final: dict[str, Any] = {}

        def check(_: torch.optim.Optimizer, given: dict[str, Any]) -> None:
            check_fit(self.form, self.program, self.param_groups, given)
            final.update(given)

        def restore(_: torch.optim.Optimizer) -> None:
            restore_exactly(self.settings, self.param_groups, self.state, final)

        # Between the user's hooks: what they made of the state is what counts, and they see it restored.
        before = self.register_load_state_dict_pre_hook(check)
        after = self.register_load_state_dict_post_hook(restore, prepend=True)
        try:
            PLAIN["load_state_dict"](self, state_dict)
        finally:
            before.remove()
            after.remove()

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            for name, value in self.defaults.items():
                group.setdefault(name, value)
        self._begin(next(form for form in self.forms if form.rule.name == self.defaults["rule"]))
        for group in self.param_groups:
            group.update(self.form.always)
