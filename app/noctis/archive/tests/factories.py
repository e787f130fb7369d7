"""Small DICOM files and deliveries for the archive's tests."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from noctis.accounts.models import Facility
from noctis.archive.ingest import Origin, Receipt, open_reception, receive
from noctis.archive.models import Reception

ROOT = "1.2.826.0.1.3680043.10.1561"
CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"


def image(study: int = 1, series: int = 1, instance: int = 1, **attributes: object) -> Dataset:
    """Return a 4 × 4 CT image whose UIDs are numbered."""
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID = CT_IMAGE
    dataset.StudyInstanceUID = f"{ROOT}.{study}"
    dataset.SeriesInstanceUID = f"{ROOT}.{study}.{series}"
    dataset.SOPInstanceUID = f"{ROOT}.{study}.{series}.{instance}"
    dataset.PatientID, dataset.PatientName = "P1", "Phantom^Ada"
    dataset.StudyDate, dataset.StudyTime = "20260102", "030405"
    dataset.Modality = "CT"
    dataset.InstanceNumber = instance
    dataset.Rows = dataset.Columns = 4
    dataset.SamplesPerPixel, dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 1, 16, 16, 15
    dataset.PixelRepresentation, dataset.PhotometricInterpretation = 0, "MONOCHROME2"
    dataset.PixelData = bytes(range(32))
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


def write(dataset: Dataset, path: Path) -> Path:
    """Write ``dataset`` as a Part 10 file in explicit little endian."""
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = UID(CT_IMAGE)
    dataset.file_meta.MediaStorageSOPInstanceUID = UID(f"{ROOT}.1")
    dataset.save_as(path, enforce_file_format=True)
    return path


def reception(code: str = "NORTH") -> Reception:
    """Return a delivery for the facility ``code``."""
    facility, _ = Facility.objects.get_or_create(code=code, defaults={"name": code.title()})
    return open_reception(Origin(facility, "C-STORE", ae_title=f"CT_{code}", address="127.0.0.1"))


def deliver(dataset: Dataset, delivery: Reception) -> Receipt:
    """Hand ``dataset`` to the ingest door."""
    return receive(write(dataset, settings.NOCTIS_DATA.incoming / "arriving.dcm"), delivery)
