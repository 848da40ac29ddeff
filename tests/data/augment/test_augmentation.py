"""What holds for every augmentation in the registry."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from thalweg.core.errors import InputTypeError
from thalweg.data.augment import Tint, augmentations, contrast, crop, flip, tint

names = pytest.mark.parametrize("name", list(augmentations))
FUNCTIONS = {"flip": flip, "crop": crop, "contrast": contrast, "tint": tint}


def images(*shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64).to(dtype)


def make(name: str) -> nn.Module:
    return augmentations.choose(name)()


def seeded(module: nn.Module, x: Tensor, seed: int = 0) -> Tensor:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return module(x)


@names
@given(
    n=st.integers(1, 5),
    channels=st.integers(1, 3),
    height=st.integers(1, 6),
    width=st.integers(1, 6),
    dtype=st.sampled_from([torch.float32, torch.float64, torch.bfloat16]),
)
def test_form_stays_and_the_input_too(
    name: str, n: int, channels: int, height: int, width: int, dtype: torch.dtype
) -> None:
    x = images(n, channels, height, width, dtype=dtype)
    before = x.clone()
    y = seeded(make(name), x)
    assert (y.shape, y.dtype) == (x.shape, dtype)
    assert y.isfinite().all()
    assert torch.equal(x, before)


@names
def test_a_seed_repeats_it_and_samples_differ(name: str) -> None:
    module, x = make(name), images(1, 3, 8, 8).expand(64, -1, -1, -1)
    y = seeded(module, x)
    assert torch.equal(y, seeded(module, x))
    assert not torch.equal(y, seeded(module, x, seed=1))
    assert len({tuple(row) for row in y.flatten(1).tolist()}) > (1 if name == "flip" else 30)


@names
def test_a_generator_of_its_own_leaves_the_global_one(name: str) -> None:
    function, x = FUNCTIONS[name], images(9, 3, 8, 8)
    before = torch.get_rng_state()
    first, again = (function(x, generator=torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(first, again)
    assert torch.equal(before, torch.get_rng_state())


@names
def test_evaluation_changes_nothing(name: str) -> None:
    x = images(5, 3, 8, 8)
    assert make(name).eval()(x) is x


@names
def test_members_of_a_cohort_draw_their_own(name: str) -> None:
    module, x = make(name), images(1, 6, 3, 8, 8).expand(3, -1, -1, -1, -1)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        own = torch.vmap(module, randomness="different")(x)
        same = torch.vmap(module, randomness="same")(x)
    assert own.shape == x.shape
    assert not torch.equal(own[0], own[1])
    assert torch.equal(same[0], same[2])


@names
def test_a_member_that_shares_its_draws_is_a_solo_run(name: str) -> None:
    module, x = make(name), images(2, 6, 3, 8, 8)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        together = torch.vmap(module, randomness="same")(x)
    for member, alone in zip(together, x, strict=True):
        torch.testing.assert_close(member, seeded(module, alone))


@names
def test_it_compiles_whole(name: str) -> None:
    torch._dynamo.reset()
    module, x = make(name), images(6, 3, 8, 8)
    compiled = torch.compile(module, fullgraph=True, backend="eager")
    assert torch.equal(seeded(compiled, x), seeded(module, x))


@names
def test_copies_and_states(name: str) -> None:
    module, x = make(name), images(6, 3, 8, 8)
    copy = deepcopy(module)
    copy.load_state_dict(module.state_dict())
    assert torch.equal(seeded(copy, x), seeded(module, x))


def test_the_axes_of_a_tint_are_state() -> None:
    tinted = Tint(torch.eye(3, dtype=torch.float64))
    assert list(tinted.state_dict()) == ["axes"]
    assert tinted(images(2, 3, 4, 4)).dtype == torch.float32


@names
def test_gradients_pass(name: str) -> None:
    x = images(2, 2, 2, 3, dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: seeded(make(name), x), (x,))


@names
def test_whole_numbers_are_refused(name: str) -> None:
    with pytest.raises(InputTypeError, match=r"no floating-point numbers[\s\S]*uint8"):
        make(name)(torch.zeros(4, 3, 8, 8, dtype=torch.uint8))


@names
def test_arrays_are_refused(name: str) -> None:
    with pytest.raises(InputTypeError, match=r"no floating-point numbers[\s\S]*ndarray[\s\S]*a tensor"):
        make(name)(np.zeros((4, 3, 8, 8)))


@names
def test_a_batch_of_none(name: str) -> None:
    x = images(0, 3, 8, 8)
    assert torch.equal(make(name)(x), x)


@pytest.mark.parametrize(("name", "least"), [("flip", 3), ("crop", 3), ("tint", 4)])
def test_rows_are_no_images(name: str, least: int) -> None:
    with pytest.raises(InputTypeError, match=rf"{name} needs images[\s\S]*\(64,\)[\s\S]*Flatten"):
        make(name)(torch.zeros(4, 64))
    assert make(name)(torch.zeros(*[4] * least)).ndim == least
