"""Page: the door of the package. A result goes in, one self-contained HTML file comes out."""

from __future__ import annotations

import math
import os
from importlib.metadata import version
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from plotly.offline import get_plotlyjs

from thalweg.check import words as of_checks
from thalweg.check.diagnosis import Diagnosis
from thalweg.check.suite import all_looks
from thalweg.compare import overview
from thalweg.compare import words as of_comparisons
from thalweg.compare.comparisons import Comparisons
from thalweg.compare.result import Comparison
from thalweg.core import wording
from thalweg.core.config import Config
from thalweg.core.errors import InputTypeError
from thalweg.core.finding import Severity
from thalweg.core.plain import strict
from thalweg.core.run import Run
from thalweg.report import figures, profiles, sensitivity
from thalweg.report.cards import cards, of_trace
from thalweg.report.cloud import is_scored, leader
from thalweg.report.pictures import figure
from thalweg.report.place import save
from thalweg.report.seats import seats
from thalweg.report.whiskers import whiskers
from thalweg.sweep import words as of_sweeps
from thalweg.sweep.range_test import RangeTest
from thalweg.sweep.result import SweepResult
from thalweg.watch import words as of_watches
from thalweg.watch.pictures import pictures
from thalweg.watch.watched import Watched

Result = Comparison | Comparisons | Diagnosis | Run | SweepResult | RangeTest | Watched
"""What has a page."""


def write(result: Result, path: str | os.PathLike[str]) -> Path:
    """Write `result` as one HTML file that needs no network, and return where it is.

    The file is complete or not there at all: it is written beside its place and then moved.

    Args:
        result: What `thalweg.check`, `thalweg.compare`, `thalweg.sweep`, `thalweg.range_test` or `thalweg.fit`
            returned, or what the monitor of `thalweg.watch` reports.
        path: The file to write; one that exists is replaced.

    Returns:
        The absolute path.

    Raises:
        InputTypeError: `result` is nothing that has a page.
        OutputError: The folder is missing or cannot be written.
    """
    place = Path(path).absolute()
    return save(html(result), place)


def html(result: Result) -> str:
    """Return the page of `result` as text; `write` says what it raises."""
    if isinstance(result, Comparison):
        return _render("comparison.html", _of_comparison(result))
    if isinstance(result, Comparisons):
        return _render("comparisons.html", _of_comparisons(result))
    if isinstance(result, Run):
        return _render("run.html", _of_run(result))
    if isinstance(result, SweepResult):
        return _render("sweep.html", _of_sweep(result))
    if isinstance(result, RangeTest):
        return _render("range_test.html", _of_range_test(result))
    if isinstance(result, Diagnosis):
        return _render("diagnosis.html", _of_diagnosis(result))
    if isinstance(result, Watched):
        return _render("watched.html", _of_watched(result))
    raise InputTypeError(
        "There is no page for this kind of result.",
        got=type(result).__name__,
        expected="a Diagnosis, a Watched, a Comparison, Comparisons, a SweepResult, a RangeTest or a Run",
        remedy="pass what thalweg.check, compare, sweep, range_test or fit returned, or monitor.report()",
    )


def _of_comparison(comparison: Comparison) -> dict[str, Any]:
    return {
        "comparison": comparison,
        "words": of_comparisons,
        "score": sensitivity.score,
        "title": comparison.problem,
        "seats": seats(figures.names(comparison)),
        "tuned": list(sensitivity.by_optimizer(comparison.trials)),
        "best": [dict(standing.config) for standing in comparison.ranking],
        "figures": {figure.id: figure for figure in figures.of_comparison(comparison)},
        "whiskers": whiskers(comparison),
        "versions": comparison.environment.thalweg,
    }


def _of_comparisons(result: Comparisons) -> dict[str, Any]:
    looks = seats(name for comparison in result.comparisons for name in figures.names(comparison))
    return {
        "result": result,
        "overview": overview,
        "infinity": math.inf,
        "timed": {profile.optimizer: profile for profile in result.by("seconds")},
        "words": of_comparisons,
        "title": ", ".join(result.problems),
        "seats": looks,
        "figures": {figure.id: figure for figure in profiles.of_comparisons(result, looks)},
        "whiskers_of": {comparison.problem: whiskers(comparison) for comparison in result.comparisons},
        "versions": version("thalweg"),
    }


def _of_run(run: Run) -> dict[str, Any]:
    metric = next((name for name in run.valid if name != "loss"), "loss")
    return {
        "run": run,
        "words": of_comparisons,
        "metric": metric,
        "title": run.problem,
        "figures": {figure.id: figure for figure in figures.of_run(run, metric)},
        "versions": version("thalweg"),
    }


def _of_sweep(result: SweepResult) -> dict[str, Any]:
    drawn = {figure.id: figure for figure in figures.of_sweep(result)}
    return {
        "result": result,
        "words": of_sweeps,
        "wording": wording,
        "title": result.problem,
        "seats": seats(result.space.optimizers),
        "best": leader(result),
        "is_scored": is_scored,
        "python": _python,
        "figures": drawn,
        "slices": [figure for figure in drawn.values() if figure.id.startswith("slice-")],
        "versions": result.environment.thalweg,
    }


def _of_range_test(test: RangeTest) -> dict[str, Any]:
    return {
        "test": test,
        "words": of_sweeps,
        "wording": wording,
        "title": test.problem,
        "figures": {figure.id: figure for figure in figures.of_range_test(test)},
        "versions": version("thalweg"),
    }


def _of_diagnosis(diagnosis: Diagnosis) -> dict[str, Any]:
    made = cards(diagnosis.findings, diagnosis.trace)
    return {
        "diagnosis": diagnosis,
        "words": of_checks,
        "wording": wording,
        "title": diagnosis.problem,
        "questions": {look.name: look.question for look in all_looks()},
        "serious": [card for card in made if card.finding.severity is not Severity.NOTE],
        "notes": [card for card in made if card.finding.severity is Severity.NOTE],
        "figures": of_trace(diagnosis, made),
        "versions": diagnosis.environment.thalweg,
    }


def _of_watched(watched: Watched) -> dict[str, Any]:
    return {
        "watched": watched,
        "words": of_watches,
        "proofs": of_checks,
        "title": watched.name,
        "cards": cards(watched.findings),
        "figures": [figure(one, f"quantity-{k}") for k, one in enumerate(pictures(watched), start=1)],
        "versions": watched.environment.thalweg,
    }


def _render(template: str, context: dict[str, Any]) -> str:
    environment = Environment(
        loader=PackageLoader("thalweg.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["strict"] = strict
    environment.filters["unbroken"] = lambda text: text.replace(" %", "\u00a0%").replace("t-test", "t\u2011test")
    environment.filters["coded"] = _coded
    plotly = Markup(get_plotlyjs())
    return environment.get_template(template).render(**context, plotly=plotly)


def _python(config: Config) -> str:
    """What makes a setting again after ``import thalweg as tw``."""
    return f"tw.{config!r}"


def _coded(text: str) -> Markup:
    """What stands between backticks as code; all else as text."""
    parts = [f"<code>{escape(part)}</code>" if i % 2 else escape(part) for i, part in enumerate(text.split("`"))]
    return Markup("".join(parts))
