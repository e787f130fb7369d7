"""Small studies for tests of the pages: one 4 × 4 image each, names and numbers as the test wants them."""

from __future__ import annotations

from pathlib import Path

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid


def write_study(folder: Path, patient: str, *, images: int = 1, **attributes: object) -> str:
    """Write the images of a new study below ``folder`` and return its Study Instance UID."""
    study, series = generate_uid(), generate_uid()
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(1, images + 1):
        dataset = Dataset()
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        dataset.SOPClassUID, dataset.SOPInstanceUID = CTImageStorage, generate_uid()
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID = study, series
        dataset.PatientName, dataset.PatientID = patient, patient.partition("^")[0].upper()
        dataset.PatientBirthDate, dataset.PatientSex = "19610305", "F"
        dataset.StudyDate, dataset.StudyTime, dataset.Modality = "20260102", "030405", "CT"
        dataset.StudyDescription, dataset.InstanceNumber = "Thorax", number
        dataset.Rows = dataset.Columns = 4
        dataset.SamplesPerPixel, dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 1, 16, 16, 15
        dataset.PixelRepresentation, dataset.PhotometricInterpretation = 0, "MONOCHROME2"
        dataset.PixelData = bytes(32)
        for keyword, value in attributes.items():
            setattr(dataset, keyword, value)
        dataset.save_as(folder / f"{dataset.SOPInstanceUID}.dcm", enforce_file_format=True)
    return study
