"""Metadata in the DICOM JSON model: of an instance from its file, of a series from one gzip file made beforehand."""

from __future__ import annotations

import gzip
import io
import json
import logging
import zlib
from collections.abc import Iterable, Iterator
from typing import Final

from django.urls import reverse
from pydicom.dataset import Dataset
from pydicom.uid import DeflatedExplicitVRLittleEndian

from noctis.archive.models import Instance, Series
from noctis.corrections.data_sets import apply_overlay
from noctis.corrections.overlays import Overlay, overlay_of
from noctis.dicom.json_model import JsonObject, to_dicom_json
from noctis.dicomweb.data_sets import read_data_set, stored_path
from noctis.dicomweb.derived_files import derived_path, write_derived
from noctis.dicomweb.errors import UnreadableInstance

logger = logging.getLogger(__name__)

AVAILABLE_TRANSFER_SYNTAX: Final = "00083002"
INSTANCES_AT_A_TIME: Final = 200
_LARGEST_BYTE_SAMPLE: Final = 8


def instance_metadata(instance: Instance, overlay: Overlay | None) -> JsonObject:
    """Return an instance's attributes as corrected; bulk data by address (PS3.18 10.4.1.1.2)."""
    uids = {
        "study_uid": instance.series.study.study_instance_uid,
        "series_uid": instance.series.series_instance_uid,
        "instance_uid": instance.sop_instance_uid,
    }

    def bulk_data_uri(path: str) -> str:
        return reverse("dicomweb:bulk_data", kwargs={**uids, "path": path})

    dataset = read_data_set(stored_path(instance))
    if overlay is not None:
        apply_overlay(dataset, overlay)
    converted = to_dicom_json(dataset, bulk_data_uri)
    if converted.problems:
        logger.info("instance %s has %d invalid values", instance.sop_instance_uid, len(converted.problems))
    model = converted.model
    model[AVAILABLE_TRANSFER_SYNTAX] = {"vr": "UI", "Value": [instance.transfer_syntax_uid]}
    if pixels := _pixel_element(dataset, instance):
        key, vr = pixels
        model[key] = {"vr": vr, "BulkDataURI": bulk_data_uri(key)}
    return dict(sorted(model.items()))


def _pixel_element(dataset: Dataset, instance: Instance) -> tuple[str, str] | None:
    """Return tag and VR of the pixel data, which was not read, or None where there is none."""
    deflated = instance.transfer_syntax_uid == DeflatedExplicitVRLittleEndian
    if not instance.number_of_frames or (instance.pixel_data_offset is None and not deflated):
        return None
    bits = instance.bits_allocated or 0
    if "BitsStored" not in dataset and bits in {32, 64}:
        return ("7FE00008", "OF") if bits == 32 else ("7FE00009", "OD")  # noqa: PLR2004  (float or double)
    encapsulated = instance.pixel_data_length is None and not deflated
    return "7FE00010", "OB" if encapsulated or bits <= _LARGEST_BYTE_SAMPLE else "OW"


def series_metadata(series: Series) -> bytes:
    """Return the gzip file with the metadata of all instances of a series, made now where there is none yet."""
    path = derived_path(series, "metadata", "json.gz")
    try:
        return path.read_bytes()
    except FileNotFoundError:
        pass
    unreadable: list[Instance] = []
    content = _compressed(_json_array(_instances_metadata(series, unreadable)))
    if not unreadable:  # a disk that failed for a moment must not be remembered
        try:
            write_derived(path, content)
        except OSError:
            logger.exception("metadata cannot be kept")  # it is still sent
    return content


def study_metadata(series_list: Iterable[Series]) -> Iterator[bytes]:
    """Yield the metadata of all instances of a study as one gzip stream."""
    compressor = zlib.compressobj(level=1, wbits=zlib.MAX_WBITS | 16)
    yield compressor.compress(b"[")
    separator = b""
    for series in series_list:
        objects = gzip.decompress(series_metadata(series))[1:-1]
        if objects:
            yield compressor.compress(separator + objects)
            separator = b","
    yield compressor.compress(b"]") + compressor.flush()


def to_json(value: object) -> bytes:
    """Return JSON in ASCII: a broken character in a file cannot break the answer."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode("ascii")


def _instances_metadata(series: Series, unreadable: list[Instance]) -> Iterator[JsonObject]:
    instances = series.instances.order_by("instance_number", "id")
    overlay = overlay_of(series.study_id)
    for instance in instances.iterator(chunk_size=INSTANCES_AT_A_TIME):
        try:
            yield instance_metadata(instance, overlay)
        except UnreadableInstance as error:
            logger.error("instance %s: %s", instance.sop_instance_uid, error)  # noqa: TRY400  (the sentence says it)
            unreadable.append(instance)
            yield to_dicom_json(_from_index(instance)).model


def _from_index(instance: Instance) -> Dataset:
    """Return what the index knows of an instance whose file cannot be read, so that the series stays usable."""
    dataset = Dataset()
    dataset.SOPClassUID = instance.sop_class_uid
    dataset.SOPInstanceUID = instance.sop_instance_uid
    dataset.Modality = instance.series.modality
    dataset.StudyInstanceUID = instance.series.study.study_instance_uid
    dataset.SeriesInstanceUID = instance.series.series_instance_uid
    dataset.InstanceNumber = instance.instance_number
    return dataset


def _json_array(values: Iterable[JsonObject]) -> Iterator[bytes]:
    separator = b"["
    for value in values:
        yield separator + to_json(value)
        separator = b","
    yield b"[]" if separator == b"[" else b"]"


def _compressed(chunks: Iterable[bytes]) -> bytes:
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", compresslevel=6, mtime=0) as file:
        for chunk in chunks:
            file.write(chunk)
    return buffer.getvalue()
