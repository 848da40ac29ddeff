"""The IDX format of MNIST: a magic number, the shape, then big-endian values in row-major order."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thalweg.data.files import corrupt, read_bytes

IDX_TYPES = {0x08: "u1", 0x09: "i1", 0x0B: "i2", 0x0C: "i4", 0x0D: "f4", 0x0E: "f8"}
_FORM = "IDX file"


def read_idx(path: str | Path) -> NDArray[Any]:
    """Read one array from an IDX file, gzipped or not (its first bytes tell, not its name).

    The magic number is two zero bytes, a type byte and the number of dimensions; one unsigned 32-bit
    length for each dimension follows, then the values.

    Args:
        path: The file.

    Returns:
        The array, in the machine's byte order, writable.

    Raises:
        MissingDataError: There is no such file, or it cannot be opened.
        CorruptFileError: The file is truncated, damaged, or no IDX file.

    Example:
        >>> import tempfile
        >>> file = Path(tempfile.mkdtemp(), "labels")
        >>> _ = file.write_bytes(bytes([0, 0, 0x08, 1, 0, 0, 0, 3, 7, 2, 1]))
        >>> read_idx(file)
        array([7, 2, 1], dtype=uint8)

    Reference:
        Y. LeCun, C. Cortes, C. J. C. Burges, "The MNIST database of handwritten digits", file formats.
    """
    path = Path(path)
    content = read_bytes(path, _FORM)
    dtype, shape, start = _header(path, content)
    expected = math.prod(shape) * dtype.itemsize
    if len(content) - start != expected:
        raise corrupt(
            path,
            _FORM,
            got=f"{len(content) - start} bytes of values",
            expected=f"{expected} bytes, for the shape {shape} of {dtype.itemsize}-byte values in its header",
        )
    return np.frombuffer(content, dtype, offset=start).reshape(shape).astype(dtype.newbyteorder("="))


def _header(path: Path, content: bytes) -> tuple[np.dtype[Any], tuple[int, ...], int]:
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in IDX_TYPES:
        raise corrupt(
            path,
            _FORM,
            got=f"a file that begins with {content[:4].hex(' ') or 'nothing'}",
            expected="00 00, an IDX type (08, 09, 0b, 0c, 0d or 0e) and the number of dimensions",
        )
    start = 4 + 4 * content[3]
    if len(content) < start:
        raise corrupt(path, _FORM, got=f"{len(content)} bytes", expected=f"a header of {start} bytes")
    shape = tuple(np.frombuffer(content[4:start], ">u4").tolist())
    return np.dtype(IDX_TYPES[content[2]]).newbyteorder(">"), shape, start
