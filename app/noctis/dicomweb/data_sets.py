"""Data sets of stored instances, read with pydicom where the index does not say enough."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Final

from django.conf import settings
from pydicom import dcmread
from pydicom.dataset import FileDataset

from noctis.archive.header import UNREADABLE
from noctis.archive.models import Instance
from noctis.dicomweb.errors import UnreadableInstance

DEFERRED_VALUE_SIZE: Final = 64 * 1024


def stored_path(instance: Instance) -> Path:
    """Return where the instance's Part 10 file lies."""
    path: Path = settings.NOCTIS_DATA.storage / instance.path
    return path


def read_data_set(path: Path, *, with_pixels: bool = False) -> FileDataset:
    """Return the data set of a stored file, without its pixel data unless asked; large values are read when needed."""
    try:
        return dcmread(path, stop_before_pixels=not with_pixels, defer_size=DEFERRED_VALUE_SIZE)
    except FileNotFoundError as error:
        raise UnreadableInstance("The stored file of this instance is missing.") from error
    except (*UNREADABLE, OSError, zlib.error) as error:
        raise UnreadableInstance("The stored file of this instance is not a readable data set.") from error
