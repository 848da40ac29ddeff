"""Recorder: takes down what happens inside an update, by hooks that change nothing and are gone afterwards."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.utils.hooks import RemovableHandle

from thalweg.check.trace import Activation, Moment, Weights

RANGES: Mapping[type[nn.Module], tuple[float, float]] = {
    nn.Sigmoid: (0.0, 1.0),
    nn.Hardsigmoid: (0.0, 1.0),
    nn.Tanh: (-1.0, 1.0),
    nn.Hardtanh: (-1.0, 1.0),
    nn.Softsign: (-1.0, 1.0),
}
"""Non-linearities whose outputs are bounded, and their bounds."""

OUTER = 0.05
"""The part of such a range, shared by its two ends, in which an output counts as saturated."""

CHANNELS = nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d
"""Layers whose units lie along axis 1, there and in what follows up to the next layer with weights."""


class Recorder:
    """Records every n-th update of a model. Wrap the update in `begin` and `end`; others cost nothing.

    Args:
        model: The model.
        optimizer: What steps it; parameters it does not hold are recorded too.
        every: Every how many updates one is recorded, >= 1.

    Example:
        >>> model = nn.Sequential(nn.Linear(2, 3), nn.ReLU())
        >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        >>> recorder = Recorder(model, optimizer)
        >>> recorder.begin(step=0)
        >>> loss = model(torch.ones(4, 2)).sum(); loss.backward(); optimizer.step()
        >>> recorder.end(loss.item())
        >>> (moment,) = recorder.close()
        >>> list(moment.activations), moment.weights["0.bias"].size
        (['0', '1'], 3)
    """

    def __init__(self, model: nn.Module, optimizer: Optimizer, *, every: int = 1) -> None:
        self.model, self.optimizer, self.every = model, optimizer, every
        self._moments: list[Moment] = []
        self._handles: list[RemovableHandle] = []
        self._started = time.perf_counter()
        self._step = 0
        self._clear()

    def begin(self, step: int) -> None:
        """Listen to the update that comes, if it is one to be recorded."""
        self._release()
        if step % self.every:
            return
        self._step = step
        innermost = [(name, m) for name, m in self.model.named_modules() if not any(m.children())]
        self._handles = [m.register_forward_hook(self._listener(name)) for name, m in innermost]
        self._handles.append(self.optimizer.register_step_pre_hook(self._before_step))

    def end(self, loss: float) -> None:
        """Take down the update that was made.

        Args:
            loss: Of its batch.
        """
        if not self._handles:
            return
        self._release()
        moment = Moment(
            step=self._step,
            loss=loss,
            training=self._training,
            activations=self._activations(),
            weights=self._weights(),
            seconds=time.perf_counter() - self._started,
        )
        self._moments.append(moment)
        self._clear()

    def close(self) -> tuple[Moment, ...]:
        """Stop listening; returns what was recorded."""
        self._release()
        return tuple(self._moments)

    def _clear(self) -> None:
        self._training = self.model.training
        self._seen: dict[str, tuple[str, Tensor]] = {}
        self._returned: dict[str, Tensor] = {}
        self._before: dict[str, tuple[Tensor, Tensor | None]] = {}
        self._by_channel = False

    def _release(self) -> None:
        for handle in self._handles:
            handle.remove()
        self._handles = []

    def _listener(self, name: str) -> Any:
        def listen(module: nn.Module, _: object, output: object) -> None:
            if not torch.is_grad_enabled():  # an evaluation in between
                return
            self._training = self.model.training
            if any(True for _ in module.parameters(recurse=False)):
                self._by_channel = isinstance(module, CHANNELS) or (
                    self._by_channel and isinstance(module, nn.modules.batchnorm._BatchNorm)
                )
            found = _first_tensor(output)
            if found is not None and found.numel():
                self._hear(self._key(name), module, found)

        return listen

    def _key(self, name: str) -> str:
        """The layer's name; a second call of the same layer has a number."""
        calls = sum(key == name or key.startswith(f"{name}#") for key in self._seen)
        return f"{name}#{calls + 1}" if calls else name

    def _hear(self, key: str, module: nn.Module, output: Tensor) -> None:
        axis = 1 if self._by_channel and output.ndim > 2 else -1
        self._seen[key] = type(module).__name__, _statistics(output.detach(), axis, RANGES.get(type(module)))
        base = output._base
        whole = output if base is None or base.numel() != output.numel() else base
        node, place = whole.grad_fn, whole.output_nr
        if node is None:
            return

        def come_back(gradients: tuple[Tensor | None, ...]) -> None:
            gradient = gradients[place]
            if gradient is not None:
                self._returned[key] = gradient.detach().float().square().mean().sqrt()

        node.register_prehook(come_back)  # of its source: what comes next may change the tensor in place

    def _before_step(self, *_: object) -> None:
        for name, p in self.model.named_parameters():
            gradient = p.grad
            if gradient is not None and gradient.is_sparse:
                gradient = gradient.to_dense()
            self._before[name] = p.detach().clone(), None if gradient is None else _norm(gradient.detach())

    def _activations(self) -> dict[str, Activation]:
        found: dict[str, Activation] = {}
        numbers = torch.stack([values for _, values in self._seen.values()]).tolist() if self._seen else []
        for (key, (kind, _)), row in zip(self._seen.items(), numbers, strict=True):
            mean, spread, zero, dead, saturated, finite = row
            back = self._returned.get(key)
            found[key] = Activation(
                kind=kind,
                mean=mean,
                spread=spread,
                zero=zero,
                dead=dead,
                saturated=saturated,
                gradient=math.nan if back is None else float(back),
                finite=bool(finite),
            )
        return found

    def _weights(self) -> dict[str, Weights]:
        found: dict[str, Weights] = {}
        for name, p in self.model.named_parameters():
            before, gradient = self._before.get(name, (p.detach(), None))
            norm, update = float(_norm(before)), float(_norm(p.detach() - before))
            size = math.nan if gradient is None else float(gradient)
            finite = math.isfinite(norm) and (gradient is None or math.isfinite(size))
            found[name] = Weights(size=p.numel(), norm=norm, gradient=size, update=update, finite=finite)
        return found


def _first_tensor(output: object) -> Tensor | None:
    """The output, or the first of several, such as a recurrent layer's, if it is of floating point."""
    if isinstance(output, tuple | list) and output:
        return _first_tensor(output[0])
    return output if isinstance(output, Tensor) and output.is_floating_point() else None


def _statistics(output: Tensor, axis: int, bounds: tuple[float, float] | None) -> Tensor:
    """Mean, spread, share of zeros, of dead units, of saturated outputs, and whether all are finite."""
    x = output.float()
    zero = x == 0
    units = zero.movedim(axis, -1).reshape(-1, x.shape[axis]) if x.ndim else zero.reshape(1, 1)
    saturated = x.new_zeros(())
    if bounds:
        low, high = bounds
        edge = (high - low) * OUTER / 2
        saturated = ((x < low + edge) | (x > high - edge)).float().mean()
    spread = x.std(correction=0)
    shares = zero.float().mean(), units.all(0).float().mean()
    return torch.stack([x.mean(), spread, *shares, saturated, x.isfinite().all().float()])


def _norm(t: Tensor) -> Tensor:
    """The Euclidean norm, in float64: the square of a finite number may be none in float32."""
    return torch.linalg.vector_norm(torch.view_as_real(t) if t.is_complex() else t, dtype=torch.float64)
