"""``python -m benchmarks [suite ...]``: run the suites, print a table of ratios, write bench.json."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks import loop, startup, tuning
from benchmarks.row import Row

SUITES: dict[str, Callable[[], list[Row]]] = {"startup": startup.rows, "loop": loop.rows, "tuning": tuning.rows}


def main() -> None:
    chosen = sys.argv[1:] or list(SUITES)
    rows: list[Row] = []
    for name in chosen:
        for row in SUITES[name]():
            print(row, flush=True)
            rows.append(row)
    Path("bench.json").write_text(json.dumps([row.to_json() for row in rows], indent=2))
    missed = [row for row in rows if not row.met]
    print(f"{len(rows) - len(missed)} of {len(rows)} goals met; all rows in bench.json")


if __name__ == "__main__":
    main()
