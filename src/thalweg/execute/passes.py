"""Passes: one forward, or forward and backward, pass for all copies of a model at once."""

from __future__ import annotations

from collections.abc import Callable, Generator, Hashable
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor
from torch.func import functional_call, grad_and_value, vjp, vmap
from torch.nn.attention import SDPBackend, sdpa_kernel

from thalweg.core.errors import one_line
from thalweg.execute.entropy import least_label
from thalweg.execute.known import not_known
from thalweg.execute.replay import Replay
from thalweg.execute.shortcuts import Shortcuts
from thalweg.execute.stacks import Stacks
from thalweg.problems import Problem
from thalweg.train.dropout import dropouts, dropping
from thalweg.train.noise import Noise
from thalweg.train.objective import Objective

Named = dict[str, Tensor]

_FUNCTORCH: Any = vars(torch._C)["_functorch"]

_proven: WeakKeyDictionary[Problem, set[Hashable]] = WeakKeyDictionary()
"""The programs of recordings that were trusted: cohorts of one problem compute alike, whatever their sizes."""


class Passes:
    """Batched passes over stacks, by ``torch.func.vmap`` of the unmodified model.

    The backward pass is autograd's through the batched operations, which costs least. Layers that torch batches
    only beneath a transform of functorch's own, recurrent ones, are nested in one instead; that is found out at
    the first pass. Attention is made of matrix products. Passes of models that are `known`, and draw nothing, are
    recorded and played (`Replay`).

    Args:
        objective: What training minimizes; its problem's loss and metrics are measured.
        shares: By which share each copy's targets are smoothed, ``(copies,)``; None if none is.
        stacks: The copies.
        draws: Whether the model draws random numbers in training; None to find out.
        nested: Whether passes are known to have to be nested.
    """

    def __init__(
        self,
        objective: Objective,
        shares: Tensor | None,
        stacks: Stacks,
        draws: bool | None,
        nested: bool = False,
    ) -> None:
        self.objective, self.stacks, self.draws = objective, stacks, draws
        self._shares, self._rates = shares, _rates(stacks)
        self._shortcuts = Shortcuts(least_label(objective.problem))
        self._model, self.nested = stacks.models[0], nested
        self._unused: set[str] | None = None
        self._measured: dict[str, Callable[[Tensor, Tensor], Tensor]] = {"loss": objective.problem.loss}
        self._measured |= {metric.name: metric.function for metric in objective.problem.metrics}
        unfit = not_known(self._model, self._measured.values())
        unfit = unfit or ("inputs are augmented" if objective.problem.augment else "")
        proven = _proven.setdefault(objective.problem, set())
        self._training = {
            shared: Replay(partial(self._in_a_row, shared=shared), [*stacks.buffers.values()], unfit, proven)
            for shared in (True, False)
        }
        self._judging: dict[int, Replay] = {}
        self._unfit, self._proven = unfit, proven

    def gradients(
        self, x: Tensor, y: Tensor, noise: Callable[[], Tensor], *, shared: bool
    ) -> tuple[Tensor, list[Tensor | None]]:
        """Return the loss of every copy, and the gradient of every stack that is trained.

        Args:
            x: Inputs of a mini-batch, with a leading axis of copies unless it is shared.
            y: Targets.
            noise: Gives what each copy's noise is drawn from, int64 ``(copies,)``, and seeds torch's generator.
            shared: Whether all copies see the same samples.

        Returns:
            The losses, and the gradients, which the next pass may overwrite.
        """
        if self.draws is not False:
            return self._gradients(x, y, noise(), shared=shared)
        losses, *gradients = self._training[shared](x, y, noise)
        assert losses is not None
        return losses.clone(), gradients

    def _in_a_row(self, x: Tensor, y: Tensor, noise: Callable[[], Tensor], *, shared: bool) -> list[Tensor | None]:
        noise()
        losses, gradients = self._gradients(x, y, None, shared=shared)
        return [losses, *gradients]

    def _gradients(
        self, x: Tensor, y: Tensor, keys: Tensor | None, *, shared: bool
    ) -> tuple[Tensor, list[Tensor | None]]:
        served = [0]

        def loss(
            trained: Named, fixed: Named, buffers: Named, x: Tensor, y: Tensor, key: Any, share: Any, rates: Named
        ) -> Tensor:
            with (
                self._shortcuts,
                nullcontext() if key is None else Noise(key) as noise,
                dropping(self._model, rates),
            ):
                model = partial(functional_call, self._model, (trained | fixed, buffers))
                found = self.objective.loss(self.objective.output(model, x), y, share)
            served[0] = noise.draws if noise else 0
            return found

        data = None if shared else 0
        dims = (0, 0, 0, data, data, None if keys is None else 0, None if self._shares is None else 0, 0)
        given = (x, y, keys, self._shares, self._rates)
        found = self._once(
            lambda: self._through(vmap(loss, in_dims=dims, randomness="different"), *given),
            lambda: self._inside(vmap(grad_and_value(loss), in_dims=dims, randomness="different"), loss, *given),
        )
        self.draws = served[0] > 0
        return found

    def measures(self, x: Tensor, y: Tensor, *, at_once: int) -> dict[str, Tensor]:
        """Return loss and metrics of every copy, float64 ``(copies,)`` by name.

        Args:
            x: Inputs, which all share.
            y: Targets.
            at_once: Copies to look at at a time.
        """
        if at_once not in self._judging:
            live = partial(self._measures, at_once=at_once)
            self._judging[at_once] = Replay(live, obstacle=self._unfit, proven=self._proven)
        found = self._judging[at_once](x, y)
        return {name: own.clone() for name, own in zip(self._measured, found, strict=True) if own is not None}

    def _measures(self, x: Tensor, y: Tensor, *, at_once: int) -> list[Tensor]:
        def plainly(trained: Named, fixed: Named, buffers: Named) -> Any:
            return functional_call(self._model, (trained | fixed, buffers), (x,))

        def nested(trained: Named, fixed: Named, buffers: Named) -> Any:
            return vjp(lambda inner: plainly(inner, fixed, buffers), trained)[0]

        def measured(forward: Callable[..., Any]) -> list[Tensor]:
            def all_of_one(trained: Named, fixed: Named, buffers: Named) -> list[Tensor]:
                with self._shortcuts:
                    output = forward(trained, fixed, buffers)
                    return [function(output, y).double() for function in self._measured.values()]

            given = self._trained(detached=True), self._fixed(), self.stacks.buffers
            return vmap(all_of_one, randomness="different", chunk_size=at_once)(*given)

        with torch.no_grad():
            return self._once(lambda: measured(plainly), lambda: measured(nested))

    def _once(self, plainly: Callable[[], Any], nested: Callable[[], Any]) -> Any:
        """Do the one or, where torch has no rule to batch an operation by itself, the other."""
        with _plain_attention():
            if not self.nested:
                try:
                    return plainly()
                except RuntimeError as error:
                    if "atching rule not implemented" not in str(error):
                        raise
            found = nested()
            self.nested = True
            return found

    def _through(self, batched: Callable[..., Tensor], *given: Any) -> tuple[Tensor, list[Tensor | None]]:
        trained = self._trained()
        with self._own_buffers() as buffers:
            losses = batched(trained, self._fixed(), buffers, *given)
            gradients = torch.autograd.grad(losses.sum(), list(trained.values()), allow_unused=True)
        return losses.detach(), list(gradients)

    def _inside(
        self, batched: Callable[..., tuple[Named, Tensor]], loss: Callable[..., Tensor], *given: Any
    ) -> tuple[Tensor, list[Tensor | None]]:
        if self._unused is None:
            self._unused = self._not_reached(loss, *given)
        with self._own_buffers() as buffers:
            gradients, losses = batched(self._trained(detached=True), self._fixed(), buffers, *given)
        return losses, [None if name in self._unused else g for name, g in gradients.items()]

    @contextmanager
    def _own_buffers(self) -> Generator[Named]:
        """Lend copies of the buffers, which a pass moves on; an error leaves the buffers as they were."""
        lent = {name: stack.clone() for name, stack in self.stacks.buffers.items()}
        yield lent
        for name, stack in lent.items():
            self.stacks.buffers[name].copy_(stack)

    def _not_reached(self, loss: Callable[..., Tensor], x: Tensor, y: Tensor, *given: Any) -> set[str]:
        """Return the parameters that the loss does not depend on: a transform gives them zeros for gradients."""
        one = {name: stack[0].clone().requires_grad_() for name, stack in self._trained(detached=True).items()}
        fixed, buffers = (
            {name: stack[0].clone() for name, stack in held.items()}
            for held in (self._fixed(), self.stacks.buffers)
        )
        shared = x.ndim == self.objective.problem.train.take(torch.tensor([0]))[0].ndim
        key, share, rates = given
        given = (
            None if key is None else key[0],
            None if share is None else share[0],
            {name: rate[0] for name, rate in rates.items()},
        )
        found = loss(one, fixed, buffers, *((x, y) if shared else (x[0], y[0])), *given)
        gradients = torch.autograd.grad(found, list(one.values()), allow_unused=True)
        return {name for name, g in zip(one, gradients, strict=True) if g is None}

    def _trained(self, *, detached: bool = False) -> Named:
        found = {name: stack for name, stack in self.stacks.parameters.items() if stack.requires_grad}
        return {name: stack.detach() for name, stack in found.items()} if detached else found

    def _fixed(self) -> Named:
        return {name: stack for name, stack in self.stacks.parameters.items() if not stack.requires_grad}


def _rates(stacks: Stacks) -> Named:
    """Return the rate of each copy, float64 ``(copies,)``, for the dropout layers where the copies differ."""
    layers = [dropouts(model) for model in stacks.models]
    rates = {name: [own[name].p for own in layers] for name in layers[0]}
    return {name: torch.tensor(own, dtype=torch.float64) for name, own in rates.items() if len(set(own)) > 1}


_PLAINLY = {
    ".item()": "a number is taken out of a tensor, by .item() or the like",
    "control flow": "the value of a tensor decides what is done, by an if or the like",
    "have storage": "a tensor is taken out of torch, by .numpy() or the like",
    "dynamic shape": "the values of a tensor decide how many there are of another, by a mask or the like",
}
"""What torch's messages say that a batched pass cannot do, by words in them."""


def in_a_pass(error: Exception) -> str:
    """Return in a line what went wrong in a batched pass.

    Example:
        >>> in_a_pass(RuntimeError("vmap: It looks like you're calling .item() on a Tensor. We don't support ..."))
        'a number is taken out of a tensor, by .item() or the like'
        >>> in_a_pass(ValueError("of your own"))
        'ValueError: of your own'
    """
    known = (said for word, said in _PLAINLY.items() if isinstance(error, RuntimeError) and word in str(error))
    return next(known, one_line(error))


@contextmanager
def _plain_attention() -> Generator[None]:
    """Have attention computed by matrix products inside: its fused kernels cannot be batched.

    What else torch batches by a loop it does without a warning: how fast that is was timed.
    """
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    _FUNCTORCH._set_vmap_fallback_warning_enabled(False)
    try:
        with sdpa_kernel(SDPBackend.MATH):
            yield
    finally:
        _FUNCTORCH._set_vmap_fallback_warning_enabled(True)
        torch.backends.mha.set_fastpath_enabled(before)
