from __future__ import annotations

import pytest

from thalweg.core.errors import OutOfRangeError, UnknownNameError
from thalweg.schedules import feedbacks, react


def test_names_options_and_bounds_are_read_from_the_signatures() -> None:
    assert {name: feedbacks[name].options for name in feedbacks} == {
        "plateau": {"divide": 10, "patience": 10, "threshold": 1e-4, "cooldown": 0, "least": 0},
        "error-driven": {"alpha": 0.1, "beta": 1, "floor": 0},
    }
    assert feedbacks["error-driven"].bounds == {"floor": 0}
    assert all(feedbacks[name].summary.startswith("Return the next state") for name in feedbacks)


@pytest.mark.parametrize("name", list(feedbacks))
def test_a_saved_state_goes_on(name: str) -> None:
    machine, losses = react(name, {}), [1.0, 0.5, 0.7, 0.7, *[0.6] * 20]
    state, whole = None, []
    for loss in losses:
        state, factor = machine(state, loss)
        whole.append(factor)
        state = type(state)(*list(state))
    state, again = None, []
    for loss in losses:
        state, factor = machine(state, loss)
        again.append(factor)
    assert whole == again
    assert min(whole) < 1


def test_bad_options_are_named() -> None:
    with pytest.raises(UnknownNameError, match=r"no feedback schedule named 'platau'[\s\S]*'plateau'"):
        react("platau", {})
    with pytest.raises(UnknownNameError, match=r"option of the feedback schedule plateau named 'pacience'"):
        react("plateau", {"pacience": 3})
    with pytest.raises(OutOfRangeError, match=r"divide of the feedback schedule plateau[\s\S]*>= 1"):
        react("plateau", {"divide": 0.5})
