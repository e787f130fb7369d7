"""A multi-frame object beyond 2 GB goes all the way, from the modality to a frame on the screen, with flat memory."""

from __future__ import annotations

import hashlib
import json
import shutil
import struct
from collections.abc import Iterator
from contextlib import closing
from io import BytesIO
from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from pydicom.filebase import DicomFileLike
from pydicom.filewriter import write_dataset
from pydicom.uid import ExplicitVRLittleEndian, MultiFrameGrayscaleWordSecondaryCaptureImageStorage

from tests.support.appliance import Appliance, server_settings
from tests.support.dicom_service import children_of
from tests.support.footprint import MEGABYTE, footprint, forget_peak
from tests.support.http_session import HttpSession
from tests.support.peers import SentObject
from tests.support.raw_peer import (
    C_GET,
    COMMAND,
    DATA_SET,
    IMPLICIT,
    LAST,
    P_DATA,
    STUDY_ROOT_GET,
    RawPeer,
    command,
    element,
    fragments,
    p_data,
    role_item,
    store_answer,
    store_command,
)
from tests.support.waiting import wait_for

pytestmark = pytest.mark.integration

SIDE = 1024
FRAME_LENGTH = 2 * SIDE * SIDE
FRAMES = 1025
PIXELS_LENGTH = FRAMES * FRAME_LENGTH
LARGEST_GROWTH = 150 * MEGABYTE
PDU = 65_530
STUDY, SERIES, INSTANCE = "2.25.2147483648", "2.25.2147483648.1", "2.25.2147483648.1.1"
CLASS = str(MultiFrameGrayscaleWordSecondaryCaptureImageStorage)
OBJECT = SentObject(Path(), CLASS, INSTANCE, str(ExplicitVRLittleEndian), b"")


def frame(number: int) -> bytes:
    """Return frame ``number``, from 1: no two are alike."""
    return struct.pack("<L", 0x01000000 + number) * (FRAME_LENGTH // 4)


def header() -> bytes:
    """Return the data set up to the value of its pixel data."""
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = CLASS, INSTANCE
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = STUDY, SERIES
    dataset.PatientName, dataset.PatientID, dataset.Modality = "Large^Object", "LARGE", "OT"
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.NumberOfFrames, dataset.Rows, dataset.Columns = FRAMES, SIDE, SIDE
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 16, 15, 0
    encoded = BytesIO()
    file = DicomFileLike(encoded)
    file.is_little_endian, file.is_implicit_VR = True, False
    write_dataset(file, dataset)
    return encoded.getvalue() + struct.pack("<HH2sHL", 0x7FE0, 0x0010, b"OW", 0, PIXELS_LENGTH)


def data_set() -> Iterator[bytes]:
    """Yield the whole data set, which is never in memory as a whole."""
    yield header()
    for number in range(1, FRAMES + 1):
        yield frame(number)


def store(port: int) -> str:
    """Send the object and return the SHA-256 of its data set."""
    digest = hashlib.sha256()
    with RawPeer(port) as peer:
        peer.associate([(3, CLASS, [OBJECT.transfer_syntax_uid])], calling="NORTH_CT")
        peer.send(p_data(3, COMMAND | LAST, store_command(OBJECT)))
        for part in data_set():
            digest.update(part)
            peer.send(b"".join(p_data(3, 0, part[start : start + PDU]) for start in range(0, len(part), PDU)))
        peer.send(p_data(3, LAST, b""))
        assert peer.answer()[0] == 0
        peer.release()
    return digest.hexdigest()


def get(port: int) -> str:
    """Retrieve the object by C-GET and return the SHA-256 of the data set that comes."""
    asked = element(0x00080052, b"STUDY ") + element(0x0020000D, STUDY.encode())
    digest = hashlib.sha256()
    with RawPeer(port) as peer:
        peer.associate(
            [(3, CLASS, [OBJECT.transfer_syntax_uid]), (5, STUDY_ROOT_GET, [IMPLICIT])],
            calling="NORTH_CT",
            largest_pdu=PDU + 6,
            user_items=role_item(CLASS, scu=False, scp=True),
        )
        peer.request(5, command(C_GET, sop_class=STUDY_ROOT_GET, data_set=DATA_SET), asked)
        is_last = False
        while not is_last:
            received = peer.read()
            assert received and received[0] == P_DATA, "the object comes to its end"
            body = memoryview(received[1])
            if body[4] == 3 and not body[5] & COMMAND:
                digest.update(body[6:])
                is_last = bool(body[5] & LAST)
        peer.send(b"".join(fragments(3, COMMAND, store_answer(OBJECT), 16000)))
        assert peer.answer()[0] == 0
        peer.release()
    return digest.hexdigest()


def descendants(pid: int) -> list[int]:
    found = [pid]
    for child in children_of(pid):
        found += descendants(child)
    return found


@pytest.fixture
def appliance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Appliance]:
    """Run an appliance of the test's own, and give its disk space back."""
    folder = tmp_path_factory.mktemp("large")
    if shutil.disk_usage(folder).free < 2 * PIXELS_LENGTH:
        pytest.skip("the disk has no room for an object of 2 GB")
    running = Appliance(folder / "data", server_settings(folder / "data"))
    running.start()
    try:
        running.fill()
        yield running
    finally:
        running.stop()
        shutil.rmtree(folder)


def test_an_object_of_more_than_two_gigabytes_passes_with_flat_memory(appliance: Appliance) -> None:
    assert PIXELS_LENGTH > 2**31
    assert appliance.process is not None
    with closing(HttpSession(appliance.http_port)) as web:
        web.sign_in(appliance.account("radiologist", "NORTH"))
        web.get("/dicom-web/studies")
        processes = descendants(appliance.process.pid)
        before = {pid: footprint(pid).resident for pid in processes}
        for pid in processes:
            forget_peak(pid)

        sha256 = store(appliance.dicom_port)
        appliance.wait_until_indexed(seconds=300)
        check_the_web(web, appliance)
        assert get(appliance.dicom_port) == sha256

    growth = {pid: footprint(pid).peak - before[pid] for pid in processes}
    assert max(growth.values()) < LARGEST_GROWTH, {pid: value // MEGABYTE for pid, value in growth.items()}


def check_the_web(web: HttpSession, appliance: Appliance) -> None:
    """Look at the object as the viewer does; the worker prepares its series meanwhile."""
    (study,) = json.loads(web.get("/dicom-web/studies?PatientID=LARGE"))
    assert study["0020000D"]["Value"] == [STUDY]
    series = f"/dicom-web/studies/{STUDY}/series/{SERIES}"
    (metadata,) = json.loads(web.get(f"{series}/metadata"))
    assert metadata["00280008"]["Value"] == [FRAMES]
    instance = f"{series}/instances/{INSTANCE}"
    for number in (1, 2, FRAMES // 2, FRAMES):
        content = web.get(f"{instance}/frames/{number}", "multipart/related; type=application/octet-stream")
        assert frame(number) in content
    assert web.get(f"{series}/thumbnail").startswith((b"\xff\xd8", b"\x89PNG"))
    answer = web.request("GET", f"{instance}/bulkdata/7FE00010", headers={"Accept": "application/octet-stream"})
    digest, expected = hashlib.sha256(), hashlib.sha256()
    while chunk := answer.read(MEGABYTE):
        digest.update(chunk)
    for number in range(1, FRAMES + 1):
        expected.update(frame(number))
    assert digest.digest() == expected.digest()
    derived = appliance.data_dir / "derived" / "series"
    for kind in ("metadata", "thumbnail"):
        wait_for(lambda kind=kind: list(derived.rglob(f"{kind}-*")), f"the prepared {kind}", seconds=120)  # type: ignore[misc]
