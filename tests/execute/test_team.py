"""At a stop the gate hears of all runs what it would have heard had none of them been known beforehand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set

from thalweg.core.config import Config
from thalweg.core.run import Epoch, Outcome, Run
from thalweg.execute.team import drive


def curve(length: int) -> tuple[Epoch, ...]:
    return tuple(Epoch(number=n + 1, step=n + 1, seconds=0, lr=0.1, train_loss=1, valid={}) for n in range(length))


def ended(outcome: Outcome, length: int) -> Run:
    return Run(problem="p", config=Config(), outcome=outcome, epochs=curve(length), valid={})


class Waiting:
    """A team with one run that goes on, and one that broke down."""

    def __init__(self) -> None:
        self.runs, self.stop = {"here": ended(Outcome.FAILED, 0)}, 0

    def advance(self, stop: int | None) -> None:
        self.stop = stop or 3

    def curves(self) -> Mapping[str, Sequence[Epoch]]:
        return {"on": curve(self.stop)}

    def prune(self, run_ids: set[str]) -> None:
        assert not run_ids


class Listening:
    """A gate that lets everybody pass."""

    stops = (1, 2)

    def __init__(self) -> None:
        self.heard: list[tuple[int, set[str], Set[str]]] = []

    def losers(self, stop: int, curves: Mapping[str, Sequence[Epoch]], broken: Set[str]) -> set[str]:
        self.heard.append((stop, {*curves}, broken))
        return set()


def test_a_run_is_broken_from_the_stop_on_that_it_did_not_come_to() -> None:
    known = {"late": ended(Outcome.DIVERGED, 2), "early": ended(Outcome.STOPPED_EARLY, 1)}
    gate = Listening()
    runs = drive([Waiting()], ["on", "here", "late", "early"], gate, known)
    assert gate.heard == [(1, {"on", "late"}, {"here"}), (2, {"on"}, {"here", "late"})]
    assert [run.outcome for run in runs] == [Outcome.FAILED, Outcome.DIVERGED, Outcome.STOPPED_EARLY]
