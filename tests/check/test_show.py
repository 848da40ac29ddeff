"""Show: all of a diagnosis is printed, whole, and nothing in it is taken for markup."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

from rich.console import Console

from thalweg.core.finding import Finding, Proof, Severity

PROOF = Proof(
    change="lr=0.1 in place of 10",
    measure="validation loss",
    before=2.0,
    after=0.5,
    higher_is_better=False,
    helped=True,
    steps=40,
    seeds=2,
)


def printed(diagnosis, width=80):
    out = StringIO()
    diagnosis.show(Console(file=out, width=width))
    text = out.getvalue()
    assert max(map(len, text.splitlines())) <= width
    return " ".join(text.split())


def test_all_of_it_is_printed(diagnosed):
    below = Finding(
        fault="dead_relu", severity=Severity.WARNING, where="fc2", evidence="71 % are dead", remedy="smaller steps"
    )
    given = diagnosed(("lr_too_high", Severity.ERROR), ("overfitting", Severity.NOTE))
    first = replace(given.findings[0], proof=PROOF, consequences=(below,))
    text = printed(replace(given, findings=(first, given.findings[1])))
    places = [
        text.index(part)
        for part in (
            "1 error in case",
            "error: lr_too_high, fc1",
            first.evidence,
            first.remedy,
            "lr=0.1 in place of 10: validation loss",
            "it helps",
            "dead_relu, fc2: 71 % are dead",
            "note: overfitting",
            given.passed[0].evidence,
            " ".join(reversed(given.unchecked[0].partition("? ")[::2])),
            "checked in",
        )
    ]
    assert places == sorted(places)


def test_brackets_are_no_markup_and_long_words_are_folded(diagnosed):
    given = diagnosed(("lr_too_high", Severity.ERROR))
    told = "[bold]layers[0][/bold] " + "x" * 100
    text = printed(replace(given, findings=(replace(given.findings[0], evidence=told, where="layers[0]"),)), 60)
    assert "[bold]layers[0][/bold]" in text
    assert text.count("x") >= 100
    assert "lr_too_high, layers[0]" in text


def test_without_a_console_it_goes_to_standard_output(diagnosed, capsys):
    diagnosed().show()
    assert capsys.readouterr().out.startswith("No fault found in case")
