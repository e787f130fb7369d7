"""Files of the archive: moved without copying, made durable, private to the service's user.

Spool, storage and quarantine lie in one file system, so that a file gets its place by a hard link: after a power cut
it is in the old place, in the new one or in both, and never in neither.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

COPY_CHUNK = 1024 * 1024


def instance_path(study_instance_uid: str, sop_instance_uid: str, sha256: str) -> str:
    """Return the place of an instance relative to the storage folder: ``ab/cd/<study>/<instance>-<hash>.dcm``.

    Both UIDs must have been validated; the shard comes from a hash of the study's, so that folders stay small.
    """
    return f"{study_folder(study_instance_uid)}{sop_instance_uid}-{sha256[:12]}.dcm"


def study_folder(study_instance_uid: str) -> str:
    """Return with what the place of every instance begins that was received with this Study Instance UID."""
    shard = hashlib.sha256(study_instance_uid.encode("ascii")).hexdigest()
    return f"{shard[:2]}/{shard[2:4]}/{study_instance_uid}/"


def received_study_uid(path: str) -> str:
    """Return the Study Instance UID with which the instance was received whose place is ``path``."""
    return path.rsplit("/", 2)[1]


def sha256_of(path: Path, offset: int = 0) -> str:
    """Return the SHA-256 of a file from ``offset`` to its end."""
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        file.seek(offset)
        while chunk := file.read(COPY_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def make_durable(path: Path) -> None:
    """Wait until the file's, or the folder's, content is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def give_place(source: Path, target: Path) -> set[Path]:
    """Link ``source`` as ``target`` and return the folders that must be made durable before it counts.

    A target that is there already is the same content: its name holds the hash.
    """
    changed = {target.parent}
    missing = []
    folder = target.parent
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for folder in reversed(missing):
        folder.mkdir(mode=0o700, exist_ok=True)
        changed.add(folder.parent)
    source.chmod(0o600)
    with suppress(FileExistsError):
        os.link(source, target)
    return changed


def make_all_durable(folders: Iterable[Path]) -> None:
    """Make the entries of several folders durable."""
    for folder in folders:
        make_durable(folder)
