"""Staff: workers that train their shares of the jobs side by side, and what becomes of the share of a dead one."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType

from torch import nn

from thalweg.core.config import Config
from thalweg.core.errors import WorkerError
from thalweg.core.events import EpochEnded, Event, RunEnded, RunStarted, Sink
from thalweg.core.run import Epoch, Outcome, Run
from thalweg.execute.job import Job
from thalweg.execute.parcel import REMEDY, pack, search_path
from thalweg.execute.process import Process
from thalweg.execute.team import Curve, Team
from thalweg.execute.wire import Advance, Begin, Broke, Order, Prune, Report, Rested, Told, Turn
from thalweg.train.length import complete
from thalweg.train.stopping import EarlyStopping


class Share:
    """The jobs of one worker: a team that lives in another process.

    Attributes:
        runs: The runs that have ended, by run_id.
        begun: How those began that had their turn, in order; None until they have told.
        turn: What the worker is at.
        order: What it was last told to do, or None if it has done that.
        process: The worker, once there is one.
        useful: Whether this worker has begun anything.
    """

    def __init__(self, jobs: Mapping[int, Job], carry_out: Callable[[Share, Order], None]) -> None:
        self.jobs, self._carry_out = jobs, carry_out
        self.runs: dict[str, Run] = {}
        self.begun: dict[str, RunStarted | None] = {}
        self.turn: str | None = None
        self.order: Order | None = None
        self.process: Process | None = None
        self.useful = False
        self._curves: dict[str, list[Epoch]] = {}

    @property
    def going_on(self) -> dict[int, Job]:
        """The jobs that have not ended."""
        return {i: job for i, job in self.jobs.items() if job.run_id not in self.runs}

    def advance(self, stop: int | None) -> None:
        """Train every run that goes on until it has `stop` epochs, or to its end."""
        self._carry_out(self, Advance(stop))

    def prune(self, run_ids: set[str]) -> None:
        """End those of these runs that are its own."""
        if own := run_ids & {*self.curves()}:
            self._carry_out(self, Prune(frozenset(own)))

    def curves(self) -> Mapping[str, Curve]:
        """Return the curve of every run that goes on."""
        return {run_id: self._curves.get(run_id, []) for run_id in self.begun if run_id not in self.runs}

    def note(self, event: Event) -> None:
        """Take note of what a run told; one that goes on tells of the epochs that it had, too."""
        match event:
            case RunStarted():
                self.begun[event.run_id], self._curves[event.run_id] = event, []
            case EpochEnded(epoch=epoch):
                self._curves[event.run_id].append(epoch)
            case RunEnded(run=run) if run.outcome is not Outcome.INTERRUPTED:
                self.runs[event.run_id] = run


class Staff:
    """Worker processes, each with its share of the jobs; a context manager that leaves none behind.

    Args:
        jobs: What to do, dealt out in turn.
        count: How many workers, >= 1.
        sink: Hears every event, in this process.
        folder: Where unfinished runs are written down, and looked for; None for nowhere.

    Raises:
        InputError: Something in a problem cannot be sent to another process.
    """

    def __init__(self, jobs: Sequence[Job], count: int, sink: Sink, folder: Path | None) -> None:
        self._parcel, self._sink, self._folder = pack(jobs), sink, folder
        self._heard: SimpleQueue[tuple[Share, Report | None]] = SimpleQueue()
        numbered = dict(enumerate(jobs))
        self.shares = [
            Share({i: job for i, job in numbered.items() if i % count == k}, self._carry_out) for k in range(count)
        ]

    def __enter__(self) -> Staff:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for share in self.shares:
            if share.process:
                share.process.kill()
        for share in self.shares:
            if share.process:
                share.process.end()

    def advance(self, teams: Sequence[Team], stop: int | None) -> None:
        """Bring all shares to a stop, side by side."""
        self._carry_out_all({share: Advance(stop) for share in self.shares if share in teams and share.going_on})

    def _carry_out(self, share: Share, order: Order) -> None:
        self._carry_out_all({share: order})

    def _carry_out_all(self, orders: Mapping[Share, Order]) -> None:
        try:
            for share in orders:
                self._hire(share)  # all of them first: they load torch side by side
            for share, order in orders.items():
                self._give(share, order)
            self._listen()
        except KeyboardInterrupt:
            self._interrupt()
            raise

    def _hire(self, share: Share) -> None:
        if share.process is None:
            share.useful, share.turn = False, None
            share.process = Process(lambda report: self._heard.put((share, report)))

    def _give(self, share: Share, order: Order) -> None:
        assert share.process
        if not share.process.employed:
            share.process.send(Begin(search_path(), self._parcel, [*share.going_on], self._folder))
        share.order = order
        share.process.send(order)

    def _listen(self) -> None:
        """Hear reports until every order is carried out."""
        while any(share.order for share in self.shares):
            share, report = self._heard.get()
            match report:
                case Turn(run_id):
                    share.useful, share.turn = True, run_id
                    share.begun.setdefault(run_id)
                case Told(event):
                    share.note(event)
                    self._sink(event)
                case Rested():
                    share.turn = share.order = None
                case Broke(error):
                    raise error
                case None:
                    self._go_on_without(share)

    def _go_on_without(self, share: Share) -> None:
        """End the runs that a dead worker had in its memory; those that had not begun go to another worker.

        One that died before it began anything has no successor: what killed it would kill that too.

        Raises:
            WorkerError: It began nothing.
        """
        process, order = share.process, share.order
        share.process = share.order = None
        assert process
        how = process.end()
        if not share.useful:
            raise WorkerError("A worker process died before it began a run.", got=f"it {how}", remedy=REMEDY)
        for job in share.going_on.values():
            if job.run_id in share.begun:
                self._cut_short(share, job, Outcome.FAILED, f"the process that trained it {how}")
        if share.going_on and order:
            self._hire(share)
            self._give(share, order)

    def _interrupt(self) -> None:
        """End the workers, hear what they had told, and end the runs that they were at."""
        busy = [share for share in self.shares if share.order and share.process]
        for share in busy:
            assert share.process
            share.process.kill()
        while busy:
            share, report = self._heard.get()
            match report:
                case Turn(run_id):
                    share.turn = run_id
                case Told(event):
                    share.note(event)
                    self._sink(event)
                case None if share in busy:
                    busy.remove(share)
                case _:
                    pass
        for share in self.shares:
            for job in share.going_on.values():
                if job.run_id == share.turn and share.begun.get(job.run_id):
                    self._cut_short(share, job, Outcome.INTERRUPTED, "interrupted")

    def _cut_short(self, share: Share, job: Job, outcome: Outcome, why: str) -> None:
        """End a run from here, by what it had told, as `thalweg.train.Course` would have ended it."""
        started = share.begun.get(job.run_id)
        if not started:
            started = _start(job)
            share.note(started)
            self._sink(started)
        curve, place = share.curves()[job.run_id], self._folder and self._folder / job.run_id
        last, best = curve[-1] if curve else None, _best(job, started.config, curve, outcome)
        run = Run(
            problem=started.problem,
            config=started.config,
            outcome=outcome,
            epochs=tuple(curve),
            valid=curve[best - 1].valid if last else {},
            steps=last.step if last else 0,
            seconds=last.seconds if last else 0.0,
            best_epoch=best,
            message=f"{why} after {len(curve)} of {started.total_epochs} epochs",
            checkpoint=str(place) if place and outcome is Outcome.INTERRUPTED else None,
        )
        ended = RunEnded(run_id=job.run_id, run=run)
        share.note(ended)
        self._sink(ended)
        if place and outcome is Outcome.FAILED:
            shutil.rmtree(place, ignore_errors=True)


def _start(job: Job) -> RunStarted:
    config = complete(job.problem, job.config)
    assert config.epochs
    return RunStarted(run_id=job.run_id, problem=job.problem.name, config=config, total_epochs=config.epochs)


def _best(job: Job, config: Config, curve: Curve, outcome: Outcome) -> int:
    """The epoch whose weights the model would hold at the end."""
    stopping = EarlyStopping(job.problem.objective_metric, config.patience, keep_best=False)
    if config.keeps_best and not outcome.broken:
        for epoch in curve:
            stopping.see(epoch, nn.Identity())
    return stopping.best_epoch or len(curve)
