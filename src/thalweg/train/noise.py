"""Noise: random draws in training as a function of (seed, step, which draw), whoever trains beside.

torch's own generator has a position, so that what one layer draws depends on what was drawn before it, and a
batched run could not draw as each of its members would alone. Inside `Noise` the random functions of torch read a
counter-based generator in its place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode


class Noise(TorchFunctionMode):
    """Draws from a counter-based generator inside.

    The n-th draw is the stream of Philox 4x64 with the key ``(key, n)``. It has no state, so that K keys under
    ``torch.func.vmap`` give what each gives alone. Served are dropout of every kind (`torch.nn.functional`),
    ``rand``, ``randn``, their ``_like`` forms, and ``bernoulli``; what draws elsewhere, such as the dropout inside
    an LSTM, still draws from torch's generator.

    Args:
        key: A number, or int64 of shape ``()``, which under vmap is one a member.

    Attributes:
        draws: How many draws were served.

    Example:
        >>> def drop(key: Tensor) -> Tensor:
        ...     with Noise(key):
        ...         return functional.dropout(torch.ones(4), 0.5)
        >>> keys = torch.tensor([3, 4])
        >>> torch.equal(torch.func.vmap(drop)(keys), torch.stack([drop(key) for key in keys]))
        True

    Reference:
        Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3".
    """

    def __init__(self, key: Tensor | int) -> None:
        super().__init__()
        self.key, self.draws = key, 0

    def __torch_function__(
        self, func: Callable[..., Any], types: Sequence[type], args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Serve a random function, and leave every other to torch."""
        served = _SERVED.get(func)
        kwargs = kwargs or {}
        return func(*args, **kwargs) if served is None else served(self, *args, **kwargs)

    def uniform(self, shape: Sequence[int], dtype: torch.dtype, device: torch.device | str) -> Tensor:
        """Draw from the interval [0, 1)."""
        return self._draw(False, shape, dtype, device)

    def normal(self, shape: Sequence[int], dtype: torch.dtype, device: torch.device | str) -> Tensor:
        """Draw from N(0, 1)."""
        return self._draw(True, shape, dtype, device)

    def _draw(self, normal: bool, shape: Sequence[int], dtype: torch.dtype, device: torch.device | str) -> Tensor:
        self.draws += 1
        wanted = self.draws, list(shape), normal, dtype is torch.float64
        # The operation takes seconds to load when it is first used.
        drawn = _draw(self.key, *wanted) if isinstance(self.key, Tensor) else _drawn(self.key, *wanted)
        return drawn.to(device, dtype)


@torch.library.custom_op("thalweg::draw", mutates_args=())
def _draw(key: Tensor, number: int, size: Sequence[int], normal: bool, wide: bool) -> Tensor:
    """Draw as `_drawn` does; an operation of its own, so that vmap can ask for every key."""
    return _drawn(int(key.item()), number, size, normal, wide)


def _drawn(key: int, number: int, size: Sequence[int], normal: bool, wide: bool) -> Tensor:
    """Draw float32, or float64 if `wide`."""
    philox = np.random.Philox(key=np.array([key, number], dtype=np.int64).view(np.uint64))
    generator = np.random.Generator(philox)
    function = generator.standard_normal if normal else generator.random
    return torch.from_numpy(np.asarray(function(tuple(size), dtype=np.float64 if wide else np.float32)))


def _of_each(
    info: Any, in_dims: Any, key: Tensor, number: int, size: Any, normal: bool, wide: bool
) -> tuple[Tensor, int]:
    return torch.stack([_drawn(one, number, size, normal, wide) for one in key.tolist()]), 0


torch.library.register_vmap("thalweg::draw", _of_each)


Rate = float | Tensor
"""Of dropout: a number, or under vmap one a member, in float64."""


def _drops(noise: Noise, p: Rate, training: bool) -> bool:
    """Whether there is anything to draw; a rate of 0 has its place among the draws, as other rates have."""
    if training and not isinstance(p, Tensor) and p == 0:
        noise.draws += 1
        return False
    return training


def _kept(noise: Noise, x: Tensor, p: Rate, shape: Sequence[int]) -> Tensor:
    """Return, in the dtype of `x`, 1 where an element stays and 0 where it is dropped."""
    least = p.to(x.device, torch.float32) if isinstance(p, Tensor) else p
    return (noise.uniform(shape, torch.float32, x.device) >= least).to(x.dtype)


def _unless_all(p: Rate, x: Tensor, factor: Callable[[Any], Any]) -> Any:
    """Return a factor of the rate; where all is dropped, 0."""
    if isinstance(p, Tensor):  # rounded as a number of Python's is
        return torch.where(p < 1, factor(p), 0.0).to(x.device, x.dtype)
    return factor(p) if p < 1 else 0.0


def _dropout(noise: Noise, x: Tensor, p: Rate = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    if not _drops(noise, p, training):
        return x
    return _scaled(x, _kept(noise, x, p, x.shape), p, inplace)


def _channels(least: int) -> Callable[..., Tensor]:
    """Return dropout of whole channels; an input of `least` dimensions has no batch (`dropout2d` knows none)."""

    def dropout(noise: Noise, x: Tensor, p: Rate = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
        if not _drops(noise, p, training):
            return x
        ahead = 1 if x.ndim == least else 2
        shape = [*x.shape[:ahead], *[1] * (x.ndim - ahead)]
        return _scaled(x, _kept(noise, x, p, shape), p, inplace)

    return dropout


def _scaled(x: Tensor, kept: Tensor, p: Rate, inplace: bool) -> Tensor:
    factor = kept * _unless_all(p, x, lambda p: 1 / (1 - p))
    return x.mul_(factor) if inplace else x * factor


def _alpha(per_channel: bool) -> Callable[..., Tensor]:
    """Return the dropout of self-normalizing nets, which keeps mean and variance.

    Reference:
        Klambauer et al. 2017, "Self-normalizing neural networks", section 3.
    """
    low = -1.7580993408473766  # -lambda * alpha of SELU

    def dropout(noise: Noise, x: Tensor, p: Rate = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
        if not _drops(noise, p, training):
            return x
        shape = [*x.shape[:2], *[1] * (x.ndim - 2)] if per_channel else x.shape
        kept = _kept(noise, x, p, shape)
        a = _unless_all(p, x, lambda p: ((1 - p) * (1 + p * low**2)) ** -0.5)
        ap = _unless_all(p, x, lambda p: ((1 - p) * (1 + p * low**2)) ** -0.5 * p * low)
        dropped = (x * kept + low * (1 - kept)) * a - ap
        return x.copy_(dropped) if inplace else dropped

    return dropout


def _like(draw: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def function(noise: Noise, x: Tensor, *, dtype: Any = None, device: Any = None, **_: Any) -> Tensor:
        return draw(noise, x.shape, dtype or x.dtype, device or x.device)

    return function


def _of_size(draw: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def function(noise: Noise, *size: Any, dtype: Any = None, device: Any = None, **kwargs: Any) -> Tensor:
        size = kwargs.get("size", size)
        shape = size[0] if len(size) == 1 and not isinstance(size[0], int) else size
        return draw(noise, shape, dtype or torch.get_default_dtype(), device or torch.get_default_device())

    return function


def _bernoulli(noise: Noise, x: Tensor, p: float | None = None, **_: Any) -> Tensor:
    drawn = noise.uniform(x.shape, x.dtype, x.device)
    return (drawn < (x if p is None else p)).to(x.dtype)


_SERVED: dict[Any, Callable[..., Tensor]] = {
    functional.dropout: _dropout,
    functional.dropout1d: _channels(2),
    functional.dropout2d: _channels(0),
    functional.dropout3d: _channels(4),
    functional.alpha_dropout: _alpha(per_channel=False),
    functional.feature_alpha_dropout: _alpha(per_channel=True),
    torch.rand: _of_size(Noise.uniform),
    torch.randn: _of_size(Noise.normal),
    torch.rand_like: _like(Noise.uniform),
    torch.randn_like: _like(Noise.normal),
    torch.bernoulli: _bernoulli,
    torch.Tensor.bernoulli: _bernoulli,
}
