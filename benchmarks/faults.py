"""The fault corpus: what `thalweg.check` finds on the half its thresholds were tuned on, and on the other.

``python -m benchmarks faults --parts tuning`` takes one half alone; ``twins`` examines the repaired twins, which
should find nothing; ``hurt`` trains every faulty set-up beside its twin, and every healthy one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from tests.faults.case import HALVES, Case, Half, Healthy
from tests.faults.corpus import corpus, faults, lookalikes
from tests.faults.hurt import harm, health
from tests.faults.measure import NOTHING, Outcome, Scores, confusion, examined, scores

import thalweg as tw
from benchmarks.row import Row


@dataclass(frozen=True)
class Goal:
    """A figure of the scores, and its bound."""

    words: str
    figure: Callable[[Scores], float]
    unit: str
    bound: float
    at_least: bool = True


GOALS = (
    Goal("fault among the first three", lambda s: s.recall_3, "", 0.85),
    Goal("fault first", lambda s: s.recall_1, "", 0.65),
    Goal("precision", lambda s: s.precision, "", 0.75),
    Goal("false alarms a healthy set-up", lambda s: s.false_alarms, "", 0.15, at_least=False),
    Goal("remedies that help", lambda s: s.helped, "", 0.70),
    Goal("mean time of a check", lambda s: s.seconds, "s", 30, at_least=False),
)


def rows(parts: Sequence[str] = ()) -> Iterator[Row]:
    """Yield the rows of these parts; of both halves, if none is named."""
    for part in parts or HALVES:
        yield from PARTS[part]()


def _half(half: Half) -> list[Row]:
    outcomes = _told(examined(tw.check, [case for case in corpus() if case.half == half]))
    print("\n".join(_table(confusion(outcomes))))
    found = scores(outcomes)
    print(f"{half}: {found.faulty} faulty and {found.healthy} healthy set-ups, the slowest {found.slowest:.0f} s")
    return [_row(half, goal, found) for goal in GOALS]


def _twins() -> list[Row]:
    found = scores(_told(examined(tw.check, corpus(), twins=True)))
    return [_row("twins", goal, found) for goal in GOALS if goal.words.startswith("false")]


def _hurt() -> list[Row]:
    harmed = well = 0
    for case in faults():
        found = harm(case)
        harmed += found.beyond_noise
        line = " ".join(f"{score:.4g}" for score in (*found.faulty, *found.repaired))
        print(
            f"{case.name:<44}{case.fault:<22}{'hurts' if found.beyond_noise else 'NO HARM':<9}{line}", flush=True
        )
    for healthy in lookalikes():
        trained = health(healthy)
        well += trained.fine
        line = f"{trained.score:.4g} (to reach {trained.reaches:g})"
        print(f"{healthy.name:<44}{'like ' + healthy.look_alike_of:<27}{line}", flush=True)
    return [
        Row(suite="faults that hurt", ours=harmed / len(faults()), unit="", goal=1, at_least=True),
        Row(suite="healthy that train", ours=well / len(lookalikes()), unit="", goal=1, at_least=True),
    ]


PARTS: dict[str, Callable[[], Iterable[Row]]] = {
    "tuning": lambda: _half("tuning"),
    "held out": lambda: _half("held out"),
    "twins": _twins,
    "hurt": _hurt,
}


def _told(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """Print a line a case as it comes."""
    kept: list[Outcome] = []
    for outcome in outcomes:
        kept.append(outcome)
        named = ", ".join(finding.fault for finding in outcome.findings) or NOTHING
        mark = "" if outcome.found(3) or not (outcome.accepted or outcome.findings) else "  <--"
        print(f"{_name(outcome.case):<64}{outcome.seconds:6.1f} s  {outcome.error or named}{mark}", flush=True)
    return kept


def _name(case: Case) -> str:
    kind = f"like {case.look_alike_of}" if isinstance(case, Healthy) else getattr(case, "fault", "")
    return f"{case.name} ({kind})"


def _row(part: str, goal: Goal, found: Scores) -> Row:
    return Row(
        suite=f"faults, {part}: {goal.words}",
        ours=goal.figure(found),
        unit=goal.unit,
        goal=goal.bound,
        at_least=goal.at_least,
    )


def _table(table: dict[str, dict[str, int]]) -> list[str]:
    """The confusion between classes: a line for each, what was found first and how often, the right one first."""
    lines = [f"{'fault':<26}{'found':>5}  and in its place"]
    for fault, first in sorted(table.items()):
        others = ", ".join(f"{name} {n}" for name, n in sorted(first.items()) if name != fault)
        lines.append(f"{fault:<26}{first.get(fault, 0):>2}/{sum(first.values()):<2}  {others}")
    return lines
