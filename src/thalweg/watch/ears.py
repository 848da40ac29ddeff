"""Ears: hear a loop by hooks that change nothing, and hand over every n-th update."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import register_multi_grad_hook
from torch.nn.parameter import UninitializedParameter
from torch.optim import Optimizer
from torch.utils.hooks import RemovableHandle

from thalweg.watch.guard import Guard
from thalweg.watch.layers import Layers
from thalweg.watch.norms import Norms
from thalweg.watch.reading import read
from thalweg.watch.roots import is_multiple, is_scaled, root_of_this
from thalweg.watch.update import Call, Update, tensors, versions

FRESH = 8
"""Watched updates after which parameters and modules are looked up again: a loop may replace them."""

SURE = 3
"""Updates in which it is seen whether the loss that is heard is all that goes backward."""

MODAL = (nn.modules.dropout._DropoutNd, nn.modules.batchnorm._BatchNorm)
"""Layers that work differently in training."""


class Ears:
    """Hears the updates of a loop.

    Between watched updates three hooks are left, which count, keep the batch in hand, and see that the loss is
    finite. Hooks on layers come and go with the watched updates.

    Args:
        model: The model.
        optimizer: What steps it.
        loss: A module, whose calls are heard; those of a function have to be told to `loss_given`.
        others: Further optimizers. Their parameters are left out; so is the loss, which may be an opponent's.
        every: Every how many updates one is watched, >= 1; the first is.
        heard: Gets every watched update when its step is done.
        underway: Gets the update that is being heard at every backward pass: its step may never come.
        broken: Gets a loss that is not finite, at once.
        wants_state: Whether an update, by its number, is to keep the generator's state from before its first pass.
        guard: Wraps every hook.

    Attributes:
        updates: Made since.
        hears_targets: Whether a call of the loss was heard with what it was given.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: Optimizer,
        loss: object,
        *,
        others: Sequence[Optimizer] = (),
        every: int,
        heard: Callable[[Update], None],
        underway: Callable[[Update], None],
        broken: Callable[[Call], None],
        wants_state: Callable[[int], bool],
        guard: Guard,
    ) -> None:
        self.model, self.optimizer, self.others, self.every = model, optimizer, others, every
        self._heard, self._underway, self._broken, self._wants_state = heard, underway, broken, wants_state
        self._guard = guard
        self.updates, self.hears_targets = 0, False
        self._batch: tuple[tuple[Any, ...], dict[str, Any]] | None = None
        self._method = "__call__"
        self._now: Update | None = None
        self._brief: list[RemovableHandle] = []
        self._versions: tuple[int, ...] = ()
        self._evaluating, self._roots, self._partial = False, 0, bool(others)
        self._look_up()
        self._lasting = [
            model.register_forward_pre_hook(guard(self._pass_begins), with_kwargs=True),
            optimizer.register_step_post_hook(guard(self._stepped)),
        ]
        if isinstance(loss, nn.Module):
            self._lasting.append(loss.register_forward_hook(guard(self.loss_given), with_kwargs=True))
        self._pass_hook, self._step_hook = guard(self._pass_ends), guard(self._step_begins)
        self._begin()

    @property
    def batch(self) -> Call | None:
        """The last forward pass with gradient."""
        return self._batch and Call(*self._batch, None, method=self._method)

    def close(self) -> None:
        """Take all hooks away."""
        for handle in (*self._lasting, *self._brief):
            handle.remove()
        self._lasting, self._brief = [], []
        self.deafen()

    def deafen(self) -> None:
        """Let go of what was heard; hooks may stay, which are called and do nothing."""
        self._now, self._batch = None, None
        self._layers.stop()
        self._norms.stop()

    def loss_given(self, _: object, inputs: tuple[Any, ...], keywords: dict[str, Any], result: Any) -> None:
        """Take note of a loss that was computed.

        Args:
            inputs: What it was given by position.
            keywords: What it was given by name.
            result: What it gave.
        """
        if isinstance(result, Tensor) and torch.is_grad_enabled():  # else an evaluation
            self._take_loss(inputs, keywords, result)

    def told(self, what: Callable[..., None], *known: Any) -> None:
        """Take note of what is told, as hooks do: nothing is raised, and nothing done after the end."""
        if self._lasting:
            self._guard(what)(*known)

    def step_told(self, method: str, inputs: tuple[Any, ...]) -> None:
        """Take note that a method of the model begins that computes a loss; from now on its passes are those.

        Args:
            method: Its name.
            inputs: What it is given.
        """
        self._method = "__call__"
        self._pass_begins(self.model, inputs, {})
        self._method = method

    def backward_told(self, loss: Tensor, targets: Tensor | None, times: float | Tensor) -> None:
        """Take note of the loss that such a method has computed, and that is about to go backward.

        Args:
            loss: With its graph. It counts in the place of parts of it that were heard.
            targets: What outputs were compared with, if that is known.
            times: What makes it the loss of the step, if it was divided or scaled.
        """
        whole = loss if isinstance(times, float) and times == 1 else loss * times
        if self._now is None:
            self._take_loss((), {}, whole)
            return
        inputs, keywords = self._batch or ((), {})
        known = self._now.losses[self._told :]
        del self._now.losses[self._told :]
        self._end_pass(inputs, keywords, loss)
        self._take_loss(*((known[0].inputs, known[0].keywords) if known else ((), {})), whole, targets)
        self._told = len(self._now.losses)

    def _take_loss(
        self, inputs: tuple[Any, ...], keywords: Mapping[str, Any], result: Tensor, targets: Tensor | None = None
    ) -> None:
        now = self._now
        if now is None and (result.numel() != 1 or result.device.type != "cpu" or math.isfinite(result.item())):
            return
        call = Call(inputs, keywords, result, versions(tensors((inputs, dict(keywords)))), targets)
        single = result.numel() == 1
        if not (math.isfinite(result.item()) if single else bool(result.isfinite().all())):
            self._broken(call)
        if now is not None:
            alone = not now.passes and self._method == "__call__"  # the model is compiled, or called in parts
            if alone and result.requires_grad:
                begin = self._backward_begins(now.step, len(now.losses) + 1, evaluating=False)
                result.register_hook(self._guard(begin))
            now.losses.append(call.bare() if now.losses else call)
            self.hears_targets |= len(call.tensors) > 1 or targets is not None

    def _look_up(self) -> None:
        self._layers = Layers(self.model, self._guard)
        left = {id(p) for other in self.others for group in other.param_groups for p in group["params"]}
        made = [(n, p) for n, p in self.model.named_parameters() if not isinstance(p, UninitializedParameter)]
        self._named = {name: p for name, p in made if p.requires_grad and id(p) not in left}
        tables = {id(m.weight) for m in self.model.modules() if isinstance(m, nn.Embedding | nn.EmbeddingBag)}
        self._matrices = [name for name, p in self._named.items() if p.ndim > 1 and id(p) not in tables]
        self._norms = Norms(list(self._named.values()))
        held = {id(p) for group in self.optimizer.param_groups for p in group["params"]}
        self._held = {name: id(p) in held for name, p in self._named.items()}
        self._modal = [m for m in self.model.modules() if isinstance(m, MODAL)]
        self._looked_up = 0

    def _begin(self) -> None:
        """Watch the update that comes."""
        if self._looked_up == FRESH or not self._norms.comparable():
            self._layers.stop()
            self._look_up()
        self._looked_up += 1
        self._now, self._told = Update(self.updates, self._named, self._held, self._matrices), 0
        self._now.partial = self._partial
        self._norms.start(self._now)
        self._layers.start(self._now)
        if not self._brief:
            self._brief = [
                self.model.register_forward_hook(self._pass_hook, with_kwargs=True),
                self.optimizer.register_step_pre_hook(self._step_hook),
            ]

    def _end(self) -> None:
        """Watch nothing until it is time again."""
        for handle in self._brief:
            handle.remove()
        self._brief, self._now = [], None
        self._layers.stop()
        self._norms.stop()

    def _pass_begins(self, _: nn.Module, inputs: tuple[Any, ...], keywords: dict[str, Any]) -> None:
        if not torch.is_grad_enabled() or self._method != "__call__":  # an evaluation, or a part of a step
            return
        self._batch = inputs, keywords
        update = self._now
        if update is not None:
            self._evaluating = (
                not self.model.training and bool(self._modal) and not any(m.training for m in self._modal)
            )
            if not update.passes:
                self._versions = versions(tensors((inputs, keywords)))
                if self._wants_state(update.step):
                    update.at_outset = torch.get_rng_state()

    def _pass_ends(self, _: nn.Module, inputs: tuple[Any, ...], keywords: dict[str, Any], output: Any) -> None:
        if self._now is None or not torch.is_grad_enabled() or self._method != "__call__":
            return
        loss = output.get("loss") if isinstance(output, dict) else None
        self._end_pass(inputs, keywords, output)
        if isinstance(loss, Tensor):
            labels = keywords.get("labels")
            self._take_loss((), {}, loss, labels if isinstance(labels, Tensor) else None)

    def _end_pass(self, inputs: tuple[Any, ...], keywords: dict[str, Any], output: Any) -> None:
        update = self._now
        assert update is not None, "it is being heard"
        self._layers.pause()  # a second pass of the same update says nothing new
        call = Call(inputs, keywords, output, self._versions, method=self._method)
        update.passes.append(call.bare() if update.passes else call)
        outputs = [one for one in tensors(output) if one.requires_grad]
        if outputs:
            begin = self._backward_begins(update.step, len(update.losses), self._evaluating)
            register_multi_grad_hook(outputs, self._guard(begin), mode="any")

    def _backward_begins(self, step: int, heard: int, evaluating: bool) -> Callable[[Tensor], None]:
        """Return a hook of an output; it must not hold the update, which holds the outputs that hold this.

        Args:
            step: The update.
            heard: Losses heard of in it before the pass.
            evaluating: Whether the pass was made in evaluation mode.
        """

        def begin(_: Tensor) -> None:
            update = self._now
            if update is None or update.step != step:
                return
            self._hear_root(update, heard)
            update.evaluating = evaluating if not update.backwards else update.evaluating
            update.backwards += 1
            self._norms.backward_begins()
            self._underway(update)

        return begin

    def _hear_root(self, update: Update, heard: int) -> None:
        """Take note of what goes backward: the loss, if none was heard of, else whether that is all of it."""
        if len(update.losses) == heard:
            root = root_of_this()
            if root is not None:
                self._take_loss((), {}, root)
                update.partial |= is_scaled(root)  # maybe by a scaler, by which it rises and falls
        elif len(update.losses) == 1 and self._roots < SURE:
            self._roots += 1
            root = root_of_this()
            if root is not None and not is_multiple(root, update.losses[0].result):
                self._partial = update.partial = True

    def _step_begins(self, *_: object) -> None:
        if self._now is not None:
            self._norms.step_begins()

    def _stepped(self, *_: object) -> None:
        update = self._now
        if update is not None:
            self._norms.step_ended()
            update.rates = [float(group["lr"]) for group in self.optimizer.param_groups if "lr" in group]
            read(update, self._layers.derive, self._norms.derive)
            self._heard(update)
        self.updates += 1
        if self._lasting:
            if self.updates % self.every:
                if update is not None:
                    self._end()
            else:
                self._begin()
