"""Where data sets that come as files are: a folder that is named, else a per-user cache, filled on first use."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten
from typing import Any

from thalweg.core.errors import CorruptFileError, MissingDataError
from thalweg.core.registry import Registry


@dataclass(frozen=True, kw_only=True)
class Source:
    """All that is said of a data set that comes as files.

    Attributes:
        name: Its name, and the name of its folder.
        url: The address under which its files lie, with the last slash.
        sha256: The checksum of each file, by file name.
        reference: Who made it.
        classes: The name of each class, where the files have classes.
    """

    name: str
    url: str
    sha256: Mapping[str, str]
    reference: str
    classes: tuple[str, ...] = ()


sources = Registry[Source]("data set")

sources.add(
    "mnist",
    Source(
        name="mnist",
        url="https://ossci-datasets.s3.amazonaws.com/mnist/",
        sha256={
            "train-images-idx3-ubyte.gz": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            "train-labels-idx1-ubyte.gz": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            "t10k-images-idx3-ubyte.gz": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            "t10k-labels-idx1-ubyte.gz": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        },
        classes=tuple("0123456789"),
        reference="Y. LeCun, C. Cortes, C. J. C. Burges, The MNIST database of handwritten digits",
    ),
)
sources.add(
    "fashion-mnist",
    Source(
        name="fashion-mnist",
        url="http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        sha256={
            "train-images-idx3-ubyte.gz": "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            "train-labels-idx1-ubyte.gz": "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            "t10k-images-idx3-ubyte.gz": "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            "t10k-labels-idx1-ubyte.gz": "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
        },
        classes=(
            *("T-shirt/top", "trouser", "pullover", "dress", "coat"),
            *("sandal", "shirt", "sneaker", "bag", "ankle boot"),
        ),
        reference="H. Xiao, K. Rasul, R. Vollgraf, Fashion-MNIST, 2017, arXiv:1708.07747",
    ),
)
sources.add(
    "tinyshakespeare",
    Source(
        name="tinyshakespeare",
        url="https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/",
        sha256={"input.txt": "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"},
        reference="A. Karpathy, char-rnn, 2015: 40,000 lines of W. Shakespeare's plays",
    ),
)


def locate(name: str, *, root: str | Path | None = None) -> dict[str, Path]:
    """Find the files of a data set, and download them only if no folder was named.

    The folder is `root`, else ``$THALWEG_DATA``, else the per-user cache. A named folder holds the files in
    a folder of the data set's name, or itself, gzipped or not; nothing is ever written there.

    Args:
        name: A name in `sources`.
        root: The folder that ``--data`` names.

    Returns:
        The path of each file, by the file's published name.

    Raises:
        UnknownNameError: There is no such data set.
        MissingDataError: Files are missing in the named folder, or cannot be downloaded.
        CorruptFileError: A downloaded file is not the published one.

    Example:
        >>> try:
        ...     locate("mnist", root="no-such-folder")
        ... except MissingDataError as error:
        ...     print(error.what)
        Files of the data set mnist are missing.
    """
    source = sources[name]
    named = root or os.environ.get("THALWEG_DATA")
    if not named:
        return _cached(source)
    folders = (Path(named, name), Path(named))
    found = {file: _first(folders, file) for file in source.sha256}
    missing = [file for file, path in found.items() if path is None]
    if missing:
        raise _missing(source, missing, Path(named, name))
    return {file: path for file, path in found.items() if path is not None}


def _first(folders: tuple[Path, ...], file: str) -> Path | None:
    candidates = (folder / variant for folder in folders for variant in (file, file.removesuffix(".gz")))
    return next((path for path in candidates if path.is_file()), None)


def _cached(source: Source) -> dict[str, Path]:
    import pooch

    folder = Path(pooch.os_cache("thalweg"), source.name)
    registry = {file: f"sha256:{digest}" for file, digest in source.sha256.items()}
    store = pooch.create(path=folder, base_url=source.url, registry=registry)
    # A stream that ends in an error would leave its socket open. (Any: pooch's own type for it is wrong.)
    whole: Any = pooch.HTTPDownloader(stream=False)
    try:
        return {file: Path(store.fetch(file, downloader=whole)) for file in registry}
    except OSError as error:
        absent = [file for file in registry if not (folder / file).is_file()]
        raise _missing(source, absent or list(registry), folder, failure=error) from error
    except ValueError as error:
        raise CorruptFileError(
            f"A file of the data set {source.name} is not the published one after its download.",
            got=str(error),
            expected="the checksum that thalweg.data.sources lists",
            remedy="try again; if a proxy changes downloads, fetch the files by other means and pass --data DIR",
        ) from error


def _missing(
    source: Source, files: list[str], folder: Path, *, failure: Exception | None = None
) -> MissingDataError:
    return MissingDataError(
        f"Files of the data set {source.name} are missing.",
        got=f"the download from {source.url} failed: {shorten(str(failure), 120)}" if failure else None,
        expected=f"{', '.join(files)} in {folder}",
        remedy=f"put them there (they are published at {source.url}), or name the folder that holds "
        f"{source.name}/ with --data DIR or THALWEG_DATA"
        + ("" if failure else "; without either they are downloaded"),
    )
