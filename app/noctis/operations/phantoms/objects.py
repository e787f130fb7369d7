"""Data sets with the modules that every composite IOD shares (PS3.3 C.7 and C.12.1), and their way to a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from noctis.dicom.uids import uid_from_name
from noctis.operations.phantoms.identity import SyntheticSeries

IMPLEMENTATION_CLASS_UID = uid_from_name("implementation class")
IMPLEMENTATION_VERSION_NAME = "NOCTIS_PHANTOM"
MANUFACTURER = "Noctis synthetic images"


def new_instance(sop_class_uid: str, series: SyntheticSeries, number: int) -> Dataset:
    """Return a data set with the modules Patient, General Study, General Series, General Equipment and SOP Common."""
    dataset = Dataset()
    dataset.file_meta = _file_meta(sop_class_uid, series.instance_uid(number))
    _add_patient_and_study(dataset, series)
    dataset.SOPClassUID = sop_class_uid
    dataset.SOPInstanceUID = series.instance_uid(number)
    dataset.InstanceCreationDate = series.study.date
    dataset.InstanceCreationTime = series.study.time
    dataset.Modality = series.modality
    dataset.SeriesInstanceUID = series.uid
    dataset.SeriesNumber = series.number
    dataset.SeriesDescription = series.description
    dataset.SeriesDate = series.study.date
    dataset.SeriesTime = series.study.time
    if series.body_part:
        dataset.BodyPartExamined = series.body_part
    else:
        dataset.Laterality = ""
    dataset.Manufacturer = MANUFACTURER
    dataset.ManufacturerModelName = "Phantom 1"
    dataset.DeviceSerialNumber = "0"
    dataset.SoftwareVersions = "1"
    dataset.InstitutionName = "Synthetic Hospital"
    dataset.InstanceNumber = number
    dataset.ContentDate = series.study.date
    dataset.ContentTime = series.study.time
    return dataset


def _file_meta(sop_class_uid: str, sop_instance_uid: str) -> FileMetaDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(sop_class_uid)
    meta.MediaStorageSOPInstanceUID = UID(sop_instance_uid)
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = UID(IMPLEMENTATION_CLASS_UID)
    meta.ImplementationVersionName = IMPLEMENTATION_VERSION_NAME
    return meta


def _add_patient_and_study(dataset: Dataset, series: SyntheticSeries) -> None:
    study, patient = series.study, series.study.patient
    if study.character_set:
        character_sets = study.character_set.split("\\")
        dataset.SpecificCharacterSet = character_sets if len(character_sets) > 1 else character_sets[0]
    dataset.PatientName = patient.name
    dataset.PatientID = patient.patient_id
    dataset.PatientBirthDate = patient.birth_date
    dataset.PatientSex = patient.sex
    dataset.PatientAge = study.age
    dataset.PatientWeight = patient.weight
    dataset.StudyInstanceUID = study.uid
    dataset.StudyDate = study.date
    dataset.StudyTime = study.time
    dataset.StudyID = study.seed.upper()[:16]
    dataset.StudyDescription = study.description
    dataset.AccessionNumber = study.accession_number
    dataset.ReferringPhysicianName = "Referrer^Rita"


def set_grey_pixels(
    dataset: Dataset, pixels: NDArray[np.uint8] | NDArray[np.uint16] | NDArray[np.int16], *, bits_stored: int
) -> None:
    """Add the Image Pixel module of a greyscale image: ``pixels`` is (rows, columns) or (frames, rows, columns)."""
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.Rows, dataset.Columns = pixels.shape[-2:]
    dataset.BitsAllocated = pixels.dtype.itemsize * 8
    dataset.BitsStored = bits_stored
    dataset.HighBit = bits_stored - 1
    dataset.PixelRepresentation = int(pixels.dtype.kind == "i")
    set_pixel_bytes(dataset, pixels.astype(pixels.dtype.newbyteorder("<"), copy=False).tobytes())


def set_rgb_pixels(dataset: Dataset, pixels: NDArray[np.uint8]) -> None:
    """Add the Image Pixel module of an RGB image: ``pixels`` is (rows, columns, 3) or (frames, rows, columns, 3)."""
    dataset.SamplesPerPixel = 3
    dataset.PhotometricInterpretation = "RGB"
    dataset.PlanarConfiguration = 0
    dataset.Rows, dataset.Columns = pixels.shape[-3:-1]
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 8, 8, 7
    dataset.PixelRepresentation = 0
    set_pixel_bytes(dataset, pixels.tobytes())


def set_pixel_bytes(dataset: Dataset, data: bytes) -> None:
    """Set native Pixel Data, padded to even length, with the VR that Bits Allocated asks for (PS3.5 8.2)."""
    dataset.PixelData = data + b"\0" * (len(data) % 2)
    dataset["PixelData"].VR = "OB" if dataset.BitsAllocated == 8 else "OW"  # noqa: PLR2004 - a byte


def save(dataset: Dataset, path: Path) -> Path:
    """Write ``dataset`` as a DICOM file (PS3.10) and return its path; the folder is made where it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset.save_as(path, enforce_file_format=True)
    return path
