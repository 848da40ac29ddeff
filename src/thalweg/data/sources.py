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
        name: Its name.
        url: The address under which its files lie, with the last slash; ``None`` where they lie under none as they
            are, and somebody has to put them in their place.
        sha256: The checksum of each file, by file name.
        reference: Who made it.
        classes: The name of each class, where the files have classes.
        folder: The name of its folder, if that is not the data set's.
        origin: How to come by the files, where `url` is ``None``.
    """

    name: str
    url: str | None
    sha256: Mapping[str, str]
    reference: str
    classes: tuple[str, ...] = ()
    folder: str = ""
    origin: str = ""

    @property
    def place(self) -> str:
        """The name of its folder."""
        return self.folder or self.name


sources = Registry[Source]("data set")

for _source in (
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
    Source(
        name="tinyshakespeare",
        url="https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/",
        sha256={"input.txt": "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"},
        reference="A. Karpathy, char-rnn, 2015: 40,000 lines of W. Shakespeare's plays",
    ),
    Source(
        name="cifar10-subset",
        url=None,
        sha256={
            "train.bin.gz": "4866c2f4197d39a9c6565d7a511e80df2434d4bf95c17f88d000452701d3af46",
            "test.bin.gz": "fd316d7683db1fbfe7f74155c9ae2dbe4ad1efa678d8ed672c7ce0b624184cec",
        },
        classes=(
            *("airplane", "automobile", "bird", "cat", "deer"),
            *("dog", "frog", "horse", "ship", "truck"),
        ),
        reference="A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009: a part of CIFAR-10",
        origin="cut them from the binary version at https://www.cs.toronto.edu/~kriz/cifar.html: train is records "
        "0-3999 of data_batch_1, 4000-4760 of 2, 4761-5521 of 3, 5522-6530 of 4 and 6531-7291 of 5; test is 0-760 "
        "of test_batch",
    ),
    Source(
        name="rt-polarity",
        url="https://raw.githubusercontent.com/dennybritz/cnn-text-classification-tf/master/data/rt-polaritydata/",
        sha256={
            "rt-polarity.neg": "2d11cfbc790f1cd96d78339f41ce53ced1efa83cd22d37d6788fa3fe3d17e2fd",
            "rt-polarity.pos": "4134882974a28d0c7b5151256f0e33a6169984ee7372c279e673f1114f475d58",
        },
        classes=("negative", "positive"),
        reference="B. Pang, L. Lee, Seeing stars, ACL 2005: sentence polarity 1.0, as UTF-8",
    ),
    Source(
        name="review-polarity",
        url="https://raw.githubusercontent.com/jbrownlee/Datasets/master/",
        sha256={"review_polarity.tar.gz": "fc0dccc2671af5db3c5d8f81f77a1ebfec953ecdd422334062df61ede36b2179"},
        classes=("negative", "positive"),
        reference="B. Pang, L. Lee, A Sentimental Education, ACL 2004: polarity 2.0",
    ),
    Source(
        name="sms-spam",
        url=None,
        sha256={"SMSSpamCollection": "7d039a24a6083ed9ef0f806ebad56bbb976e3aeb8de05669173bfdc4996c239d"},
        classes=("ham", "spam"),
        reference="T. Almeida, J. Gomez Hidalgo, A. Yamakami, SMS Spam Collection 1, DocEng 2011",
        origin="from the archive at https://archive.ics.uci.edu/dataset/228/sms+spam+collection",
    ),
    Source(
        name="abalone",
        url="https://raw.githubusercontent.com/jbrownlee/Datasets/master/",
        sha256={"abalone.csv": "eb2de13be807e9bb9ec4128b9c89b98ab23d7739121cfd17b7dde69b46ba7bf6"},
        reference="W. J. Nash et al., The Population Biology of Abalone, 1994",
        folder="regression",
    ),
    Source(
        name="wine-quality",
        url="https://raw.githubusercontent.com/jbrownlee/Datasets/master/",
        sha256={
            "winequality-red.csv": "c9614512e980f1cbd221c796daa97f00c4898c3cd1716863abac60f6cd1a522e",
            "winequality-white.csv": "659d419fff887f225bf977d20520bb64a64cae203e460087f809721d4430ba27",
        },
        reference="P. Cortez et al., Modeling wine preferences by data mining, 2009",
        folder="regression",
    ),
):
    sources.add(_source.name, _source)


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
    return _found(source, Path(named, source.place), Path(named))


def _found(source: Source, *folders: Path) -> dict[str, Path]:
    found = {file: _first(folders, file) for file in source.sha256}
    missing = [file for file, path in found.items() if path is None]
    if missing:
        raise _missing(source, missing, folders[0])
    return {file: path for file, path in found.items() if path is not None}


def _first(folders: tuple[Path, ...], file: str) -> Path | None:
    candidates = (folder / variant for folder in folders for variant in (file, file.removesuffix(".gz")))
    return next((path for path in candidates if path.is_file()), None)


def _cached(source: Source) -> dict[str, Path]:
    import pooch

    folder = Path(pooch.os_cache("thalweg"), source.place)
    if source.url is None:
        return _found(source, folder)
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
    where = f"they are published at {source.url}" if source.url else source.origin
    return MissingDataError(
        f"Files of the data set {source.name} are missing.",
        got=f"the download from {source.url} failed: {shorten(str(failure), 120)}" if failure else None,
        expected=f"{', '.join(files)} in {folder}",
        remedy=f"put them there ({where}), or name the folder that holds {source.place}/ with --data DIR or "
        "THALWEG_DATA" + ("" if failure or not source.url else "; without either they are downloaded"),
    )
