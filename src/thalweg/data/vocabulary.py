"""Vocabulary: symbols of a text (characters, words) as numbers, and back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from thalweg.core.errors import DataError, InputError


class Vocabulary:
    """A numbering of symbols from 0.

    Args:
        symbols: The symbols, each once, in the order of their numbers.
        unknown: The one among them that stands for all others; ``None`` makes another symbol an error.

    Raises:
        InputError: No symbols, one twice, or an `unknown` that is none of them.

    Example:
        >>> letters = Vocabulary.of("hello")
        >>> letters.symbols, letters.encode("hole"), letters.decode([1, 0])
        (('e', 'h', 'l', 'o'), array([1, 3, 2, 0]), ['h', 'e'])
    """

    def __init__(self, symbols: Iterable[str], *, unknown: str | None = None) -> None:
        self.symbols, self.unknown = tuple(symbols), unknown
        self._number = {symbol: number for number, symbol in enumerate(self.symbols)}
        if not self.symbols or len(self._number) < len(self.symbols):
            raise InputError(
                "These symbols make no vocabulary.",
                got=f"{len(self.symbols)} symbols, {len(self._number)} of them different",
                expected="at least one, each once",
            )
        if unknown is not None and unknown not in self._number:
            raise InputError("The symbol for what is unknown is none of the vocabulary.", got=repr(unknown))

    @classmethod
    def of(cls, tokens: Iterable[str], *, least: int = 1, unknown: str | None = None) -> Vocabulary:
        """Return the vocabulary of a text, in alphabetical order.

        Args:
            tokens: The text, symbol by symbol; a string gives its characters.
            least: How often a symbol must occur to be taken in, >= 1.
            unknown: A symbol to put first, for all that is not taken in.
        """
        counts = Counter(tokens)
        taken = sorted(symbol for symbol, count in counts.items() if count >= least and symbol != unknown)
        return cls(taken if unknown is None else [unknown, *taken], unknown=unknown)

    def __len__(self) -> int:
        return len(self.symbols)

    def encode(self, tokens: Iterable[str]) -> NDArray[np.int64]:
        """Return the number of each symbol.

        Raises:
            DataError: A symbol that is not in the vocabulary, where none stands for the unknown.
        """
        try:
            if self.unknown is None:
                return np.fromiter(map(self._number.__getitem__, tokens), np.int64)
            other = self._number[self.unknown]
            return np.fromiter((self._number.get(token, other) for token in tokens), np.int64)
        except KeyError as error:
            raise DataError(
                "A symbol is not in the vocabulary.",
                got=repr(error.args[0]),
                expected=f"one of {len(self)} symbols",
                remedy="build the vocabulary with unknown='<unk>', which then stands for all others",
            ) from None

    def decode(self, numbers: ArrayLike) -> Sequence[str]:
        """Return the symbol of each number.

        Raises:
            DataError: A number outside the vocabulary.
        """
        wanted = np.asarray(numbers)
        if wanted.size and not 0 <= wanted.min() <= wanted.max() < len(self):
            raise DataError(
                "A number is outside the vocabulary.",
                got=f"{wanted.min()} to {wanted.max()}",
                expected=f"0 to {len(self) - 1}",
            )
        return [self.symbols[number] for number in wanted]
