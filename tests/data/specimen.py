"""An object together with the name of its file."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

from pydicom.dataset import Dataset


@dataclass(frozen=True)
class Specimen:
    """A sound object; ``lossless`` says whether its pixels are exactly those it was made from."""

    name: str
    dataset: Dataset
    lossless: bool = True

    @property
    def transfer_syntax(self) -> str:
        """The Transfer Syntax UID of its file."""
        return str(self.dataset.file_meta.TransferSyntaxUID)


def file_bytes(dataset: Dataset) -> bytes:
    """Return ``dataset`` as the bytes of a DICOM file (PS3.10)."""
    buffer = BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()
