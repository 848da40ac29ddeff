"""`thalweg faults` lists the vocabulary and shows each page whole, on 80 columns."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest

from thalweg.check.faults import families, faults

Thalweg = Callable[..., subprocess.CompletedProcess[str]]


def flat(text: str) -> str:
    return " ".join(text.split())


def test_every_fault_is_listed_under_its_family(thalweg: Thalweg) -> None:
    said = thalweg("faults")
    assert said.returncode == 0
    order = [place for heading, family in families.items() for place in (heading, *(f.name for f in family))]
    places = [said.stdout.index(f"{word} ") for word in order]
    assert places == sorted(places)
    assert [name for name in faults if faults[name].title not in said.stdout] == []
    assert max(map(len, said.stdout.splitlines())) <= 80


@pytest.mark.parametrize("name", faults)
def test_one_is_shown_whole(name: str, thalweg: Thalweg) -> None:
    said, fault = thalweg("faults", name), faults[name]
    assert said.returncode == 0
    assert max(map(len, said.stdout.splitlines())) <= 80
    for text in (fault.title, fault.what, fault.found, fault.threshold, fault.basis, fault.remedy, *fault.sources):
        assert text in flat(said.stdout)
    squeezed = "".join(said.stdout.split())
    for mark, code in fault.example.lines:
        assert "".join(f"{mark}{code}".split()) in squeezed
    assert "".join(fault.example.sign.split()) in squeezed


def test_a_misspelt_name_is_set_right(thalweg: Thalweg) -> None:
    said = thalweg("faults", "zero_gard")
    assert said.returncode == 1
    assert "zero_grad" in said.stderr


def test_names_are_completed_without_torch(process: Thalweg) -> None:
    said = process(_THALWEG_COMPLETE="complete_bash", COMP_WORDS="thalweg faults lr_", COMP_CWORD="2")
    assert said.stdout.split() == ["lr_too_high", "lr_too_low"]
