"""A rule of one's own has all that the others have."""

from __future__ import annotations

import copy
import math
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import thalweg as tw
from thalweg.core.errors import InputError, InputTypeError, OutOfRangeError, UnknownNameError
from thalweg.formula import Fraction, NonNegative, Scalar, Start, sign
from thalweg.optim import RuleOptimizer, optimizers
from thalweg.optim.given import resolve

EXAMPLE = Path(__file__).parents[2] / "examples" / "signum.py"


@tw.rule(reference="a heavy ball with a friction that grows", search=(1e-3, 10))
def heavy_ball(
    p: Any, g: Any, v: Any, n: Scalar = 0.0, *, lr: NonNegative = 0.1, mu: Fraction = 0.5, turned: bool = False
) -> Any:
    """Heavy ball: a test."""
    n = n + 1
    v = mu / n * v - lr * (-g if turned else g)
    return p + v, v, n


ENTRY = optimizers._entries.pop("heavy-ball")  # the laws of other files are over what is registered at collection


@pytest.fixture(autouse=True)
def registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is declared here is known here alone."""
    monkeypatch.setattr(optimizers, "_entries", {**optimizers._entries, "heavy-ball": ENTRY})


def parameter(*values: float) -> torch.nn.Parameter:
    p = torch.nn.Parameter(torch.tensor(values, dtype=torch.float64))
    p.grad = torch.ones_like(p)
    return p


def test_it_is_a_torch_optimizer_that_does_what_it_says() -> None:
    p = parameter(1.0, 2.0)
    optimizer = heavy_ball([p], lr=0.1, mu=0.8)
    assert isinstance(optimizer, torch.optim.Optimizer)
    for _ in range(3):
        optimizer.step()
    v, theta = 0.0, np.array([1.0, 2.0])
    for n in (1, 2, 3):
        v = 0.8 / n * v - 0.1
        theta = theta + v
    np.testing.assert_allclose(p.detach().numpy(), theta, rtol=1e-15)


def test_options_flags_and_ranges_are_those_of_any_other() -> None:
    p, q = parameter(1.0), parameter(1.0)
    heavy_ball([p], turned=True, decoupled_decay=1.0, clip_norm=0.5).step()
    assert p.item() == pytest.approx(1.0 + 0.1 * 0.5 - 0.1)
    with pytest.raises(OutOfRangeError, match="mu"):
        heavy_ball([q], mu=1.0)
    with pytest.raises(InputTypeError, match="unexpected keyword argument 'momentum'"):
        heavy_ball([q], momentum=0.9)


@pytest.mark.parametrize("how", [copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
def test_it_can_be_copied_saved_and_loaded(how: Any) -> None:
    p = parameter(1.0)
    optimizer = heavy_ball([p])
    optimizer.step()
    q, twin = how((p, optimizer))
    fresh = parameter(p.item())
    loaded = heavy_ball([fresh])
    loaded.load_state_dict(optimizer.state_dict())
    q.grad = torch.ones_like(q)
    for one in (optimizer, twin, loaded):
        one.step()
    assert p.item() == q.item() == fresh.item()


def test_fit_and_compare_know_its_name() -> None:
    run = tw.fit("digits/logistic", optimizer="heavy-ball", hyper={"lr": 0.3, "turned": False}, epochs=1)
    assert run.outcome is tw.Outcome.COMPLETED
    assert run.config.optimizer == "heavy-ball"
    found = tw.compare("digits/logistic", ["heavy-ball", "sgd"], trials=1, seeds=1, base=tw.Config(epochs=1))
    assert {standing.optimizer for standing in found.ranking} == {"heavy-ball", "sgd"}
    assert optimizers["heavy-ball"].search == (1e-3, 10)


def test_a_name_that_is_ours_is_taken_and_ones_own_can_be_declared_anew() -> None:
    with pytest.raises(InputError, match="There is an optimizer adam already"):
        tw.rule()(_named("adam", lambda p, g, *, lr=0.1: p - lr * g))
    for rate in (0.1, 0.2):
        kind = tw.rule()(_named("twice", lambda p, g, *, lr=rate: p - lr * g))
        p = parameter(1.0)
        kind([p]).step()
        assert p.item() == pytest.approx(1 - rate)
        assert optimizers["twice"].kind is kind


def test_a_state_may_start_elsewhere() -> None:
    def kept(p: Any, g: Any, r: Any, *, lr: NonNegative = 0.25) -> Any:
        return p - r * sign(g), r + g

    kept.__annotations__["r"] = __import__("typing").Annotated[Any, Start("lr")]
    p = parameter(1.0)
    tw.rule()(kept)([p]).step()
    assert p.item() == 0.75


@pytest.mark.parametrize(
    "body",
    [
        "if g > 0: p = p - lr",
        "p = p - lr * math.sqrt(g)",
        "p = p - max(g, lr)",
        "p = p - lr * torch.sqrt(g)",
        "p[0]",
    ],
)
def test_what_cannot_be_followed_is_said_with_its_line(body: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    head = "import math, torch, thalweg\n\n@thalweg.rule()\ndef mine(p, g, *, lr: float = 0.1):\n"
    file.write_text(f"{head}    {body}\n    return p\n")
    with pytest.raises(InputTypeError, match=r"mine\.py, line 5") as said:
        resolve(f"{file}:mine")
    assert body.split(":")[0] in str(said.value)


def test_a_file_gives_its_optimizers_by_name(tmp_path: Path) -> None:
    assert resolve(f"{EXAMPLE}:signum") == "signum"
    assert issubclass(optimizers["signum"].kind, RuleOptimizer)
    with pytest.raises(UnknownNameError, match="did you mean 'signum'"):
        resolve(f"{EXAMPLE}:signun")
    with pytest.raises(InputTypeError, match=r"sign in signum\.py is no optimizer"):
        resolve(f"{EXAMPLE}:sign")
    with pytest.raises(InputError, match="no Python file"):
        resolve(f"{tmp_path / 'none.py'}:signum")


def test_the_example_is_what_its_paper_says() -> None:
    resolve(f"{EXAMPLE}:signum")
    kind: Any = optimizers["signum"].kind
    p = parameter(1.0, -1.0, 0.5)
    optimizer = kind([p], lr=0.01, beta=0.5)
    m, expected = np.zeros(3), p.detach().numpy().copy()
    for step in range(1, 6):
        p.grad = torch.tensor([math.sin(step), math.cos(step), 0.0], dtype=torch.float64)
        optimizer.step()
        m = 0.5 * m + 0.5 * p.grad.numpy()
        expected = expected - 0.01 * np.sign(m)
    np.testing.assert_allclose(p.detach().numpy(), expected, rtol=1e-15)


def _named(name: str, function: Any) -> Any:
    function.__name__ = function.__qualname__ = name
    return function


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda p, g, *, rate=0.1: p - rate * g, "has no lr"),
        (lambda p, g, *, lr="0.1": p - lr * g, "is no number"),
        (lambda p, g, *, lr=0.1, warm=False: p - lr * g, "a flag is annotated: warm: bool = False"),
        (lambda p, g, *, lr=0.1, ema=0.5: p - lr * ema * g, "ema of the rule"),
        (lambda p, g, *, lr=0.1, params=0.5: p - lr * params * g, "params of the rule"),
        (lambda p, g, *, lr=0.1, fused=0.5: p - lr * fused * g, "fused of the rule"),
        (lambda p, g, m, *, lr=0.1, beta=0.5: (p - lr * g, m + g), "beta of the rule unusable has no effect"),
        (lambda p, g, lr=0.1: p - lr * g, "put \\* before the first hyper-parameter"),
        (lambda p, g, m, *, lr=0.1: p - lr * g, "2: the parameter, then its states"),
        (lambda p, g, *, lr=0.1: None, "returns nothing"),
    ],
)
def test_what_would_fail_late_is_said_at_once(function: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        tw.rule()(_named("unusable", function))


@pytest.mark.parametrize("search", [(0, 0.1), (1, 0.1), (-1, 1), (1, math.inf)])
def test_a_search_that_is_none_is_refused(search: Any) -> None:
    with pytest.raises(InputError, match="0 < low < high"):
        tw.rule(search=search)(_named("unusable", lambda p, g, *, lr=0.1: p - lr * g))


@pytest.mark.parametrize("given", [lambda p, g, *, lr=0.1: p - lr * g, "Bernstein et al. 2018", 3])
def test_what_is_no_function_with_a_name_is_refused(given: Any) -> None:
    for decorate in (tw.rule, tw.rule()):
        with pytest.raises(InputTypeError, match="a function with a name"):
            decorate(given)


def test_the_parentheses_may_be_left_out() -> None:
    @tw.rule
    def bare(p: Any, g: Any, *, lr: NonNegative = 0.25, warm: bool = False, more: NonNegative = 1.0) -> Any:
        return p - lr * (more * g if warm else g)  # what one setting of a flag reads has an effect

    p = parameter(1.0)
    bare([p]).step()
    assert p.item() == 0.75


def test_a_misspelt_keyword_is_told_its_neighbour() -> None:
    with pytest.raises(InputTypeError, match="did you mean 'clip_norm'"):
        heavy_ball([parameter(1.0)], clipnorm=1.0)
