"""Preprocessor: a map of the inputs that is fitted to training data, with its inverse."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from itertools import chain
from typing import Any, ClassVar, Self, final

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from thalweg.core.errors import CheckpointError, DataError, InputError, InputTypeError
from thalweg.data.batches import Split

Data = Tensor | ArrayLike

_SAMPLES = 1024  # read at a time from a Split
_NUMBERS = 2**21  # converted to float64 at a time: 16 MB, whatever the type and size of the samples


class Preprocessor(ABC):
    """A map of inputs whose constants are measured on training data.

    It is fitted in one pass and keeps no samples, so the data may be larger than memory. All is computed in
    float64 on the device of the data; results are float32, but float64 for a float64 tensor.

    A concrete one names its constants in `keys`, measures them in `_measure`, and maps a chunk there and back.
    """

    keys: ClassVar[tuple[str, ...]] = ()

    def __init__(self) -> None:
        self._state: dict[str, Tensor] = {}
        self._elsewhere: dict[torch.device, Preprocessor] = {}

    @property
    def name(self) -> str:
        """What an error calls it."""
        return type(self).__name__

    @property
    def fitted(self) -> bool:
        """Whether it has its constants."""
        return bool(self._state)

    @final
    def fit(self, x: Data | Split | Iterable[Any]) -> Self:
        """Measure the constants on training data, forget all earlier ones, and return self.

        Args:
            x: Samples as a tensor, array or nested list, shape ``(n, ...)``; or a Split; or an iterable of batches
                that is read once, such as a generator or a DataLoader. Of a batch that is a pair, the first
                counts.

        Raises:
            DataError: No samples, samples of different shape, NaN or infinite values, or data that this cannot be
                fitted to.
            InputTypeError: Nothing that can be made a tensor of real numbers.
        """
        chunks = self._same_shape(_chunks(x))
        first = next(chunks, None)
        if first is None:
            raise DataError(f"{self.name} cannot be fitted to nothing.", expected="at least one sample")
        self._take(self._measure(chain((first,), chunks), first.shape[1:]))
        return self

    @final
    def transform(self, x: Data) -> Tensor:
        """Return the preprocessed samples, shape ``(n, ...)``; samples have to be of the shape fitted to."""
        return self._map(x, forth=True)

    @final
    def inverse(self, z: Data) -> Tensor:
        """Return the samples that `transform` maps to `z`, or the nearest where it drops what varies little."""
        return self._map(z, forth=False)

    def state_dict(self) -> dict[str, Tensor]:
        """Return the constants: float64, on the device of the data fitted to."""
        return dict(self._constants())

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take over the constants of `state_dict`.

        Raises:
            CheckpointError: They are those of another preprocessor.
        """
        if set(state) != set(self.keys):
            raise CheckpointError(
                f"The state is not that of {self.name}.",
                got=", ".join(sorted(state)) or "an empty state",
                expected=", ".join(self.keys),
            )
        self._take({key: value.double() for key, value in state.items()})

    @abstractmethod
    def _measure(self, chunks: Iterator[Tensor], shape: torch.Size) -> dict[str, Tensor]:
        """Return the constants, measured on chunks of one or more samples of this shape."""

    @abstractmethod
    def _forth(self, x: Tensor) -> Tensor:
        """Map a chunk in float64."""

    @abstractmethod
    def _back(self, z: Tensor) -> Tensor:
        """Map a chunk in float64 back."""

    @abstractmethod
    def _check(self, shape: torch.Size, forth: bool) -> None:
        """Refuse samples of a shape that cannot be mapped."""

    def _take(self, state: dict[str, Tensor]) -> None:
        self._state, self._elsewhere = state, {}

    def _constants(self) -> dict[str, Tensor]:
        if not self._state:
            raise InputError(
                f"{self.name} is used before it is fitted.", remedy="call fit(x) on the training split"
            )
        return self._state

    def _at(self, device: torch.device) -> Preprocessor:
        """Return this preprocessor with its constants on `device`."""
        if all(value.device == device for value in self._constants().values()):
            return self
        if device not in self._elsewhere:
            moved = copy(self)
            moved._take({key: value.to(device) for key, value in self._state.items()})
            self._elsewhere[device] = moved
        return self._elsewhere[device]

    def _map(self, values: Data, *, forth: bool) -> Tensor:
        wide = isinstance(values, Tensor) and values.dtype == torch.float64
        values = real(values)
        here = self._at(values.device)
        here._check(values.shape[1:], forth)
        function = here._forth if forth else here._back
        shape = function(values[:0].double()).shape[1:]
        result = values.new_empty((len(values), *shape), dtype=torch.float64 if wide else torch.float32)
        size = _chunk(values)
        for part, into in zip(values.split(size), result.split(size), strict=True):
            into.copy_(function(part.double()))
        return result

    def _same_shape(self, chunks: Iterator[Tensor]) -> Iterator[Tensor]:
        shape = None
        for chunk in chunks:
            shape = chunk.shape[1:] if shape is None else shape
            if chunk.shape[1:] != shape:
                raise misfit(self.name, chunk.shape[1:], shape)
            yield chunk


def finite(values: Tensor, name: str) -> Tensor:
    """Return what was measured on data, or say which features have values that are NaN or infinite.

    Raises:
        DataError: Some have.
    """
    bad = ~values.isfinite()
    if bad.any():
        places = bad.flatten().nonzero().flatten().tolist()
        raise DataError(
            f"{name} cannot be fitted to data with NaN or infinite values.",
            got=f"such values in {len(places)} of {bad.numel()} features, the first is feature {places[0]}",
            expected="finite numbers",
            remedy="drop these samples, or fill in the values",
        )
    return values


def misfit(name: str, got: Sequence[int], expected: object) -> DataError:
    """Return the error of samples that do not have the shape fitted to."""
    return DataError(f"{name} got samples of another shape.", got=f"shape {tuple(got)}", expected=_words(expected))


def real(x: object) -> Tensor:
    """Return `x` as a dense tensor of real numbers with a dimension of samples.

    Raises:
        InputTypeError: It is nothing of the kind.
        DataError: It is a single number.
    """
    try:
        tensor = x if isinstance(x, Tensor) else torch.from_numpy(np.array(x))
    except (TypeError, ValueError) as error:
        raise InputTypeError(
            "The samples cannot be made a tensor.", got=str(error), expected="a tensor or an array of numbers"
        ) from error
    if tensor.is_complex() or tensor.layout != torch.strided:
        raise InputTypeError(
            "The samples cannot be preprocessed.",
            got=f"{tensor.dtype}, {tensor.layout}",
            expected="a dense tensor of real numbers",
        )
    if not tensor.ndim:
        raise DataError("The samples are a single number.", got=tensor.item(), expected="shape (n, ...)")
    return tensor


def _words(expected: object) -> str:
    return expected if isinstance(expected, str) else f"shape {tuple(expected)}"  # type: ignore[arg-type]


def _chunks(x: object) -> Iterator[Tensor]:
    for batch in _batches(x):
        if batch.numel():
            yield from batch.split(_chunk(batch))


def _batches(x: object) -> Iterator[Tensor]:
    match x:
        case Split():
            for index in torch.arange(len(x)).split(_SAMPLES):
                yield real(x.take(index)[0])
        case Iterable() if not isinstance(x, Tensor | np.ndarray | Sequence) and not hasattr(x, "__array__"):
            for batch in x:
                yield real(batch[0] if isinstance(batch, tuple | list) else batch)
        case _:
            yield real(x)


def _chunk(x: Tensor) -> int:
    """Samples that are converted at a time."""
    return max(1, _NUMBERS // max(1, x[:1].numel()))
