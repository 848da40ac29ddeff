"""Team: jobs that are trained in one place, and how teams are driven through the stops of a gate."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Protocol

from thalweg.core.run import Epoch, Outcome, Run
from thalweg.execute.gate import Gate

Curve = Sequence[Epoch]


class Team(Protocol):
    """Jobs that are trained in one place.

    Attributes:
        runs: The runs that have ended, by run_id.
    """

    runs: dict[str, Run]

    def advance(self, stop: int | None) -> None:
        """Train every run that goes on until it has `stop` epochs, or to its end.

        Raises:
            KeyboardInterrupt: The user asked for an end; what ended before is in `runs`.
        """
        ...

    def curves(self) -> Mapping[str, Curve]:
        """Return the curve of every run that goes on."""
        ...

    def prune(self, run_ids: set[str]) -> None:
        """End those of these runs that are its own."""
        ...


def one_by_one(teams: Sequence[Team], stop: int | None) -> None:
    """Advance teams in order, in this process."""
    for team in teams:
        team.advance(stop)


def drive(
    teams: Sequence[Team],
    order: Sequence[str],
    gate: Gate | None,
    known: Mapping[str, Run],
    *,
    advance: Callable[[Sequence[Team], int | None], None] = one_by_one,
) -> list[Run]:
    """Advance teams from stop to stop and to the end.

    Args:
        teams: Who trains.
        order: All run_ids, in the order of the jobs.
        gate: The stops, and who goes on there.
        known: Runs that had ended before, in no team; they have a say at the stops that they came to.
        advance: Brings every team to a stop.

    Returns:
        The runs that have ended, known ones among them, in order.
    """
    with suppress(KeyboardInterrupt):
        for stop in gate.stops if gate else ():
            advance(teams, stop)
            _choose(teams, order, gate, stop, known)
        advance(teams, None)
    runs = {**known, **dict(_ended(teams))}
    return [runs[run_id] for run_id in order if run_id in runs]


def _choose(
    teams: Sequence[Team], order: Sequence[str], gate: Gate | None, stop: int, known: Mapping[str, Run]
) -> None:
    assert gate
    curves = {run_id: curve for team in teams for run_id, curve in team.curves().items() if len(curve) == stop}
    curves |= {run_id: run.epochs[:stop] for run_id, run in known.items() if _went_on(run, stop)}
    if curves:
        ended = [*(run for run in known.items() if not _went_on(run[1], stop)), *_ended(teams)]
        broken = {run_id for run_id, run in ended if run.outcome.broken}
        losers = gate.losers(stop, {run_id: curves[run_id] for run_id in order if run_id in curves}, broken)
        for team in teams:
            team.prune(losers)


def _ended(teams: Sequence[Team]) -> list[tuple[str, Run]]:
    return [ended for team in teams for ended in team.runs.items()]


def _went_on(run: Run, stop: int) -> bool:
    """Whether a run that has ended was still training when it had come to a stop."""
    return len(run.epochs) > stop or (len(run.epochs) == stop and run.outcome is Outcome.PRUNED)
