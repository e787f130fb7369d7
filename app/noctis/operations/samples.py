"""The studies that a new appliance shows: synthetic ones, and a few images that the installed pydicom brings along."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset

from noctis.dicom.uids import uid_from_name
from noctis.operations.phantoms.angiography import angiogram
from noctis.operations.phantoms.captures import colour_rendering, palette_map
from noctis.operations.phantoms.ct import ct_study
from noctis.operations.phantoms.identity import SyntheticPatient
from noctis.operations.phantoms.mr import mr_series
from noctis.operations.phantoms.objects import save
from noctis.operations.phantoms.radiography import chest_radiograph
from noctis.operations.phantoms.ultrasound import ultrasound_loop


@dataclass(frozen=True)
class ShippedImage:
    """A file inside the pydicom package; ``patient`` and ``study`` replace an identity that says nothing."""

    name: str
    patient: SyntheticPatient | None = None
    study: str = ""


SHIPPED_IMAGES = (
    ShippedImage("CT_small.dcm"),
    ShippedImage("MR_small.dcm"),
    ShippedImage("examples_rgb_color.dcm"),
    ShippedImage("examples_ybr_color.dcm", SyntheticPatient("Sample^Greta", "SYN-0101", "19600821", "F"), "Echo"),
)


def sample_studies(folder: Path) -> list[Path]:
    """Write the sample studies below ``folder`` and return a folder for each, about 110 MB together.

    Images that pydicom no longer ships are left out. Raises OSError where the folder cannot be written.
    """
    return [_write(folder / name, instances) for name, instances in _studies()]


def _studies() -> Iterator[tuple[str, Iterable[Dataset]]]:
    yield "ct", ct_study(noise=True)
    yield "mr", mr_series(noise=True)
    yield "ultrasound", [ultrasound_loop()]
    yield "angiography", [angiogram()]
    yield "captures", [colour_rendering(), palette_map()]
    yield "radiograph", [chest_radiograph()]
    for image in SHIPPED_IMAGES:
        if dataset := shipped_image(image):
            yield Path(image.name).stem, [dataset]


def shipped_image(image: ShippedImage) -> Dataset | None:
    """Return an image of the pydicom package, or None where the installed version has no such file.

    Where the identity is replaced, so are the UIDs: it is another object than the one that pydicom ships.
    """
    path = get_testdata_file(image.name, download=False)
    if not isinstance(path, str):
        return None
    dataset = dcmread(path)
    if image.patient is not None:
        _replace_identity(dataset, image.patient, image.study)
    return dataset


def _replace_identity(dataset: Dataset, patient: SyntheticPatient, study: str) -> None:
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.PatientName, dataset.PatientID = patient.name, patient.patient_id
    dataset.PatientBirthDate, dataset.PatientSex = patient.birth_date, patient.sex
    dataset.StudyDescription = study
    dataset.ReferringPhysicianName = "Referrer^Rita"
    dataset.remove_private_tags()
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"):
        setattr(dataset, keyword, uid_from_name("sample", dataset[keyword].value))
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID


def _write(folder: Path, instances: Iterable[Dataset]) -> Path:
    for number, dataset in enumerate(instances, start=1):
        save(dataset, folder / f"{number:04d}.dcm")
    return folder
