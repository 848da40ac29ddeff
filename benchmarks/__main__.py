"""``python -m benchmarks [suite ...]``: run the suites, print a table of ratios, write bench.json.

The options narrow the suites ``step``, ``sweep`` and ``faults``: ``python -m benchmarks step --rules Adam --suites
1000x64``, ``python -m benchmarks sweep --parts digits --rounds 3``, ``python -m benchmarks faults --parts hurt``.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable
from pathlib import Path

from benchmarks import blocks, faults, loop, startup, step, sweep, tuning, watch
from benchmarks.row import Row
from benchmarks.step_models import MODELS
from benchmarks.step_peers import PEERS
from benchmarks.step_row import StepRow
from benchmarks.step_rules import RULES

SUITES: dict[str, Callable[[Namespace], Iterable[Row | StepRow]]] = {
    "startup": lambda _: startup.rows(),
    "loop": lambda _: loop.rows(),
    "tuning": lambda _: tuning.rows(),
    "blocks": lambda _: blocks.rows(),
    "sweep": lambda asked: sweep.rows(asked.parts, asked.rounds),
    "faults": lambda asked: faults.rows(asked.parts),
    "watch": lambda asked: watch.rows(asked.rounds),
    "step": lambda asked: step.rows(asked.rules, asked.suites, asked.peers),
}


def asked() -> Namespace:
    parser = ArgumentParser(prog="python -m benchmarks", description="Measure against peers.")
    parser.add_argument("suite", nargs="*", help=f"of {', '.join(SUITES)}; all if none is named")
    parser.add_argument("--rules", nargs="+", choices=RULES, default=[], help="of the suite step")
    parser.add_argument("--suites", nargs="+", choices=MODELS, default=[], help="models of the suite step")
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=[], help="of the suite step")
    parts = [*sweep.PARTS, *faults.PARTS]
    parser.add_argument("--parts", nargs="+", choices=parts, default=[], help="of the suite sweep or faults")
    parser.add_argument("--rounds", type=int, default=sweep.ROUNDS, help="of the suites sweep and watch")
    found = parser.parse_args()
    unknown = [name for name in found.suite if name not in SUITES]
    if unknown:
        parser.error(f"no suite is called {unknown[0]!r}: choose from {', '.join(SUITES)}")
    return found


def main() -> None:
    wanted = asked()
    rows: list[Row | StepRow] = []
    for name in wanted.suite or SUITES:
        for row in SUITES[name](wanted):
            print(row, flush=True)
            rows.append(row)
    Path("bench.json").write_text(json.dumps([row.to_json() for row in rows], indent=2))
    missed = [row for row in rows if not row.met]
    print(f"{len(rows) - len(missed)} of {len(rows)} goals met; all rows in bench.json")


if __name__ == "__main__":
    main()
