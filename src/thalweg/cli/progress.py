"""Progress: a bar on standard error with the time left, and what the user should know, fed by events."""

from __future__ import annotations

from types import TracebackType

from thalweg.core.events import EpochEnded, Event, Notice, RunEnded, RunStarted, single


class ProgressBar:
    """A sink that draws; a context manager.

    Args:
        runs: How many runs there will be.
        shown: Whether the bar is drawn, on a terminal only; notices are printed in any case, each once.
    """

    def __init__(self, runs: int, *, shown: bool = True) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

        self.runs, self.ended = runs, 0
        self.left: dict[str, int] = {}
        self.lengths: dict[str, int] = {}
        self.passed = 0
        self.noticed = set[str]()
        console = Console(stderr=True)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            TextColumn("{task.fields[runs]}"),
            TimeElapsedColumn(),
            TextColumn("left:"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not (shown and console.is_terminal),
        )
        self._task = self._bar.add_task("getting ready", total=None, runs="")

    def __enter__(self) -> ProgressBar:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def __call__(self, event: Event) -> None:
        """Move the bar: one unit an epoch, and what a run leaves undone at once."""
        for one in single(event):
            self._move(one)

    def _move(self, event: Event) -> None:
        match event:
            case RunStarted(total_epochs=total, resumed_at=done):
                if event.run_id in self.left:  # it begins anew: what it had done is lost
                    self._bar.advance(self._task, self.left[event.run_id] - self.lengths[event.run_id])
                self.left[event.run_id], self.lengths[event.run_id] = total - done, total
                if self._bar.tasks[0].total is None:
                    self._bar.update(self._task, completed=done)
                # The runs to come are taken to be as long as this one: another problem may have other epochs.
                self._bar.update(self._task, total=self.passed + (self.runs - self.ended) * total)
                count = f"run {self.ended + 1} of {self.runs}" if self.runs > 1 else ""
                self._bar.update(self._task, description=f"{event.run_id:<24}", runs=count)
            case EpochEnded(epoch=epoch):
                self.left[event.run_id] -= 1
                self._bar.advance(self._task)
                if self.runs == 1:
                    measured = ", ".join(f"{name} {value:.4g}" for name, value in epoch.valid.items())
                    said = f"epoch {epoch.number}: train loss {epoch.train_loss:.4g}, valid {measured}"
                    self._bar.update(self._task, description=said)
            case Notice(text=text) if text not in self.noticed:
                self.noticed.add(text)
                self._bar.console.print(f"note: {text}", highlight=False, markup=False, soft_wrap=True)
            case RunEnded():
                self.ended += 1
                self.passed += self.lengths.pop(event.run_id)
                self._bar.advance(self._task, self.left.pop(event.run_id))
            case _:
                pass
