"""Replay: passes recorded once for every shape of a batch, and from then on played."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import torch
from torch import Tensor

from thalweg.core.errors import one_line
from thalweg.execute.done import Outputs
from thalweg.execute.recording import Recording

MOST = 2**27
"""Bytes that one recording may keep: where a pass needs more, its Python costs next to nothing."""


class Replay:
    """A pass that is done by the Python it is written in until a recording of it can be trusted.

    The first pass over batches of a shape is recorded. The recording is trusted once it has given what the live
    pass gave on another batch, to the bit; else passes stay live. A recording of the same operations as one that
    was trusted before, for batches of other sizes, is trusted at once.

    Args:
        live: The pass: from a batch (x, y), and what is passed on to it alone, to tensors of the caller's own.
        moved: What a pass moves on beside, such as the averages of batch norm.
        obstacle: Why it may not be recorded; empty if it may.
        proven: The programs of recordings that were trusted, of this pass or others of the same Python.

    Attributes:
        obstacle: Why passes stay live, as far as that is known.

    Example:
        >>> pass_ = Replay(lambda x, y: [(x * y).sum()])
        >>> [pass_(torch.full((2,), k), torch.ones(2))[0].item() for k in (1.0, 2.0, 3.0)], pass_.played
        ([2.0, 4.0, 6.0], 1)
    """

    def __init__(
        self,
        live: Callable[..., Outputs],
        moved: Sequence[Tensor] = (),
        obstacle: str = "",
        proven: set[Hashable] | None = None,
    ) -> None:
        self.obstacle, self.played = obstacle, 0
        self._proven = set[Hashable]() if proven is None else proven
        self._live, self._moved = live, moved
        self._untried: dict[Hashable, Recording] = {}
        self._trusted: dict[Hashable, Recording] = {}

    def __call__(self, x: Tensor, y: Tensor, *passed_on: Any) -> Outputs:
        """Return what the pass gives; a recording's tensors are overwritten by the next pass."""
        if self.obstacle:
            return self._live(x, y, *passed_on)
        key = (x.shape, x.dtype, x.device, y.shape, y.dtype)
        if key in self._trusted:
            self.played += 1
            return self._trusted[key].play(x, y)
        if key in self._untried:
            return self._compared(key, x, y, *passed_on)
        recording = Recording(lambda x, y: self._live(x, y, *passed_on), [x, y], most=MOST)
        self.obstacle = recording.obstacle
        known = self._trusted if recording.program in self._proven else self._untried
        known[key] = recording
        return [None if t is None else t.clone() for t in recording.outputs]

    def _compared(self, key: Hashable, x: Tensor, y: Tensor, *passed_on: Any) -> Outputs:
        """Do the pass both ways."""
        recording = self._untried.pop(key)
        before = [t.clone() for t in self._moved]
        try:
            played = [*recording.play(x, y), *(t.clone() for t in self._moved)]
        except (RuntimeError, TypeError) as error:
            self.obstacle = f"a recording of it fails: {one_line(error)}"
            played = []
        for t, was in zip(self._moved, before, strict=True):
            t.copy_(was)
        live = self._live(x, y, *passed_on)
        if self.obstacle:
            return live
        if all(map(_same, played, [*live, *self._moved])):
            self._trusted[key] = recording
            self._proven.add(recording.program)
        else:
            self.obstacle = "a recording of it did not give what the pass gives"
        return live


def _same(one: Tensor | None, other: Tensor | None) -> bool:
    """Whether two tensors are equal to the bit, but for what kind of NaN."""
    if one is None or other is None:
        return one is other
    return torch.allclose(one, other, rtol=0, atol=0, equal_nan=True)
