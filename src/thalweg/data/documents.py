"""Data sets of short texts with a class each: sentences and reviews by their judgement, messages by their aim."""

from __future__ import annotations

import tarfile
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np

from thalweg.data.files import corrupt, read_bytes
from thalweg.data.labelled import Labelled
from thalweg.data.sources import locate, sources
from thalweg.data.text import read_text


def sentences(root: str | Path | None = None) -> Labelled:
    """Return 10,662 sentences from film reviews, negative or positive, in lower case with spaces between tokens.

    Args:
        root: Where to look first; see `locate`.

    Raises:
        MissingDataError: A file is not there and cannot be downloaded.
        CorruptFileError: A file is damaged.
    """
    files = locate("rt-polarity", root=root)
    sides = [_lines(files[f"rt-polarity.{side}"]) for side in ("neg", "pos")]
    return _labelled(
        "rt-polarity", [text for side in sides for text in side], np.repeat([0, 1], list(map(len, sides)))
    )


def messages(root: str | Path | None = None) -> Labelled:
    """Return 5574 short messages from telephones, ham or spam, as they were written.

    Args:
        root: Where to look first; see `locate`.

    Raises:
        MissingDataError: The file is not there; it cannot be downloaded.
        CorruptFileError: The file is damaged, or a line is no label, tab and text.
    """
    path = locate("sms-spam", root=root)["SMSSpamCollection"]
    classes = sources["sms-spam"].classes
    texts: list[str] = []
    labels: list[int] = []
    for number, line in enumerate(_lines(path), 1):
        label, tab, text = line.partition("\t")
        if label not in classes or not tab:
            raise corrupt(
                path,
                "list of messages",
                got=f"{line[:40]!r} in line {number}",
                expected=f"{' or '.join(classes)}, a tab, the text",
            )
        texts.append(text)
        labels.append(classes.index(label))
    return _labelled("sms-spam", texts, labels)


def reviews(root: str | Path | None = None) -> Labelled:
    """Return 2000 film reviews, negative or positive, in lower case with white space between tokens.

    Args:
        root: Where to look first; see `locate`.

    Raises:
        MissingDataError: The file is not there and cannot be downloaded.
        CorruptFileError: The file is damaged, or is no archive with reviews of both kinds.
    """
    path = locate("review-polarity", root=root)["review_polarity.tar.gz"]
    found = [_members(path, f"txt_sentoken/{side}/") for side in ("neg", "pos")]
    return _labelled(
        "review-polarity", [text for side in found for text in side], np.repeat([0, 1], list(map(len, found)))
    )


def _labelled(name: str, texts: Sequence[str], labels: Sequence[int] | np.ndarray) -> Labelled:
    return Labelled(np.array(texts, dtype=object), np.asarray(labels), sources[name].classes, name)


def _lines(path: Path) -> list[str]:
    """The lines of a text, none of them empty; only a line feed ends one."""
    lines = read_text(path).removesuffix("\n").split("\n")
    empty = next((number for number, line in enumerate(lines, 1) if not line.strip()), None)
    if empty is not None:
        raise corrupt(path, "list of texts", got=f"nothing in line {empty}", expected="a text a line")
    return lines


def _members(path: Path, folder: str) -> list[str]:
    form = "archive of reviews"
    try:
        with tarfile.open(fileobj=BytesIO(read_bytes(path, form)), mode="r:") as archive:
            members = sorted(
                (member for member in archive if member.isfile() and member.name.startswith(folder)),
                key=lambda member: member.name,
            )
            files = [archive.extractfile(member) for member in members]
            texts = [file.read().decode("latin-1") for file in files if file]
    except tarfile.TarError as error:
        raise corrupt(path, form, got=str(error), expected="a whole tar archive") from error
    if not texts:
        raise corrupt(path, form, got=f"no files in {folder}", expected="one file a review")
    return texts
