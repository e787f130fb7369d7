"""Running services and objects to send to them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import data_store
import pydicom
import pytest
from pydicom import dcmread
from pydicom.uid import UID

from noctis.archive.header import NotStorable, read_header
from tests.data.folder import write_mixed_folder
from tests.support.dicom_service import DicomService
from tests.support.peers import RawSender, SentObject

NO_FILES = {"no_meta.dcm", "OT-PAL-8-face.dcm", "ExplVR_BigEndNoMeta.dcm", "ExplVR_LitEndNoMeta.dcm", "rtstruct.dcm"}
LARGEST_SAMPLE = 700_000
NewService = Callable[..., DicomService]


@pytest.fixture(scope="module")
def new_module_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NewService]:
    """Give ``new_service(**environment)`` for services that a module's tests share."""
    yield from _services(tmp_path_factory)


@pytest.fixture
def new_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NewService]:
    """Give ``new_service(**environment)``: a running service of the test's own."""
    yield from _services(tmp_path_factory)


def _services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NewService]:
    started: list[DicomService] = []

    def start(*, processes: int = 2, **environment: str) -> DicomService:
        folder = tmp_path_factory.mktemp("service") / "data"
        service = DicomService(folder, dict(environment), processes)
        service.prepare()
        service.start()
        started.append(service)
        return service

    yield start
    for service in started:
        service.stop()
        assert "Traceback" not in service.said()


@pytest.fixture(autouse=True)
def _close_connections() -> Iterator[None]:
    """Close what a test's senders left open."""
    yield
    while RawSender.opened:
        RawSender.opened.pop().close()


@pytest.fixture(scope="module")
def service(new_module_service: NewService) -> DicomService:
    """Give a service that takes what unknown callers on this host send."""
    return new_module_service()


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> list[SentObject]:
    """Give synthetic objects and the images that installed packages bring; none contradicts another.

    Where a file has the UIDs of another but is the first in its transfer syntax, it is copied under new ones.
    """
    warnings.simplefilter("ignore")  # some samples are odd on purpose; pytest restores the filter
    copies = tmp_path_factory.mktemp("copies")
    chosen: dict[str, SentObject] = {}
    patients: dict[str, str] = {}
    for path in [*write_mixed_folder(tmp_path_factory.mktemp("synthetic"), ct_slices=3), *sample_files()]:
        if (identity := identity_of(path)) is None:
            continue
        study, patient, instance = identity
        if instance not in chosen and patients.setdefault(study, patient) == patient:
            chosen[instance] = SentObject.read(path)
    for path in sample_files():
        syntax = dcmread(path, stop_before_pixels=True).file_meta.get("TransferSyntaxUID")
        if syntax and syntax not in {one.transfer_syntax_uid for one in chosen.values()}:
            copy = SentObject.read(copied_under_new_uids(path, copies))
            chosen[copy.sop_instance_uid] = copy
    return list(chosen.values())


def sample_files() -> list[Path]:
    """Return the image files in the wheels of pydicom and pydicom-data."""
    folders = (Path(pydicom.__file__).parent / "data", Path(data_store.__file__).parent)
    paths = sorted(path for folder in folders for path in folder.rglob("*.dcm"))
    return [path for path in paths if path.stat().st_size <= LARGEST_SAMPLE and path.name not in NO_FILES]


def identity_of(path: Path) -> tuple[str, str, str] | None:
    """Return study, patient and instance of a file; None where it cannot be stored."""
    try:
        header = read_header(path)
    except NotStorable:
        return None
    study = header.study_instance_uid
    return study, str(header.dataset.get("PatientID", "")) or study, header.sop_instance_uid


def copied_under_new_uids(path: Path, folder: Path) -> Path:
    """Write the object of ``path`` as one of a new patient, otherwise unchanged."""
    dataset = dcmread(path)
    number = len(list(folder.iterdir())) + 1
    dataset.PatientID = f"COPY-{number}"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = f"2.25.81.{number}", f"2.25.82.{number}"
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = UID(f"2.25.83.{number}")
    copy = folder / path.name
    dataset.save_as(copy)
    return copy


@pytest.fixture(scope="session")
def ct() -> SentObject:
    """Give a small CT image."""
    return SentObject.read(Path(pydicom.__file__).parent / "data" / "test_files" / "CT_small.dcm")


@pytest.fixture
def make_images(ct: SentObject, tmp_path: Path) -> Callable[..., list[SentObject]]:
    """Give ``make_images(count, padding=0)``: CT images of one series, with so many bytes more than they need."""

    def make(count: int, *, padding: int = 0) -> list[SentObject]:
        folder = tmp_path / "images"
        folder.mkdir(exist_ok=True)
        dataset = dcmread(ct.path)
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "2.25.1", "2.25.2"
        if padding:
            dataset.add_new(0x00091001, "OB", b"\xa5" * padding)
        images = []
        for number in range(1, count + 1):
            dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = UID(f"2.25.3.{number}")
            dataset.InstanceNumber = number
            dataset.save_as(folder / f"{number}.dcm")
            images.append(SentObject.read(folder / f"{number}.dcm"))
        return images

    return make
