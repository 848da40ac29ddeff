from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from hashlib import sha256
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pooch
import pytest

from thalweg.core.errors import CorruptFileError, MissingDataError, UnknownNameError
from thalweg.core.registry import Registry
from thalweg.data import sources as module
from thalweg.data.sources import Source, locate

CONTENT = {"a.gz": b"first", "b.gz": b"second"}


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """A real server of the two files, in this process."""
    folder = tmp_path / "server"
    folder.mkdir()
    for name, content in CONTENT.items():
        (folder / name).write_bytes(content)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.delenv("THALWEG_DATA", raising=False)
    monkeypatch.setattr(pooch, "os_cache", lambda project: tmp_path / "cache" / project)
    return tmp_path / "cache" / "thalweg" / "toy"


def offer(monkeypatch: pytest.MonkeyPatch, url: str, **changed: str) -> None:
    digests = {name: sha256(content).hexdigest() for name, content in CONTENT.items()} | changed
    table = Registry[Source]("data set")
    table.add("toy", Source(name="toy", url=url, sha256=digests, classes=("x",), reference=""))
    monkeypatch.setattr(module, "sources", table)


def test_download_fills_the_cache_once(
    monkeypatch: pytest.MonkeyPatch, address: str, cache: Path, tmp_path: Path
) -> None:
    offer(monkeypatch, address)
    files = locate("toy")
    assert files == {name: cache / name for name in CONTENT}
    assert {name: path.read_bytes() for name, path in files.items()} == CONTENT
    offer(monkeypatch, "http://127.0.0.1:9/")
    assert locate("toy") == files


def test_a_wrong_checksum(monkeypatch: pytest.MonkeyPatch, address: str, cache: Path) -> None:
    offer(monkeypatch, address, **{"b.gz": "0" * 64})
    with pytest.raises(CorruptFileError, match=r"toy is not the published one[\s\S]*b\.gz") as caught:
        locate("toy")
    assert isinstance(caught.value.__cause__, ValueError)
    assert [path.name for path in cache.iterdir()] == ["a.gz"]


@pytest.mark.parametrize("host", ["http://127.0.0.1:9/", None])
def test_no_download(monkeypatch: pytest.MonkeyPatch, address: str, host: str | None, cache: Path) -> None:
    offer(monkeypatch, host or f"{address}nowhere/")
    with pytest.raises(MissingDataError) as caught:
        locate("toy")
    text = str(caught.value)
    assert f"a.gz, b.gz in {cache}" in text
    assert "--data DIR or THALWEG_DATA" in text
    assert "download from http" in text


def test_a_named_folder_is_never_filled(monkeypatch: pytest.MonkeyPatch, address: str, tmp_path: Path) -> None:
    offer(monkeypatch, address)
    mine = tmp_path / "mine"
    (mine / "toy").mkdir(parents=True)
    (mine / "toy" / "a.gz").write_bytes(b"")
    with pytest.raises(MissingDataError, match=rf"expected: b\.gz in {mine}/toy"):
        locate("toy", root=mine)
    (mine / "b").write_bytes(b"")
    assert locate("toy", root=mine) == {"a.gz": mine / "toy" / "a.gz", "b.gz": mine / "b"}


def test_the_option_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    offer(monkeypatch, "http://127.0.0.1:9/")
    for folder in ("env", "option"):
        (tmp_path / folder).mkdir()
        for name in CONTENT:
            (tmp_path / folder / name).write_bytes(b"")
    monkeypatch.setenv("THALWEG_DATA", str(tmp_path / "env"))
    assert locate("toy")["a.gz"] == tmp_path / "env" / "a.gz"
    assert locate("toy", root=tmp_path / "option")["a.gz"] == tmp_path / "option" / "a.gz"


def test_unknown_data_set() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'mnist'"):
        locate("mnits")


def test_checksums_are_those_of_the_real_files(data_root: Path) -> None:
    for name in module.sources:
        for file, path in locate(name, root=data_root).items():
            assert sha256(path.read_bytes()).hexdigest() == module.sources[name].sha256[file]


def test_files_that_no_address_offers_are_put_in_place_by_hand(
    monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    table = Registry[Source]("data set")
    digests = dict.fromkeys(CONTENT, "")
    table.add(
        "toy", Source(name="toy", url=None, sha256=digests, reference="", folder="box", origin="ask the author")
    )
    monkeypatch.setattr(module, "sources", table)
    box = cache.parent / "box"
    with pytest.raises(MissingDataError) as caught:
        locate("toy")
    text = str(caught.value)
    assert f"a.gz, b.gz in {box}" in text
    assert "put them there (ask the author), or name the folder that holds box/" in text
    assert "download" not in text
    box.mkdir(parents=True)
    for name in CONTENT:
        (box / name).touch()
    assert locate("toy") == {name: box / name for name in CONTENT}


def test_every_source_says_where_its_files_come_from() -> None:
    for name in module.sources:
        source = module.sources[name]
        assert source.name == name
        assert (source.url or "").endswith("/") != bool(source.origin)
        assert all(len(digest) == 64 for digest in source.sha256.values())
