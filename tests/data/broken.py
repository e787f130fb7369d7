"""What peers send that must not be taken for sound: each with one sentence on what is wrong with it."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace

from pydicom.dataset import Dataset

from tests.data.phantoms import THORAX, SyntheticPatient, SyntheticStudy, ct_series
from tests.data.specimen import file_bytes

PATIENT = SyntheticPatient("Phantom^Hedwig", "SYN-0008", "19630714", "F")
STUDY = SyntheticStudy("broken", PATIENT, "Broken objects", "SYN2025008", "20250317", "130000")
PLAN = replace(THORAX, slices=1, description="The sound one")
PATH_UID = "../../x"


@dataclass(frozen=True)
class BrokenObject:
    """The bytes of a file and what is wrong with them."""

    name: str
    reason: str
    content: bytes


def sound_original() -> Dataset:
    """Return the sound slice that the broken objects were made from; send it first where they refer to it."""
    return next(ct_series(PLAN, STUDY))


def broken_objects() -> Iterator[BrokenObject]:
    """Yield files that are no DICOM, then data sets with values that cannot be, then contradictions."""
    whole = file_bytes(sound_original())
    yield BrokenObject("empty", "The file has no bytes.", b"")
    yield BrokenObject("text", "The file is a text.", b"This is not DICOM.\n" * 50)
    yield BrokenObject("preamble-only", "The file ends after its prefix.", bytes(128) + b"DICM")
    yield BrokenObject("truncated-header", "The file ends within the data set.", whole[:600])
    yield BrokenObject("truncated-pixels", "The file ends within the pixels.", whole[: len(whole) // 2])
    yield from _impossible_values()
    yield from _contradictions()


def _impossible_values() -> Iterator[BrokenObject]:
    yield BrokenObject("path-uid", "The SOP Instance UID is a path.", _changed(SOPInstanceUID=PATH_UID))
    yield BrokenObject("long-uid", "The SOP Instance UID is too long.", _changed(SOPInstanceUID="1." * 40 + "1"))
    uids = {"StudyInstanceUID": "2.25.1011", "SeriesInstanceUID": "2.25.1012", "SOPInstanceUID": "2.25.1001"}
    yield BrokenObject("no-patient-id", "The Patient ID is empty.", _changed(PatientID="", **uids))
    no_study = _changed(SOPInstanceUID="2.25.1002", StudyInstanceUID=None)
    yield BrokenObject("no-study-uid", "The Study Instance UID is missing.", no_study)
    zero = _changed(SOPInstanceUID="2.25.1003", SeriesInstanceUID="1.02.3")
    yield BrokenObject("zero-series-uid", "A part of the Series Instance UID begins with 0.", zero)


def _contradictions() -> Iterator[BrokenObject]:
    same = _changed(ImageComments="Changed")
    yield BrokenObject("same-uid", "The SOP Instance UID belongs to an object with other bytes.", same)
    other = _changed(SOPInstanceUID="2.25.1004", PatientID="SYN-0009", PatientName="Phantom^Other")
    yield BrokenObject("other-patient", "The study belongs to another patient.", other)


def _changed(**values: str | None) -> bytes:
    """Return the file of the sound slice with other values, valid or not; None takes an attribute out."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom knows that some of them are invalid: that is their use
        dataset = sound_original()
        for keyword, value in values.items():
            if value is None:
                del dataset[keyword]
            else:
                setattr(dataset, keyword, value)
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        return file_bytes(dataset)
