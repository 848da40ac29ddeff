from __future__ import annotations

import inspect
import pydoc
import subprocess
import sys

import pytest

import thalweg as tw
from thalweg.core.errors import InputError

VERBS = {"compare": "thalweg.compare.several", "report": "thalweg.report.page"}

FRESH = """
import sys
import thalweg
print(*sorted({"torch", "numpy", "rich", "scipy", "sklearn"} & set(sys.modules)))
import thalweg.compare.result
print(*sorted({"torch", "numpy", "scipy", "sklearn"} & set(sys.modules)))
print(thalweg.compare is sys.modules["thalweg.compare"], callable(thalweg.compare))
print(thalweg.Comparison is thalweg.compare.result.Comparison)
"""


def test_importing_thalweg_loads_nothing_heavy_and_a_verb_stays_a_package() -> None:
    command = [sys.executable, "-W", "error", "-c", FRESH]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert printed == ["", "", "True True", "True"]


@pytest.mark.parametrize("name", list(VERBS))
def test_a_verb_is_called_like_the_function_it_is_named_after(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    verb = getattr(tw, name)
    module, _, function = verb.__verb__.partition(":")
    assert module == VERBS[name]
    monkeypatch.setattr(f"{module}.{function}", lambda *given, **named: (given, named))
    assert verb(1, 2, key=3) == ((1, 2), {"key": 3})


def test_a_verb_shows_the_signature_of_its_function() -> None:
    assert list(inspect.signature(tw.compare).parameters)[:2] == ["problem", "optimizers"]


@pytest.mark.parametrize("name", ["check", "compare", "sweep", "report"])
def test_help_shows_the_function_first_and_then_the_package(name: str) -> None:
    verb = getattr(tw, name)
    module, _, function = verb.__verb__.partition(":")
    told, package = inspect.getdoc(verb) or "", vars(verb)["__doc__"]
    first, after, *_ = told.splitlines()
    assert first == f"{name}{inspect.signature(verb)}"
    assert after == ""
    assert told.endswith(package.rstrip())
    assert "\nArgs:\n" in told
    assert f"help({module}.{function})" in told
    assert ">>>" not in told.removesuffix(package.rstrip())
    assert first in pydoc.plain(pydoc.render_doc(verb))


def test_a_call_reaches_the_function() -> None:
    problem = tw.load("digits/logistic")
    with pytest.raises(InputError, match="each once"):
        tw.compare(problem, [])


def test_every_public_name_can_be_had_and_no_other() -> None:
    assert len(tw.__all__) <= 40
    assert tw.__all__ == sorted(tw.__all__)
    assert all(getattr(tw, name) is not None for name in tw.__all__)
    with pytest.raises(AttributeError, match="no attribute 'compere'"):
        tw.compere  # type: ignore[attr-defined]  # noqa: B018
