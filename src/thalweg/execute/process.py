"""Process: one worker as its employer sees it, a handle with a wire."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from threading import Thread

from thalweg.execute.parcel import search_path
from thalweg.execute.wire import Order, Report

_COMMAND = [sys.executable, "-P", "-m", "thalweg.execute.worker"]


class Process:
    """A worker process, in a process group of its own: Ctrl-C reaches it through its employer only.

    Args:
        hear: Is called with every report, in a thread; at last with ``None``, when there will be no more.

    Attributes:
        employed: Whether it was given an order.
    """

    def __init__(self, hear: Callable[[Report | None], None]) -> None:
        paths = os.pathsep.join(path or "." for path in search_path())
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": paths}
        self._process = subprocess.Popen(
            _COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, process_group=0
        )
        self.employed = False
        self._listener = Thread(target=self._listen, args=(hear,), daemon=True)
        self._listener.start()

    def send(self, order: Order) -> None:
        """Give an order; one that is dead hears nothing, which its listener will notice."""
        assert self._process.stdin
        self.employed = True
        with suppress(BrokenPipeError):
            pickle.dump(order, self._process.stdin)
            self._process.stdin.flush()

    def kill(self) -> None:
        """End it at once; its listener ends with it."""
        self._process.kill()

    def end(self) -> str:
        """End it, if it has not ended, and return how it did."""
        self._process.kill()
        code = self._process.wait()
        self._listener.join()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe
            with suppress(BrokenPipeError):
                pipe.close()
        return _manner(code)

    def _listen(self, hear: Callable[[Report | None], None]) -> None:
        assert self._process.stdout
        try:
            with suppress(EOFError, pickle.UnpicklingError, OSError):
                while True:
                    hear(pickle.load(self._process.stdout))
        finally:
            hear(None)


def _manner(code: int) -> str:
    """Say how a process ended.

    Example:
        >>> _manner(-9)
        'was ended by SIGKILL, as by a machine that runs out of memory'
        >>> _manner(3)
        'ended by itself, with exit code 3'
    """
    if code >= 0:
        return f"ended by itself, with exit code {code}"
    name = signal.Signals(-code).name
    return f"was ended by {name}" + (", as by a machine that runs out of memory" if name == "SIGKILL" else "")
