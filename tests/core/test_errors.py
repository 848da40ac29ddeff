from __future__ import annotations

import copy
import pickle

import pytest

from thalweg.core.errors import (
    CheckpointError,
    CorruptFileError,
    DataError,
    InputError,
    InputTypeError,
    MissingDataError,
    ModelError,
    OutOfRangeError,
    OutputError,
    StoreError,
    ThalwegError,
    UnknownNameError,
    WorkerError,
)

PLAIN = [
    ThalwegError,
    InputError,
    InputTypeError,
    OutOfRangeError,
    DataError,
    CorruptFileError,
    MissingDataError,
    ModelError,
    CheckpointError,
    WorkerError,
    StoreError,
    OutputError,
]


@pytest.mark.parametrize("kind", PLAIN)
def test_the_text_says_what_was_got_what_was_expected_and_what_to_do(kind: type[ThalwegError]) -> None:
    error = kind("It broke.", got=0, expected="more", remedy="mend it")
    assert str(error).splitlines() == [
        "It broke.",
        "  got:      0",
        "  expected: more",
        "  do this:  mend it",
    ]
    assert (error.what, error.got, error.expected, error.remedy) == ("It broke.", 0, "more", "mend it")
    assert str(kind("It broke.")) == "It broke."


@pytest.mark.parametrize("kind", PLAIN)
def test_users_input_is_a_value_or_type_error(kind: type[ThalwegError]) -> None:
    builtin = {
        InputTypeError: TypeError,
        MissingDataError: FileNotFoundError,
        OutputError: OSError,
        WorkerError: ThalwegError,
        StoreError: ThalwegError,
        ThalwegError: Exception,
    }
    assert issubclass(kind, builtin.get(kind, ValueError))
    assert issubclass(kind, ThalwegError)


@pytest.mark.parametrize("again", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))])
@pytest.mark.parametrize(
    "error", [*(kind("a", got=1) for kind in PLAIN), UnknownNameError("rule", "sdg", ["sgd"])]
)
def test_an_error_crosses_to_another_process(error: ThalwegError, again: object) -> None:
    assert callable(again)
    other = again(error)
    assert type(other) is type(error)
    assert str(other) == str(error)


def test_an_unknown_name_among_none() -> None:
    error = UnknownNameError("optimizer", "adam", [])
    assert str(error).splitlines() == [
        "There is no optimizer named 'adam'.",
        "  expected: nothing: none is known here",
    ]


def test_several_near_names_are_all_offered() -> None:
    error = UnknownNameError("problem", "mnist/mlp", ["mnist/mlp-1", "mnist/mlp-2", "cancer"])
    assert error.nearest == ["mnist/mlp-2", "mnist/mlp-1"]
    assert error.remedy == "did you mean 'mnist/mlp-2' or 'mnist/mlp-1'?"
