"""What the contenders are asked to do. To ask costs little: images are patched in memory, nothing is decoded."""

from __future__ import annotations

import random
import struct
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from pydicom.dataset import Dataset
from pydicom.filebase import DicomFileLike
from pydicom.filewriter import write_dataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from tests.bench.contenders import CALLING, Contender
from tests.support.peers import SentObject
from tests.support.raw_peer import (
    COMMAND,
    IMPLICIT,
    LAST,
    STUDY_ROOT_FIND,
    RawPeer,
    element,
    p_data,
    store_command,
)

ROWS = COLUMNS = 512
LARGEST_FRAGMENT = 128 * 1024
UID_WIDTH = 12  # every UID is as long as every other, so that they can be patched
_STUDY, _SERIES, _INSTANCE = (f"2.25.{kind}{'0' * UID_WIDTH}" for kind in (1, 2, 3))
_PATIENT = "PATIENT0000"


@dataclass(frozen=True)
class Uids:
    """The UIDs of an image, made of numbers."""

    study: str
    series: str
    instance: str

    @classmethod
    def of(cls, study: int, instance: int) -> Uids:
        """Return those of an image of a study with one series."""
        return cls(f"2.25.1{study:0{UID_WIDTH}}", f"2.25.2{study:0{UID_WIDTH}}", f"2.25.3{instance:0{UID_WIDTH}}")


class Image:
    """An image of a CT, encoded once, of which any number of copies with UIDs of their own can be sent."""

    def __init__(self, *, with_pixels: bool) -> None:
        """Encode it; 524 kB with pixels."""
        dataset = Dataset()
        dataset.SOPClassUID, dataset.SOPInstanceUID = CTImageStorage, _INSTANCE
        dataset.StudyDate, dataset.StudyTime, dataset.AccessionNumber = "20240102", "030405", "A1"
        dataset.Modality, dataset.Manufacturer = "CT", "Bench"
        dataset.StudyDescription, dataset.SeriesDescription = "Thorax", "Thorax 1.0 mm"
        dataset.PatientName, dataset.PatientID = "Bench^Mark", _PATIENT
        dataset.PatientBirthDate, dataset.PatientSex = "19700101", "O"
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID = _STUDY, _SERIES
        dataset.SeriesNumber, dataset.InstanceNumber = 1, 1
        if with_pixels:
            dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
            dataset.Rows, dataset.Columns = ROWS, COLUMNS
            dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 12, 11, 0
            dataset.PixelData = random.Random(1).randbytes(ROWS * COLUMNS * 2)  # noqa: S311
            dataset["PixelData"].VR = "OW"
        encoded = BytesIO()
        file = DicomFileLike(encoded)
        file.is_little_endian, file.is_implicit_VR = True, False
        write_dataset(file, dataset)
        self._encoded = encoded.getvalue()
        self._places = {word: self._encoded.index(word.encode()) for word in (_STUDY, _SERIES, _INSTANCE, _PATIENT)}

    def copy(self, uids: Uids, patient_id: str) -> bytes:
        """Return the data set of a copy."""
        copy = bytearray(self._encoded)
        for word, value in ((_STUDY, uids.study), (_SERIES, uids.series), (_INSTANCE, uids.instance)):
            copy[self._places[word] : self._places[word] + len(word)] = value.encode()
        copy[self._places[_PATIENT] : self._places[_PATIENT] + len(_PATIENT)] = patient_id.ljust(len(_PATIENT)).encode()
        return bytes(copy)


def store(contender: Contender, image: Image, copies: Iterable[tuple[Uids, str]]) -> list[float]:
    """Send copies over one association, one after the other; return the seconds until each was acknowledged."""
    times = []
    with RawPeer(contender.port) as peer:
        largest = associate(peer, contender, [(3, str(CTImageStorage), [str(ExplicitVRLittleEndian)])])
        for number, (uids, patient_id) in enumerate(copies, 1):
            pdus = _pdus(uids.instance, image.copy(uids, patient_id), number, largest)
            begun = time.perf_counter()
            peer.send(pdus)
            status, _ = peer.answer()
            times.append(time.perf_counter() - begun)
            assert status == 0, f"{contender.name} answered 0x{status:04X}"
        peer.release()
    return times


def at_once(parts: Iterable[Callable[[], list[float]]]) -> tuple[list[float], float]:
    """Do several things at the same time; return the times of all, and how long it took."""
    times: list[float] = []
    errors: list[BaseException] = []

    def run(part: Callable[[], list[float]]) -> None:
        try:
            times.extend(part())
        except BaseException as error:  # noqa: BLE001  (raised again below)
            errors.append(error)

    threads = [threading.Thread(target=run, args=(part,)) for part in parts]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return times, time.perf_counter() - begun


def associate(peer: RawPeer, contender: Contender, contexts: list[tuple[int, str, list[str]]]) -> int:
    """Associate; return how many bytes a fragment may have."""
    answer = peer.associate(contexts, calling=CALLING, called=contender.ae_title, largest_pdu=LARGEST_FRAGMENT)
    at = answer.index(b"\x51\x00\x00\x04", 68)  # Maximum Length (PS3.8 D.1)
    (largest,) = struct.unpack_from(">L", answer, at + 4)
    return min(largest or LARGEST_FRAGMENT, LARGEST_FRAGMENT) - 6


def study_query(**keys: str) -> bytes:
    """Return an identifier at study level with what a workstation asks for."""
    asked = {
        0x00080020: "StudyDate",
        0x00080050: "AccessionNumber",
        0x00080052: "QueryRetrieveLevel",
        0x00080061: "ModalitiesInStudy",
        0x00081030: "StudyDescription",
        0x00100010: "PatientName",
        0x00100020: "PatientID",
        0x00100030: "PatientBirthDate",
        0x0020000D: "StudyInstanceUID",
        0x00201208: "NumberOfStudyRelatedInstances",
    }
    values = {"QueryRetrieveLevel": "STUDY", **keys}
    encoded = b""
    for tag, keyword in asked.items():
        value = values.get(keyword, "")
        padding = "\0" if keyword.endswith("UID") else " "
        encoded += element(tag, (value + padding * (len(value) % 2)).encode())
    return encoded


def find(contender: Contender, identifiers: Iterable[bytes], expected: int) -> list[float]:
    """Ask over one association; return the seconds until each last answer."""
    times = []
    with RawPeer(contender.port) as peer:
        associate(peer, contender, [(5, STUDY_ROOT_FIND, [IMPLICIT])])
        for identifier in identifiers:
            begun = time.perf_counter()
            found = peer.find(5, identifier)
            times.append(time.perf_counter() - begun)
            assert len(found) == expected, f"{contender.name} found {len(found)} instead of {expected}"
        peer.release()
    return times


def timed(work: Callable[[], object], count: int) -> list[float]:
    """Do something again and again; return the seconds of each time."""
    times = []
    for _ in range(count):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return times


def _pdus(instance_uid: str, data_set: bytes, message_id: int, largest: int) -> bytes:
    announced = SentObject(Path(), str(CTImageStorage), instance_uid, str(ExplicitVRLittleEndian), b"")
    parts = [p_data(3, COMMAND | LAST, store_command(announced, message_id % 0xFFFF))]
    for start in range(0, len(data_set), largest):
        last = LAST if start + largest >= len(data_set) else 0
        parts.append(p_data(3, last, data_set[start : start + largest]))
    return b"".join(parts)
