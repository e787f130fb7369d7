"""Files for data sets on their way in."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from noctis.network.spool_file import SpoolFile

LARGE = bytes(1_000_000)


def test_what_is_written_can_be_read_by_this_user_alone(tmp_path: Path) -> None:
    file = SpoolFile(tmp_path)
    file.write(b"head")
    file.file.flush()
    file.write(LARGE)

    path = file.finish()
    assert path.read_bytes() == b"head" + LARGE
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_was_moved_away_is_not_discarded(tmp_path: Path) -> None:
    file = SpoolFile(tmp_path)
    kept = file.finish().rename(tmp_path / "kept")

    file.discard()
    assert kept.exists()


def test_a_discarded_file_is_gone(tmp_path: Path) -> None:
    file = SpoolFile(tmp_path)
    file.write(LARGE)

    file.discard()
    file.discard()
    assert not list(tmp_path.iterdir())


def test_a_missing_folder_is_told_at_the_end(tmp_path: Path) -> None:
    file = SpoolFile(tmp_path / "missing")
    assert file.write(LARGE) == len(LARGE)

    with pytest.raises(FileNotFoundError):
        file.finish()


@pytest.mark.parametrize("data", [LARGE, b"a little, written when the file is closed"])
def test_a_full_disk_is_told_at_the_end_and_the_space_is_given_back(tmp_path: Path, data: bytes) -> None:
    file = SpoolFile(tmp_path)
    assert file._descriptor is not None
    os.dup2(os.open("/dev/full", os.O_WRONLY), file._descriptor.fileno())
    assert file.write(data) == len(data)
    assert file.write(data) == len(data)

    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        file.finish()
    assert not list(tmp_path.iterdir())
