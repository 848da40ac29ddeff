"""What holds for every preprocessor in the registry."""

from __future__ import annotations

from copy import deepcopy
from io import BytesIO
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.utils.data import DataLoader, TensorDataset

from thalweg.core.errors import CheckpointError, DataError, InputError, InputTypeError
from thalweg.data.batches import FromDataset, InMemory
from thalweg.data.preprocess import Preprocessor, preprocessors

names = pytest.mark.parametrize("name", list(preprocessors))


def samples(*shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(*shape, generator=generator, dtype=torch.float64)
    return (x * torch.arange(1, x[0].numel() + 1).view(x.shape[1:]) + 5).to(dtype)


def make(name: str, **options: Any) -> Preprocessor:
    return preprocessors.bind(name, options)()


@names
def test_every_way_to_hand_over_the_data_gives_the_same(name: str) -> None:
    x = samples(90, 2, 3)
    y = torch.arange(90)
    whole = make(name).fit(x)
    ways = (
        x.numpy(),
        x.tolist(),
        InMemory(x, y),
        FromDataset([(row, 0) for row in x]),
        DataLoader(TensorDataset(x, y), batch_size=7),
        (part for part in x.split([1, 40, 49])),
    )
    for way in ways:
        fitted = make(name).fit(way)
        for key, value in whole.state_dict().items():
            torch.testing.assert_close(fitted.state_dict()[key], value, rtol=1e-9, atol=1e-9)


@names
@given(shape=st.sampled_from([(), (4,), (2, 3), (1, 2, 2)]), n=st.integers(20, 30))
def test_inverse_undoes_transform(name: str, shape: tuple[int, ...], n: int) -> None:
    x = samples(n, *shape)
    preprocessor = make(name).fit(x)
    torch.testing.assert_close(preprocessor.inverse(preprocessor.transform(x)), x, rtol=1e-10, atol=1e-10)


@names
def test_types(name: str) -> None:
    x = samples(30, 4)
    preprocessor = make(name).fit(x)
    assert all(value.dtype == torch.float64 for value in preprocessor.state_dict().values())
    assert preprocessor.transform(x).dtype == torch.float64
    for values in (x.float(), x.bfloat16(), x.long(), x > 0, x.numpy(), x.tolist()):
        assert preprocessor.transform(values).dtype == torch.float32
        assert preprocessor.transform(values[:0] if isinstance(values, Tensor) else values).ndim == 2
    assert make(name).fit(torch.arange(12, dtype=torch.uint8).reshape(6, 2) ** 2).fitted


@names
def test_the_state_is_tensors_and_makes_another_the_same(name: str) -> None:
    x = samples(30, 2, 2)
    preprocessor, file = make(name).fit(x), BytesIO()
    torch.save(preprocessor.state_dict(), file)
    file.seek(0)
    other = make(name)
    other.load_state_dict(torch.load(file, weights_only=True))
    for one in (other, deepcopy(preprocessor)):
        assert torch.equal(one.transform(x), preprocessor.transform(x))
        assert torch.equal(one.inverse(one.transform(x)), preprocessor.inverse(preprocessor.transform(x)))
    with pytest.raises(CheckpointError, match=r"not that of[\s\S]*other"):
        make(name).load_state_dict({"other": x})


@names
def test_fitting_again_forgets(name: str) -> None:
    x = samples(30, 3)
    twice = make(name).fit(x[:, :2] * 7).fit(x)
    assert torch.equal(twice.transform(x), make(name).fit(x).transform(x))


@names
def test_what_does_not_vary_stays_finite_and_comes_back(name: str) -> None:
    x = samples(30, 4)
    x[:, 2] = 0.1
    for values in (x, torch.full_like(x, 3.0)):
        preprocessor = make(name).fit(values)
        assert preprocessor.transform(values).isfinite().all()
        torch.testing.assert_close(preprocessor.inverse(preprocessor.transform(values)), values)


@names
@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_values_that_are_not_finite_are_counted(name: str, bad: float) -> None:
    x = samples(30, 4)
    x[7, 2] = x[9, 3] = bad
    with pytest.raises(
        DataError, match=r"NaN or infinite values[\s\S]*in 2 of 4 features, the first is feature 2"
    ):
        make(name).fit(iter(x.split(5)))


@names
@pytest.mark.parametrize(
    ("data", "kind", "words"),
    [
        (torch.empty(0, 3), DataError, "fitted to nothing"),
        (torch.empty(5, 0), DataError, "fitted to nothing"),
        ({}.values(), DataError, "fitted to nothing"),
        (
            {1: torch.ones(2, 3), 2: torch.ones(2, 4)}.values(),
            DataError,
            r"another shape[\s\S]*\(4,\)[\s\S]*\(3,\)",
        ),
        (torch.ones(()), DataError, "a single number"),
        (torch.ones(4, 2, dtype=torch.complex64), InputTypeError, "complex64"),
        (torch.ones(4, 2).to_sparse(), InputTypeError, "sparse"),
        ([["a", "b"]], InputTypeError, "cannot be made a tensor"),
        ([[1.0], [1.0, 2.0]], InputTypeError, "cannot be made a tensor"),
    ],
)
def test_data_that_cannot_be_fitted_to(name: str, data: Any, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words):
        make(name).fit(data)


@names
def test_use_before_fit_and_other_shapes(name: str) -> None:
    preprocessor = make(name)
    assert not preprocessor.fitted
    for use in (preprocessor.transform, preprocessor.inverse):
        with pytest.raises(InputError, match=r"before it is fitted[\s\S]*call fit"):
            use(torch.ones(2, 3))
    preprocessor.fit(samples(30, 3))
    for use in (preprocessor.transform, preprocessor.inverse):
        with pytest.raises(DataError, match=r"another shape[\s\S]*\(4,\)[\s\S]*\(3,\)"):
            use(torch.ones(2, 4))


@names
def test_samples_of_another_device_stay_there_and_the_constants_here(name: str) -> None:
    x = samples(30, 3)
    preprocessor = make(name).fit(x)
    expected = preprocessor.transform(x)
    for _ in range(2):
        assert preprocessor.transform(x.to("meta")).is_meta
        assert preprocessor.inverse(x.to("meta")).is_meta
        assert torch.equal(preprocessor.transform(x), expected)
    assert torch.equal(preprocessor.fit(x * 2).transform(x * 2), make(name).fit(x * 2).transform(x * 2))
