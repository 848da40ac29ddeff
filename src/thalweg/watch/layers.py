"""Layers: listens to the innermost modules of a model for one forward and backward pass."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from thalweg.check.experiments.units import RECTIFIERS
from thalweg.check.recorder import CHANNELS, OUTER, RANGES
from thalweg.watch.guard import Guard
from thalweg.watch.update import Update, tensors

SAME = (nn.Flatten, nn.Unflatten, nn.Identity)
"""Layers whose outputs are their inputs."""

LOST = 1e-6
"""Share of the mean square below which a variance in float32 is rounding."""


class Layers:
    """Measures outputs, and the gradients that come back to them; hooks alone, which change nothing.

    Args:
        model: Whose innermost modules are listened to; none of a compiled one, whose code has none to call.
        guard: Wraps every hook.

    What an update gets, by layer: ``mean`` and ``spread`` of the outputs, the norm of the gradient with respect to
    them (``returned``), the share of ``dead`` units of a rectifier, and of ``saturated`` outputs of a bounded
    non-linearity. Of the last linear map of single samples also the two norms of which the gradient noise scale is
    made. A second call of a layer in one pass has a number: ``"fc#2"``.
    """

    def __init__(self, model: nn.Module, guard: Guard) -> None:
        self._guard = guard
        compiled = isinstance(model, torch._dynamo.OptimizedModule)
        innermost = [] if compiled else [(n, m) for n, m in model.named_modules() if not any(m.children())]
        self._listeners = [(m, guard(self._listener(n, m))) for n, m in innermost if not isinstance(m, SAME)]
        self._handles: list[RemovableHandle] = []
        self._update: Update | None = None
        self._by_channel = False
        self._last: str | None = None
        self.sizes: dict[str, int] = {}
        self.units: dict[str, int] = {}

    def start(self, update: Update) -> None:
        """Listen to the pass that comes."""
        self._update, self._by_channel, self._last = update, False, None
        self.sizes.clear()
        if not self._handles:
            self._handles = [m.register_forward_hook(listener) for m, listener in self._listeners]

    def pause(self) -> None:
        """Hear nothing until the next start."""
        self._update = None

    def stop(self) -> None:
        """Take all hooks away."""
        self._update = None
        for handle in self._handles:
            handle.remove()
        self._handles = []

    def derive(self, numbers: dict[str, float]) -> None:
        """Turn sums and counts into means and shares, norms into root mean squares.

        Args:
            numbers: Those of the update.
        """
        for key, size in self.sizes.items():
            mean, norm = numbers.pop(f"sum/{key}") / size, numbers.pop(f"norm/{key}")
            square = norm * norm / size - mean * mean
            numbers[f"mean/{key}"] = mean
            known = not 0 < square < LOST * norm * norm / size  # else rounding has eaten it
            numbers[f"spread/{key}"] = math.sqrt(max(0.0, square)) if known and square == square else math.nan
            if (alive := numbers.pop(f"alive/{key}", None)) is not None:
                numbers[f"dead/{key}"] = 1 - alive / self.units[key] if math.isfinite(norm) else math.nan
            if (saturated := numbers.get(f"saturated/{key}")) is not None:
                numbers[f"saturated/{key}"] = saturated / size
            if (returned := numbers.get(f"returned/{key}")) is not None:
                numbers[f"returned/{key}"] = returned / math.sqrt(size)

    def _listener(self, name: str, module: nn.Module) -> Callable[..., None]:
        kind, weighted = type(module), any(True for _ in module.parameters(recurse=False))
        steady = isinstance(module, nn.modules.batchnorm._BatchNorm)
        channels = isinstance(module, CHANNELS)

        def listen(_: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
            if self._update is None or not torch.is_grad_enabled():
                return
            if weighted:
                self._by_channel = channels or (self._by_channel and steady)
            given = output if isinstance(output, Tensor) else next(iter(tensors(output)), None)
            if given is not None and given.is_floating_point() and given.numel():
                self._hear(name, kind, inputs, given)

        return listen

    def _hear(self, name: str, kind: type[nn.Module], inputs: tuple[Any, ...], output: Tensor) -> None:
        update = self._update
        assert update is not None, "it listens"
        key, call = name, 1
        while f"sum/{key}" in update.scalars:
            key, call = f"{name}#{call + 1}", call + 1
        x = output.detach()
        if x.dtype.itemsize < 4:
            x = x.float()
        scalars = update.scalars
        scalars[f"sum/{key}"], scalars[f"norm/{key}"] = x.sum(), torch.linalg.vector_norm(x)
        self.sizes[key] = x.numel()
        if kind.__name__ in RECTIFIERS:
            axis = 1 if self._by_channel and x.ndim > 2 else x.ndim - 1
            update.alive[key] = x.amax([k for k in range(x.ndim) if k != axis]) > 0 if x.ndim > 1 else x > 0
            scalars[f"alive/{key}"] = torch.count_nonzero(update.alive[key])
            self.units[key] = update.alive[key].numel()
        elif kind in RANGES:
            low, high = RANGES[kind]
            reach = (high - low) / 2 * (1 - OUTER)
            away = x.abs() if low + high == 0 else (x - (low + high) / 2).abs()
            update.bounded.append(key)
            scalars[f"saturated/{key}"] = torch.count_nonzero(away > reach)
        elif kind is nn.Linear and x.ndim == 2 and isinstance(inputs[0] if inputs else None, Tensor):
            self._last, update.samples = key, len(x)
        self._hear_return(scalars, key, inputs, output)

    def _hear_return(self, scalars: dict[str, Tensor], key: str, inputs: tuple[Any, ...], output: Tensor) -> None:
        base = output._base
        whole = output if base is None or base.numel() != output.numel() else base
        node, place = whole.grad_fn, whole.output_nr
        if node is None:
            return
        per_sample = inputs[0].detach() if self._last == key else None

        # It must not hold the update: that holds the graph, which holds this, and nothing would free them in time.
        def come_back(gradients: tuple[Tensor | None, ...]) -> None:
            gradient = gradients[place]
            if gradient is None:
                return
            scalars[f"returned/{key}"] = torch.linalg.vector_norm(gradient.detach())
            if per_sample is not None and self._last == key:
                _hear_noise(scalars, per_sample, gradient.detach())

        # Of its source: what comes next may change the tensor in place.
        node.register_prehook(self._guard(come_back))


def _hear_noise(scalars: dict[str, Tensor], inputs: Tensor, gradient: Tensor) -> None:
    """Measure the norms of the parts that single samples have in a weight's gradient, and of the whole.

    Sample i's part is the outer product of ``gradient[i]`` and ``inputs[i]``, so its norm is that of both.
    """
    inputs = inputs.to(gradient.dtype)
    parts = torch.linalg.vector_norm(gradient, dim=1) * torch.linalg.vector_norm(inputs, dim=1)
    scalars["sample gradients"] = torch.linalg.vector_norm(parts)
    scalars["their sum"] = torch.linalg.vector_norm(gradient.T @ inputs)
