"""Team: the threads that share a large model's chunks: torch's own, warm from the backward pass, if it has any.

torch's CPU build comes with GNU OpenMP, whose ``GOMP_parallel`` runs a function on a team of threads. After a fork
that team has stayed with the parent, and elsewhere than on Linux torch has another library: then it is `pool`.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import torch

from thalweg.engine.pool import pool

SHARE = 1 << 17
"""Elements that make one more thread worth its waking; twice as many where threads sleep in a pool."""

_is_child = False
"""Whether this process was forked from one whose team had begun."""


@dataclass(frozen=True)
class Kernel:
    """Machine code.

    Attributes:
        share: Takes chunks until there are none; any number of threads may be in it. It lets go of the interpreter
            lock.
        whole: Address of the same with one argument, where the arguments lie.
        engine: What owns the code; it must live as long.
    """

    share: Callable[..., None]
    whole: int
    engine: object

    def run(self, given: tuple[int, ...], threads: int) -> None:
        """Call it on so many threads, and wait for all."""
        if threads <= 1:
            self.share(*given)
        elif parallel := _parallel():
            parallel(self.whole, (ctypes.c_int64 * len(given))(*given), threads, 0)
        else:
            pool.run(lambda: self.share(*given), threads)


def threads_for(elements: int) -> int:
    """Return how many threads pay for so many elements, of those that torch has."""
    return min(torch.get_num_threads(), elements // (SHARE if _parallel() else 2 * SHARE))


def _parallel() -> Callable[..., None] | None:
    """Return OpenMP's way into its team, if this process has one."""
    return None if _is_child else _openmp()


@cache
def _openmp() -> Callable[..., None] | None:
    """Return the same of the library that torch has loaded."""
    library = Path(torch.__file__).parent / "lib" / "libtorch_global_deps.so"
    try:
        found: Any = ctypes.CDLL(str(library)).GOMP_parallel
    except (OSError, AttributeError):
        return None
    found.argtypes, found.restype = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint, ctypes.c_uint], None
    return found


def _forget() -> None:
    global _is_child
    _is_child = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
