"""Folders of worklist files as DCMTK's wlmscpfs serves them: ``FOLDER/AE_TITLE/*.wl``, each with a ``lockfile``."""

from __future__ import annotations

import fcntl
import hashlib
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Final

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError

from noctis.accounts.models import Facility
from noctis.dicom.attributes import UNREADABLE
from noctis.modality_worklist.actions import (
    Imported,
    Origin,
    Outcome,
    StudyOfAnotherPatient,
    cancel_left_out,
    import_steps,
)
from noctis.modality_worklist.models import Source
from noctis.modality_worklist.particulars import InvalidParticulars, StepParticulars
from noctis.modality_worklist.worklist_item import particulars_of

SUFFIX: Final = ".wl"
LOCK_FILE: Final = "lockfile"
LOCK_SECONDS: Final = 10.0
LOCK_RETRY_SECONDS: Final = 0.05
LARGEST_FILE: Final = 1024 * 1024
LONGEST_KEY: Final = 250


class BadWorklistFile(Exception):
    """A file cannot be imported; the text says why without naming the patient."""


class FolderBusy(Exception):
    """Another program keeps the folder locked."""


@dataclass
class FolderReport:
    """What one pass over a folder did: steps by outcome, bad files by their path below the folder."""

    files: int = 0
    steps: Counter[Outcome] = field(default_factory=Counter)
    cancelled: int = 0
    bad: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def changed_anything(self) -> bool:
        """Whether there is something to tell."""
        return bool(self.steps[Outcome.ADDED] or self.steps[Outcome.CHANGED] or self.cancelled or self.bad)

    def __str__(self) -> str:
        counts = ", ".join(f"{self.steps[outcome]} {outcome.value}" for outcome in Outcome)
        return f"{self.files} files read: {counts}, {self.cancelled} cancelled; {len(self.bad)} bad files."


class WorklistFolder:
    """A folder to import into a facility, once or again and again: a file is read anew when it has changed."""

    def __init__(self, root: Path, facility: Facility, *, cancel_missing: bool = False) -> None:
        """Remember where to look; with ``cancel_missing`` a step is cancelled when its file has gone."""
        self._root = root
        self._facility = facility
        self._cancel_missing = cancel_missing
        self._origin = Origin(Source.FOLDER, order=_shortened(str(root.resolve())))
        self._seen: dict[Path, tuple[int, int]] = {}
        self._keys: dict[Path, list[str]] = {}
        self._bad: set[Path] = set()

    def import_changes(self) -> FolderReport:
        """Import what is new or changed since the last pass. Raises OSError where the folder cannot be read."""
        report = FolderReport()
        present: set[Path] = set()
        saw_all = True
        for folder in self._folders():
            try:
                with shared_lock(folder):
                    present.update(self._import_folder(folder, report))
            except FolderBusy:
                report.notes.append(f"{folder}: locked by another program, left for the next pass")
                present.update(path for path in self._seen if path.parent == folder)
                saw_all = False
        for path in self._seen.keys() - present:
            del self._seen[path]
            self._keys.pop(path, None)
        self._bad &= present
        if self._cancel_missing and saw_all and not self._bad:  # a bad file may be the new form of a known one
            keys = {key for keys in self._keys.values() for key in keys}
            report.cancelled = cancel_left_out(self._facility, keys, origin=self._origin)
        return report

    def _folders(self) -> list[Path]:
        return [self._root, *sorted(path for path in self._root.iterdir() if path.is_dir())]

    def _import_folder(self, folder: Path, report: FolderReport) -> Iterator[Path]:
        files = sorted(path for path in folder.iterdir() if path.suffix.lower() == SUFFIX and path.is_file())
        if files and not (folder / LOCK_FILE).exists():
            report.notes.append(f"{folder}: has no {LOCK_FILE}, read without locking")
        for path in files:
            state = path.stat()
            version = (state.st_mtime_ns, state.st_size)
            yield path
            if self._seen.get(path) != version:
                self._import_file(path, report)
                self._seen[path] = version

    def _import_file(self, path: Path, report: FolderReport) -> None:
        report.files += 1
        name = path.relative_to(self._root).as_posix()
        try:
            steps = [
                Imported(_key(name, number, particulars), particulars)
                for number, particulars in enumerate(read_worklist_file(path), start=1)
            ]
            outcomes = import_steps(self._facility, steps, origin=self._origin)
        except (BadWorklistFile, InvalidParticulars, StudyOfAnotherPatient) as error:
            report.bad[name] = str(error)
            self._bad.add(path)
            return
        self._bad.discard(path)
        self._keys[path] = [step.key for step in steps]
        report.steps.update(outcome for _, outcome in outcomes)


def read_worklist_file(path: Path) -> list[StepParticulars]:
    """Return the steps that a worklist file schedules. Raises BadWorklistFile and InvalidParticulars."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise BadWorklistFile("The file is too large for a worklist item.")
        content = path.read_bytes()
    except OSError as error:
        raise BadWorklistFile(f"The file cannot be read: {error.strerror}.") from error
    return particulars_of(_data_set(content))


def _data_set(content: bytes) -> Dataset:
    """Read a Part 10 file or a bare data set: wlmscpfs takes both."""
    try:
        return dcmread(BytesIO(content), force=True)
    except (InvalidDicomError, EOFError, RecursionError, *UNREADABLE) as error:
        raise BadWorklistFile("The file is not a DICOM data set.") from error


def _key(name: str, number: int, particulars: StepParticulars) -> str:
    """Return what the step is known by: its own identifiers, which outlive a renamed file, else the file."""
    if particulars.study_instance_uid and particulars.step_id:
        return f"{particulars.study_instance_uid}/{particulars.requested_procedure_id}/{particulars.step_id}"
    return _shortened(f"{name}#{number}")


def _shortened(key: str) -> str:
    return key if len(key) <= LONGEST_KEY else f"sha256:{hashlib.sha256(key.encode()).hexdigest()}"


@contextmanager
def shared_lock(folder: Path) -> Iterator[None]:
    """Keep writers out while the folder is read, as wlmscpfs does; a folder without lock file is not locked.

    Raises FolderBusy where somebody else writes for long.
    """
    try:
        lock = (folder / LOCK_FILE).open("rb")
    except FileNotFoundError:
        yield
        return
    with lock:
        deadline = time.monotonic() + LOCK_SECONDS
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() > deadline:
                    raise FolderBusy(str(folder)) from error
                time.sleep(LOCK_RETRY_SECONDS)
        yield
