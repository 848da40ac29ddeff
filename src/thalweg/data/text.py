"""Text files: characters in, nothing else read into them."""

from __future__ import annotations

from pathlib import Path

from thalweg.core.errors import InputError
from thalweg.data.files import corrupt, read_bytes

_FORM = "text"


def read_text(path: str | Path, *, encoding: str = "utf-8") -> str:
    r"""Read a whole text, gzipped or not. Line ends stay as they are; a mark of byte order is left out.

    Args:
        path: The file.
        encoding: How its characters are written, as Python calls it.

    Raises:
        MissingDataError: There is no such file, or it cannot be opened.
        CorruptFileError: It is empty, damaged, or holds bytes that are no characters in this encoding.
        InputError: Python knows no such encoding.

    Example:
        >>> import tempfile
        >>> file = Path(tempfile.mkdtemp(), "cafe.txt")
        >>> _ = file.write_bytes("café\r\n".encode())
        >>> read_text(file)
        'café\r\n'
    """
    content = read_bytes(path, _FORM)
    if not content:
        raise corrupt(path, _FORM, got="an empty file", expected="at least one character")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        wrong = f"byte {content[error.start]:02x}"
        raise corrupt(
            path,
            _FORM,
            got=f"{wrong} in line {_line(content, error.start)}: {error.reason}",
            expected=f"characters in {encoding}",
            remedy='say how it is written, such as encoding="latin-1"; if it is damaged, fetch it again',
        ) from error
    except LookupError:
        raise InputError(
            f"There is no encoding named {encoding!r}.",
            expected='one that Python knows, such as "utf-8" or "latin-1"',
        ) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise corrupt(path, _FORM, got=f"a zero byte in line {line}", expected=f"characters in {encoding}")
    return text.removeprefix("\ufeff")


def _line(content: bytes, place: int) -> int:
    return content.count(b"\n", 0, place) + 1
