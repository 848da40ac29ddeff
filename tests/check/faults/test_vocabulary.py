"""The vocabulary is whole: its words are those of the looks, thresholds their constants, pages complete."""

from __future__ import annotations

import ast
import re
from importlib import import_module
from pathlib import Path
from string import Formatter

import pytest

import thalweg.check
from thalweg.check.faults import families, faults
from thalweg.check.look import looks
from thalweg.core.errors import UnknownNameError

WORDS = """
    lr_too_high lr_too_low optimizer_setting batch_too_large zero_grad loss_sign wrong_loss output_activation
    output_size target_range target_scaling labels_wrong class_imbalance data_leakage data_not_shuffled
    train_val_mismatch nan_in_data input_scaling token_encoding tensor_shape weight_init dead_relu saturation
    vanishing_gradient exploding_gradient missing_nonlinearity capacity_too_small overfitting dropout_too_high
    weight_decay_too_strong frozen_layer params_not_optimised gradient_blocked train_eval_mode
    batchnorm_small_batch numerical_instability
"""
TEXTS = ("what", "found", "compared", "basis", "remedy")


def code() -> list[Path]:
    package = Path(thalweg.check.__file__ or "").parent
    return [path for path in package.rglob("*.py") if package / "faults" not in path.parents]


def named(tree: ast.Module) -> set[str]:
    """The faults that findings and suspicions are made with, and those they explain."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    values = [word.value for call in calls for word in call.keywords if word.arg in ("fault", "explains")]
    values += [node.value for node in ast.walk(tree) if isinstance(node, ast.Assign) and _explains(node)]
    parts = [part.value for value in values for part in ast.walk(value) if isinstance(part, ast.Constant)]
    return {part for part in parts if isinstance(part, str) and part.replace("_", "").isalnum() and "_" in part}


def _explains(node: ast.Assign) -> bool:
    return any(isinstance(target, ast.Name) and target.id.startswith("OF_") for target in node.targets)


def test_it_has_every_word_and_no_other() -> None:
    assert sorted(faults) == sorted(WORDS.split())
    assert [fault.name for family in families.values() for fault in family] == [*faults]


def test_looks_find_all_of_it_and_nothing_else() -> None:
    for package in ("thalweg.check.looks", "thalweg.check.experiments"):
        import_module(package)
    assert {fault for name in looks for fault in looks[name].faults} == set(faults)


def test_findings_are_of_its_words() -> None:
    found = {path.stem: named(ast.parse(path.read_text("utf-8"))) - set(faults) for path in code()}
    assert {name: strangers for name, strangers in found.items() if strangers} == {}
    assert any(named(ast.parse(path.read_text("utf-8"))) for path in code())


@pytest.mark.parametrize("name", faults)
def test_thresholds_are_constants_of_the_looks(name: str) -> None:
    fault = faults[name]
    fields = [field for _, field, _, _ in Formatter().parse(fault.compared) if field]
    for field in fields:
        package, module, constant = field.partition("[")[0].split(".")
        value = getattr(import_module(f"thalweg.check.{package}.{module}"), constant)
        assert isinstance(value, int | float | tuple)
    assert "{" not in fault.threshold


@pytest.mark.parametrize("name", faults)
def test_numbers_of_thresholds_stand_nowhere_else(name: str) -> None:
    literal = "".join(text for text, *_ in Formatter().parse(faults[name].compared))
    assert set(re.findall(r"(?<![\w.])\d+(?:\.\d+)?", literal)) <= ALLOWED


ALLOWED = {"0", "1", "5"}
"""Ends of ranges, and the part of a range that `Activation.saturated` counts."""


@pytest.mark.parametrize("name", faults)
def test_a_page_is_complete(name: str) -> None:
    fault = faults[name]
    assert fault.name == name
    assert fault.title[0].isupper()
    for text in (getattr(fault, field) for field in TEXTS):
        assert len(text) > 20
        assert text.endswith(".")
        assert "  " not in text
        assert text.count("`") % 2 == 0
    assert fault.sources
    assert all(any(part.isdigit() for part in source) or "documentation" in source for source in fault.sources)


def test_titles_are_told_apart() -> None:
    assert len({faults[name].title for name in faults}) == len(faults)


def test_a_misspelt_word_is_set_right() -> None:
    with pytest.raises(UnknownNameError, match="dead_relu"):
        faults["dead_relus"]
