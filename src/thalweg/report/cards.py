"""Cards: the findings of a diagnosis, each with its picture, its proof and the page of its fault."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from thalweg.check import pictures
from thalweg.check.diagnosis import Diagnosis
from thalweg.check.faults import Fault, faults
from thalweg.check.trace import Trace
from thalweg.core.finding import Finding, Proof
from thalweg.core.picture import Picture
from thalweg.report.figures import Figure
from thalweg.report.pictures import figure

TRIED = "Loss without and with the remedy"

OTHER_LOSS = ("wrong_loss", "loss_sign", "target_scaling", "target_range")
"""Faults whose remedy changes what the loss means: curves with and without it cannot be compared."""

OTHER_UPDATES = ("batch_too_large", "batchnorm_small_batch")
"""Faults whose remedy changes what an update is."""

FITTING: dict[str, Callable[[Trace, float | None], Picture]] = {
    "dead_relu": pictures.dead_units,
    "saturation": pictures.saturated_outputs,
    "vanishing_gradient": lambda trace, _: pictures.gradients(trace),
    "exploding_gradient": lambda trace, _: pictures.gradients(trace),
    "weight_init": lambda trace, _: pictures.spreads(trace),
}
"""What a trace shows of a fault, beside the finding's threshold; the finding's own pictures go first."""


@dataclass(frozen=True, kw_only=True)
class Card:
    """A finding on a page.

    Attributes:
        finding: The finding.
        title: Its fault in words.
        about: The page of its fault; ``None`` if a card above has it, or the vocabulary does not.
        figures: Its pictures.
        consequences: The cards that are folded under it.
    """

    finding: Finding
    title: str
    about: Fault | None
    figures: tuple[Figure, ...]
    consequences: tuple[Card, ...]

    @property
    def folded(self) -> list[str]:
        """What is folded under it, each fault once with all its places."""
        places: dict[str, list[str]] = {}
        for one in self.consequences:
            title = "the same by other evidence" if one.finding.fault == self.finding.fault else one.title
            places.setdefault(title, []).append(one.finding.where)
        return [f"{title} ({', '.join(dict.fromkeys(where))})" for title, where in places.items()]


def cards(findings: Iterable[Finding], trace: Trace | None = None) -> list[Card]:
    """Return a card for every finding, in their order.

    Args:
        findings: The findings.
        trace: The updates that they were found in, which some faults are drawn from.
    """
    drawn = set[str]()
    return [_card(one, trace, f"finding-{k}", drawn) for k, one in enumerate(findings, start=1)]


def of_trace(diagnosis: Diagnosis, made: Iterable[Card]) -> list[Figure]:
    """Return what happened in the first updates, without what stands in one of these cards."""
    if diagnosis.trace is None:
        return []
    shown = set(_headings(made))
    drawn = [
        pictures.losses,
        pictures.gradients,
        pictures.spreads,
        pictures.dead_units,
        pictures.saturated_outputs,
    ]
    found = [draw(diagnosis.trace) for draw in drawn]
    kept = [picture for picture in found if _shows(picture) and picture.title not in shown]
    return [figure(picture, f"trace-{k}") for k, picture in enumerate(kept, start=1)]


def _card(finding: Finding, trace: Trace | None, name: str, told: set[str]) -> Card:
    """Return the card of a finding; `told` are the faults and pictures that the page has already."""
    shown = [picture for picture in _pictures(finding, trace, told) if _shows(picture)]
    fault = faults[finding.fault] if finding.fault in faults else None  # noqa: SIM401 (a Registry has no get)
    about = None if finding.fault in told else fault
    told.add(finding.fault)
    below = enumerate(finding.consequences, start=1)
    return Card(
        finding=finding,
        title=fault.title if fault else finding.fault,
        about=about,
        figures=tuple(figure(picture, f"{name}-picture-{k}") for k, picture in enumerate(shown, start=1)),
        consequences=tuple(_card(one, trace, f"{name}-{k}", told) for k, one in below),
    )


def _pictures(finding: Finding, trace: Trace | None, told: set[str]) -> Iterator[Picture]:
    if finding.proof and finding.fault not in OTHER_LOSS:
        yield _tried(finding.proof, each="part of the run" if finding.fault in OTHER_UPDATES else "update")
    yield from finding.pictures
    draw = FITTING.get(finding.fault)
    if trace and draw:
        picture = draw(trace, finding.numbers.get("threshold"))
        if picture.title not in told:
            told.add(picture.title)
            yield picture


def _tried(proof: Proof, each: str) -> Picture:
    """Return the loss in the course of the runs without the remedy and with it."""
    whole = proof.steps if each == "update" else 1
    lines = {name: _spread(curve, whole) for name, curve in proof.curves.items()}
    lost = [f"{name.capitalize()} it no run came to its end." for name, line in lines.items() if not line]
    caption = " ".join(["Mean over the seeds.", *lost])
    return pictures.curves(TRIED, lines, x=each, y="training loss", caption=caption)


def _spread(curve: Sequence[float], whole: float) -> list[tuple[float, float]]:
    return [(whole * (k + 0.5) / len(curve), value) for k, value in enumerate(curve)]


def _shows(picture: Picture) -> bool:
    return any(series.y for series in picture.series)


def _headings(made: Iterable[Card]) -> Iterator[str]:
    for card in made:
        yield from (one.heading for one in card.figures)
        yield from _headings(card.consequences)
