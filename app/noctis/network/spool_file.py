"""A data set on its way in: written to the spool as it arrives, never held in memory.

pynetdicom opens a temporary file for each C-STORE and writes to it from the thread that reads the socket, where an
error would end the association without an answer. This file remembers the error instead, so that the modality is told.
"""

from __future__ import annotations

import os
import secrets
from functools import partial
from pathlib import Path
from typing import Any

from pynetdicom import _config, dimse_messages
from pynetdicom.dsutils import create_file_meta

from noctis.implementation import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME

WRITE_BUFFER_SIZE = 256 * 1024


class SpoolFile:
    """A file below the spool's ``incoming`` folder, readable by this user alone.

    Has what pynetdicom uses of ``tempfile.NamedTemporaryFile``: ``name``, ``file.flush``, ``write`` and ``close``.
    """

    def __init__(self, folder: Path) -> None:
        """Open a new file in ``folder``; whether that went well is known at ``finish``."""
        self.path = folder / f"store-{os.getpid()}-{secrets.token_hex(8)}.part"
        self.name = str(self.path)
        self.error: OSError | None = None
        self._descriptor = None
        try:
            self._descriptor = os.fdopen(
                os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb", WRITE_BUFFER_SIZE
            )
        except OSError as error:
            self.error = error

    @property
    def file(self) -> SpoolFile:
        """Itself: pynetdicom flushes ``file`` after each fragment."""
        return self

    def write(self, data: bytes) -> int:
        """Add bytes; after an error they are taken and dropped, so that the rest of the message can be read."""
        if self._descriptor is not None and self.error is None:
            try:
                self._descriptor.write(data)
            except OSError as error:
                self._give_up(error)
        return len(data)

    def flush(self) -> None:
        """Do nothing: the buffer is written when it is full, and at the end."""

    def finish(self) -> Path:
        """Close the file and return its path; raises the OSError that writing met with."""
        self.close()
        if self.error is not None:
            raise self.error
        return self.path

    def close(self) -> None:
        """Close the file; an error that shows only now is remembered too."""
        if self._descriptor is not None and not self._descriptor.closed:
            try:
                self._descriptor.close()
            except OSError as error:
                self._give_up(error)

    def discard(self) -> None:
        """Close and remove the file, unless it has been moved away."""
        self.close()
        self.path.unlink(missing_ok=True)

    def _give_up(self, error: OSError) -> None:
        """Remember the first error and give the space back at once."""
        self.error = self.error or error
        self.path.unlink(missing_ok=True)


def stream_data_sets_to(folder: Path) -> None:
    """Let pynetdicom write the data sets of this process's C-STOREs to ``folder`` as they arrive."""

    def open_spool_file(**_options: Any) -> SpoolFile:
        return SpoolFile(folder)

    _config.STORE_RECV_CHUNKED_DATASET = True
    dimse_messages.NamedTemporaryFile = open_spool_file  # type: ignore[attr-defined,assignment]
    dimse_messages.create_file_meta = partial(  # type: ignore[attr-defined]
        create_file_meta,
        implementation_uid=IMPLEMENTATION_CLASS_UID,
        implementation_version=IMPLEMENTATION_VERSION_NAME,
    )
