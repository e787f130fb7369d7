"""``dicom-server start --database none``: the files are all that lasts."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from pydicom import dcmread

from noctis.archive.storage_area import sha256_of
from noctis.network.tests.dicom_server_command import Server
from tests.support.databases import own_file
from tests.support.peers import SentObject, dcmtk, echoscu, send_raw
from tests.support.waiting import wait_for, wait_until_said

pytestmark = pytest.mark.integration

FILES_ONLY = ("--database", "none")
MakeImages = Callable[..., list[SentObject]]


@pytest.fixture(scope="module")
def empty_index(tmp_path_factory: pytest.TempPathFactory, ct: SentObject) -> Path:
    """Give the empty index that a first start leaves for the next ones."""
    first = Server(tmp_path_factory.mktemp("first") / "data")
    first.start(*FILES_ONLY)
    try:
        assert set(send_raw(first.port, [ct]).values()) == {0}
    finally:
        first.end()
    (kept,) = (first.data_dir / "run").glob("files_only.*sqlite3*")
    return kept


@pytest.fixture
def server(tmp_path: Path, empty_index: Path) -> Iterator[Server]:
    """Give a server of the test's own, which ends with it; it was started before, when it had no files."""
    one = Server(tmp_path / "data")
    (one.data_dir / "run").mkdir(mode=0o700, parents=True)
    shutil.copy(empty_index, one.data_dir / "run")
    yield one
    if one.process is not None:
        one.end()
        assert "Traceback" not in one.said()


def found(server: Server) -> int:
    """Return the number of images that a query finds."""
    keys = ["-k", "QueryRetrieveLevel=IMAGE", "-k", "SOPInstanceUID", "-k", "StudyInstanceUID=2.25.1"]
    keys += ["-k", "SeriesInstanceUID=2.25.2"]
    done = dcmtk("findscu", "-v", "-S", *keys, "-aec", "NOCTIS_PACS", "127.0.0.1", str(server.port))
    return (done.stdout + done.stderr).count("(Pending)")


def stored(server: Server) -> dict[Path, bytes]:
    """Return the content of every file of the storage."""
    return {path: path.read_bytes() for path in (server.data_dir / "storage").rglob("*.dcm")}


def restart(server: Server) -> None:
    """Stop the service and start it anew."""
    server.end()
    server.start(*FILES_ONLY)


def test_what_was_stored_is_found_after_a_restart(server: Server, make_images: MakeImages) -> None:
    server.start(*FILES_ONLY)
    assert "Database:       none, files only" in server.output
    assert set(send_raw(server.port, make_images(3)).values()) == {0}
    assert found(server) == 3
    files = stored(server)
    restart(server)
    assert "3 objects of the storage are indexed." in server.output
    assert found(server) == 3
    assert stored(server) == files
    server.end()
    assert not list((server.data_dir / "run").glob("files_only.sqlite3*")), "the index is thrown away"
    assert not (server.data_dir / "noctis.sqlite3").exists()


def test_an_empty_index_is_kept_for_the_next_start(server: Server, empty_index: Path) -> None:
    with closing(sqlite3.connect(empty_index)) as kept:
        assert kept.execute("SELECT count(*) FROM archive_study").fetchone() == (0,), "it knows a patient"
    mine = server.data_dir / "run" / empty_index.name
    outdated = mine.rename(mine.with_name("files_only.empty-0123456789abcdef.sqlite3"))
    server.start(*FILES_ONLY)
    assert mine.stat().st_mode & 0o777 == 0o600
    assert not outdated.exists(), "the one of another release is left"


def test_what_waited_in_the_spool_is_indexed_too(server: Server, make_images: MakeImages) -> None:
    server.start(*FILES_ONLY)
    send_raw(server.port, make_images(2))
    assert found(server) == 2
    server.end()
    spool = server.data_dir / "spool" / "ready"
    (path, *_) = stored(server)
    acknowledged = spool / f"{1:020d}-4711-{offset_of(path)}-{sha256_of(path, offset_of(path))}.dcm"
    path.rename(acknowledged)
    server.start(*FILES_ONLY)
    assert found(server) == 2
    assert not any(spool.iterdir())


def test_a_conflict_stays_in_quarantine(server: Server, make_images: MakeImages, tmp_path: Path) -> None:
    server.start(*FILES_ONLY)
    (image,) = make_images(1)
    send_raw(server.port, [image])
    other = dcmread(image.path)
    other.PatientComments = "other bytes"
    other.save_as(tmp_path / "other.dcm")
    send_raw(server.port, [SentObject.read(tmp_path / "other.dcm")])
    quarantine = server.data_dir / "quarantine"
    wait_for(lambda: len(list(quarantine.iterdir())) == 1, "the object in quarantine")
    files = stored(server)
    restart(server)
    assert len(list(quarantine.iterdir())) == 1
    assert stored(server) == files
    assert found(server) == 1


def test_a_damaged_file_is_named_and_left_alone(server: Server, make_images: MakeImages) -> None:
    server.start(*FILES_ONLY)
    send_raw(server.port, make_images(2))
    assert found(server) == 2
    server.end()
    path = min(stored(server))
    content = bytearray(path.read_bytes())
    content[-1] ^= 0xFF
    path.write_bytes(content)
    server.start(*FILES_ONLY)
    wait_until_said(server, f"{path.name} is not indexed: it is not what was stored under this name")
    assert found(server) == 1
    assert path.read_bytes() == content


def test_who_is_allowed_is_known(server: Server) -> None:
    server.start(*FILES_ONLY, "--allowed-ae", "CT1,MR1")
    assert echoscu(server.port, calling="CT1").returncode == 0
    assert echoscu(server.port, calling="US1").returncode != 0


def test_files_of_a_database_are_not_used_without_it(server: Server, make_images: MakeImages) -> None:
    own_file(server.data_dir / "noctis.sqlite3")
    server.start()
    server.end()
    refused = server.run("start", *FILES_ONLY, check=False)
    assert refused.returncode == 1
    assert "belongs to a database, which would not learn of objects" in refused.stderr


def test_files_without_a_database_do_not_get_one(server: Server) -> None:
    server.start(*FILES_ONLY)
    refused = server.run("start", "--database", "sqlite", check=False)
    assert "was used with --database none" in refused.stderr
    refused = server.run("start", *FILES_ONLY, check=False)
    assert "Another DICOM service already works in" in refused.stderr
    assert echoscu(server.port).returncode == 0, "the running service is not disturbed"


def offset_of(path: Path) -> int:
    """Return where the data set begins."""
    return 144 + int.from_bytes(path.read_bytes()[140:144], "little")
