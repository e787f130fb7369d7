"""An archive with real files, users of two facilities, and a client for each of them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pydicom.data
import pytest
from django.conf import settings
from django.test import Client
from pydicom import dcmread
from pydicom.data.data_manager import external_data_sources
from pydicom.dataset import Dataset
from pydicom.uid import SecondaryCaptureImageStorage

from noctis.accounts.models import Facility, Role, User
from noctis.archive import indexer
from noctis.archive.ingest import receive
from noctis.archive.models import Instance, Series
from noctis.archive.tests.factories import reception
from noctis.dicom.uids import is_valid_uid, uid_from_name

File = Callable[..., list[Instance]]


@cache
def sample_files() -> dict[str, Path]:
    """Return the files that pydicom and its data package ship, by name; nothing is downloaded."""
    folders = [Path(pydicom.data.__file__).parent / "test_files"]
    folders += [Path(source.data_path) for source in external_data_sources().values()]
    return {path.name: path for folder in folders for path in sorted(folder.rglob("*.dcm"))}


@pytest.fixture
def file(data_dir, db) -> File:
    """Give ``file(*objects, facility="NORTH")``: store and index data sets or files, return their instances."""

    def store(*objects: Dataset | Path | str, facility: str = "NORTH") -> list[Instance]:
        delivery = reception(facility)
        uids = [_receive(item, delivery) for item in objects]
        indexer.index_spool()
        found = Instance.objects.select_related("series__study").in_bulk(uids, field_name="sop_instance_uid")
        return [found[uid] for uid in uids]

    return store


def completed(name: str) -> Dataset:
    """Return a sample with the UIDs without which nothing is stored."""
    dataset = dcmread(sample_files()[name])
    for number, keyword in enumerate(("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")):
        if not is_valid_uid(str(dataset.get(keyword, ""))):
            setattr(dataset, keyword, uid_from_name(name, number))
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.SOPClassUID = dataset.get("SOPClassUID") or SecondaryCaptureImageStorage
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    return dataset


def _receive(item: Dataset | Path | str, delivery) -> str:
    arriving = settings.NOCTIS_DATA.incoming / "arriving.dcm"
    if isinstance(item, Dataset):
        item.save_as(arriving, enforce_file_format=True)
    else:
        shutil.copyfile(sample_files()[item] if isinstance(item, str) else item, arriving)
    return receive(arriving, delivery).sop_instance_uid


def client_of(role: str, facility: str = "") -> Client:
    """Return a client that is signed in as a new user."""
    home = Facility.objects.get_or_create(code=facility, defaults={"name": facility.title()})[0] if facility else None
    client = Client()
    client.force_login(User.objects.create_user(f"{role}-{facility}".lower(), role=role, facility=home))
    return client


@pytest.fixture
def reader(db) -> Client:
    """Give a radiologist's client."""
    return client_of(Role.RADIOLOGIST)


def address(instance: Instance, *rest: str) -> str:
    """Return the address of an instance, or of something below it."""
    series = instance.series
    root = f"/dicom-web/studies/{series.study.study_instance_uid}/series/{series.series_instance_uid}"
    return "/".join((root, "instances", instance.sop_instance_uid, *rest))


def series_address(series: Series, *rest: str) -> str:
    """Return the address of a series, or of something below it."""
    return "/".join(
        ("/dicom-web/studies", series.study.study_instance_uid, "series", series.series_instance_uid, *rest)
    )


def body_of(response) -> bytes:
    """Return the whole body of an answer, streamed or not."""
    return b"".join(response.streaming_content) if response.streaming else response.content


def parts_of(response) -> list[tuple[str, bytes]]:
    """Return Content-Type and body of each part of a multipart answer."""
    content_type = response["Content-Type"]
    assert content_type.startswith("multipart/related"), content_type
    boundary = content_type.partition("boundary=")[2].encode()
    body = body_of(response)
    assert int(response["Content-Length"]) == len(body)
    *parts, tail = body.split(b"--" + boundary)[1:]
    assert tail == b"--\r\n"
    return [_part(part) for part in parts]


def _part(part: bytes) -> tuple[str, bytes]:
    head, _, body = part.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode("ascii").strip().split("\r\n"))
    assert int(headers["Content-Length"]) == len(body) - 2
    return headers["Content-Type"], body[:-2]


def stored_data_set(instance: Instance) -> Dataset:
    """Return the data set of a stored instance as pydicom reads it."""
    return dcmread(settings.NOCTIS_DATA.storage / instance.path)
