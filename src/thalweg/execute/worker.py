"""Worker: the other end of the wire, a process of its own that trains its share of the jobs on one thread.

It reads orders from its standard input and writes reports to its standard output. The user's code finds nothing to
read there, and what it prints goes to the standard error. When nobody is left to give orders it is gone at once.
"""

from __future__ import annotations

import os
import pickle
import sys
import traceback
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import BinaryIO

import torch

from thalweg.core.errors import ThalwegError, one_line
from thalweg.core.events import Event
from thalweg.execute.parcel import unpack
from thalweg.execute.sequential import Alone
from thalweg.execute.wire import Advance, Begin, Broke, Order, Prune, Report, Rested, Told, Turn


def main() -> None:
    """Serve the process that started this one."""
    heard, wire = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    orders: SimpleQueue[Order] = SimpleQueue()
    Thread(target=_listen, args=(heard, orders), daemon=True).start()

    def report(message: Report) -> None:
        try:
            pickle.dump(message, wire)
            wire.flush()
        except BrokenPipeError:
            os._exit(0)

    try:
        serve(orders.get, report)
    except (Exception, KeyboardInterrupt) as error:
        report(Broke(_portable(error)))


def _listen(wire: BinaryIO, orders: SimpleQueue[Order]) -> None:
    try:
        while True:
            orders.put(pickle.load(wire))
    finally:
        os._exit(0)  # the wire is cut: whatever is being trained, nobody wants it any more


def serve(take: Callable[[], Order], report: Callable[[Report], None]) -> None:
    """Carry out one order after the other.

    Args:
        take: Waits for the next order; the first is a `Begin`.
        report: Sends a report.
    """
    begin = take()
    assert isinstance(begin, Begin)
    sys.path[:] = begin.path
    torch.set_num_threads(1)
    jobs = unpack(begin.parcel)

    def sink(event: Event) -> None:
        report(Told(event))

    going_on = {jobs[i].run_id: Alone(jobs[i], sink, begin.folder) for i in begin.own}
    del jobs, begin
    while True:
        _carry_out(take(), going_on, report)
        for run_id in [run_id for run_id, alone in going_on.items() if alone.runs]:
            del going_on[run_id]
        report(Rested())


def _carry_out(order: Order, going_on: dict[str, Alone], report: Callable[[Report], None]) -> None:
    match order:
        case Advance(stop):
            for run_id, alone in going_on.items():
                report(Turn(run_id))
                alone.advance(stop)
        case Prune(run_ids):
            for alone in going_on.values():
                alone.prune(set(run_ids))
        case Begin():
            raise AssertionError("a worker begins once")


def _portable(error: BaseException) -> BaseException:
    """Return an error that can be sent, with where it was raised."""
    try:
        error.add_note(f"In a worker process:\n{traceback.format_exc()}")
        return pickle.loads(pickle.dumps(error))
    except Exception:
        return ThalwegError(one_line(error))


if __name__ == "__main__":
    main()
