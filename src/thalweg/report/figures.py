"""Figures: what a page shows of a result, each with its heading and caption."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from thalweg.compare.result import Comparison
from thalweg.core.run import Epoch, Run
from thalweg.report import bracket, curves, ramp, response, sensitivity, slices
from thalweg.report.seats import Seat, seats
from thalweg.sweep.range_test import RangeTest
from thalweg.sweep.result import SweepResult


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One figure of a page.

    Attributes:
        id: The HTML id.
        heading: Its title, and what a screen reader says.
        caption: How to read it.
        names: The lines of the legend, with their looks.
        spec: The Plotly figure; its colours are CSS variables.
        height: In pixels; ``None`` leaves it to the style sheet.
    """

    id: str
    heading: str
    caption: str
    names: Mapping[str, Seat]
    spec: Mapping[str, Any]
    height: int | None = None


def of_comparison(comparison: Comparison) -> list[Figure]:
    """Return validation curves, training loss and sensitivity, as far as there is something to show."""
    metric = comparison.metric
    groups = sensitivity.by_optimizer(comparison.finals)
    looks = seats(names(comparison))
    valid = {name: curves.average(groups.get(name, []), lambda e: e.valid.get(metric)) for name in looks}
    loss = {name: curves.average(groups.get(name, []), _train_loss) for name in looks}
    band = _band(comparison)
    drawn = [
        Figure(
            id="validation",
            heading=f"Validation {metric}",
            caption=f"{band} {_stretch(comparison)}".strip(),
            names=looks,
            spec=curves.figure(
                valid,
                looks,
                metric=metric,
                title=f"validation {metric}",
                higher_is_better=comparison.higher_is_better,
                target=comparison.target,
            ),
        ),
        Figure(
            id="training",
            heading="Training loss",
            caption="Mean mini-batch loss of each epoch, on a log scale; lines and bands as above.",
            names=looks,
            spec=curves.figure(loss, looks, metric="loss", title="training loss"),
        ),
        Figure(
            id="sensitivity",
            heading="Score against learning rate",
            caption="Every tuning trial; the ring marks each optimizer's best. Below, the bar spans the searched "
            "interval and a cross is a trial that diverged.",
            names=looks,
            spec=sensitivity.figure(comparison, looks),
        ),
    ]
    return [figure for figure in drawn if figure.spec["data"]]


def names(comparison: Comparison) -> list[str]:
    """Return every optimizer of a comparison, the ranked ones first and in their order."""
    ranked = [standing.optimizer for standing in comparison.ranking]
    trained = [run.config.optimizer for run in (*comparison.finals, *comparison.trials)]
    return list(dict.fromkeys([*ranked, *trained]))


def of_run(run: Run, metric: str) -> list[Figure]:
    """Return the validation metric, if it is not the loss, and the losses of a single run."""
    drawn = []
    if metric != "loss":
        own = seats([run.config.optimizer])
        points = curves.average([run], lambda e: e.valid.get(metric))
        spec = curves.figure(
            {run.config.optimizer: points}, own, metric=metric, title=f"validation {metric}", higher_is_better=True
        )
        drawn.append(Figure(id="validation", heading=f"Validation {metric}", caption="", names=own, spec=spec))
    looks = seats(["training", "validation"])
    losses = {
        "training": curves.average([run], _train_loss),
        "validation": curves.average([run], lambda e: e.valid.get("loss")),
    }
    drawn.append(
        Figure(
            id="training",
            heading="Loss",
            caption="Training: mean mini-batch loss of each epoch. Validation: at the end of the epoch.",
            names=looks,
            spec=curves.figure(losses, looks, metric="loss", title="loss"),
        )
    )
    return [figure for figure in drawn if figure.spec["data"]]


def of_sweep(result: SweepResult) -> list[Figure]:
    """Return the response to the learning rate, the bracket, and a slice for every other setting."""
    looks = seats(result.space.optimizers)
    drawn = [
        Figure(
            id="response",
            heading="Score against learning rate",
            caption=_response(result),
            names=looks,
            spec=response.figure(result, looks),
        ),
        Figure(
            id="bracket",
            heading=f"Validation {result.metric} of every trial",
            caption=_bracket(result),
            names=looks,
            spec=bracket.figure(result, looks),
        ),
        *(
            Figure(
                id=f"slice-{name}",
                heading=f"Score against {name}",
                caption="",
                names=looks,
                spec=slices.figure(result, name, looks),
            )
            for name in slices.sliced(result)
        ),
    ]
    return [figure for figure in drawn if figure.spec["data"]]


def of_range_test(test: RangeTest) -> list[Figure]:
    """Return the loss against the rising learning rate."""
    looks = seats([test.optimizer])
    cut = " Shaded: the loss left all bounds, and the test was cut." if test.diverged else ""
    ring = " The ring marks the suggestion: there the line falls fastest." if test.suggestion is not None else ""
    drawn = Figure(
        id="ramp",
        heading="Loss against learning rate",
        caption=f"A point is the loss after one update at its rate, the line their running mean, the dotted line "
        f"the loss before the first.{ring}{cut}",
        names=looks,
        spec=ramp.figure(test, looks[test.optimizer]),
    )
    return [drawn] if drawn.spec["data"] else []


def _train_loss(epoch: Epoch) -> float:
    return epoch.train_loss


def _band(comparison: Comparison) -> str:
    if len(comparison.seeds) < 2:
        return "One seed for each optimizer, at its best learning rate."
    return (
        f"Each optimizer at its best learning rate: the line is the mean over {len(comparison.seeds)} seeds, "
        "the band runs from the lowest to the highest seed."
    )


def _stretch(comparison: Comparison) -> str:
    return "The scale stretches toward 100 %." if "accuracy" in comparison.metric else ""


def _response(result: SweepResult) -> str:
    said = ["A point is a trial at its end."]
    if any(not trial.is_whole and not trial.outcome.broken for trial in result.trials):
        said = ["A filled point is a trial trained to its end, a hollow one was dropped before."]
    if response.has_lines(result):
        epoch = response.common_epoch(result.trials)
        said.append(f"The line joins the scores after epoch {epoch}, which all these trials reached.")
    if result.band:
        said.append("The ring marks the best, the bar its 95 % interval over fresh seeds.")
    if result.basin and result.basin.rates > 1:
        said.append("The band of rates behind it is within the noise of the seeds.")
    if any(response.diverged_from(response.rated(result, name)) for name in result.space.optimizers):
        said.append("At the shaded rates every trial diverged.")
    return " ".join(said)


def _bracket(result: SweepResult) -> str:
    kept = any(trial.config.keeps_best for trial in result.trials)
    said = "The best so far, by which a trial is judged" if kept else "What a trial would be judged by"
    if not any(result.stops):
        return f"{said}; every trial trained to its end."
    return (
        f"{said}. At each dashed line all trials of a round waited for each other, and only the best went on: "
        "above it stands how many. Thin lines are those that were dropped; the ring marks the best."
    )
