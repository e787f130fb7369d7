"""WADO-RS: metadata, frames and bulk data (PS3.18 10.4)."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response, patch_vary_headers
from pydicom.uid import ExplicitVRBigEndian

from noctis.archive.models import Instance
from noctis.corrections.overlays import overlay_of
from noctis.dicom.transfer_syntaxes import OCTET_STREAM
from noctis.dicomweb.bulk_data import PIXEL_ELEMENTS, open_value
from noctis.dicomweb.byte_ranges import Joined, send_ranges
from noctis.dicomweb.data_sets import stored_path
from noctis.dicomweb.decoding import native_frame
from noctis.dicomweb.derived_files import FORMAT, revision_of
from noctis.dicomweb.errors import BadRequest, NotAcceptable
from noctis.dicomweb.fragments import Span
from noctis.dicomweb.frames import FrameReader, Memory, StoredFile, read_span
from noctis.dicomweb.lookups import visible_instance, visible_series, visible_study
from noctis.dicomweb.media_types import DICOM_JSON, FrameForm, accepted, choose_frame_form, require_json
from noctis.dicomweb.metadata import instance_metadata, series_metadata, study_metadata, to_json
from noctis.dicomweb.multipart import Multipart, Part
from noctis.dicomweb.responses import ASK_EVERY_TIME, KEEP, dicomweb_view, stream

MOST_FRAMES_AT_ONCE: Final = 10_000
MOST_FRAMES_DECODED_AT_ONCE: Final = 64


@dicomweb_view
def retrieve_study_metadata(request: HttpRequest, study_uid: str) -> HttpResponseBase:
    """Send the metadata of every instance of a study."""
    require_json(request)
    study = visible_study(request.user, study_uid)
    series_list = list(study.series.order_by("series_number", "id"))
    revisions = " ".join(f"{series.pk} {revision_of(series)}" for series in series_list)
    etag = f'W/"{study.pk}-{hashlib.sha256(revisions.encode("ascii")).hexdigest()[:32]}"'
    return _metadata(request, etag, lambda: b"".join(study_metadata(series_list)))


@dicomweb_view
def retrieve_series_metadata(request: HttpRequest, study_uid: str, series_uid: str) -> HttpResponseBase:
    """Send the metadata of every instance of a series."""
    require_json(request)
    series = visible_series(request.user, study_uid, series_uid)
    etag = f'W/"{series.pk}-{revision_of(series)}"'
    return _metadata(request, etag, lambda: series_metadata(series))


@dicomweb_view
def retrieve_instance_metadata(
    request: HttpRequest, study_uid: str, series_uid: str, instance_uid: str
) -> HttpResponseBase:
    """Send the metadata of one instance."""
    require_json(request)
    instance = visible_instance(request.user, study_uid, series_uid, instance_uid, with_parents=True)
    overlay = overlay_of(instance.series.study_id)
    etag = f'W/"{instance.pk}-{FORMAT}-{instance.sha256[:16]}{overlay.revision if overlay else ""}"'
    return _metadata(request, etag, lambda: gzip.compress(to_json([instance_metadata(instance, overlay)]), mtime=0))


def _metadata(request: HttpRequest, etag: str, content: Callable[[], bytes]) -> HttpResponseBase:
    """Send a gzip file of JSON, unpacked where the client must have it so, or 304 where it has it already."""
    response = get_conditional_response(request, etag=etag)
    if response is None:
        packed = content()
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            response = HttpResponse(packed, content_type=DICOM_JSON)
            response["Content-Encoding"] = "gzip"
        else:
            response = HttpResponse(gzip.decompress(packed), content_type=DICOM_JSON)
    response["ETag"] = etag
    response["Cache-Control"] = ASK_EVERY_TIME
    patch_vary_headers(response, ("Accept-Encoding",))
    return response


@dicomweb_view
def retrieve_frames(
    request: HttpRequest, study_uid: str, series_uid: str, instance_uid: str, frame_list: str
) -> HttpResponseBase:
    """Send frames by number, as stored or decoded, whatever the client accepts."""
    numbers = _frame_numbers(frame_list)
    instance = visible_instance(request.user, study_uid, series_uid, instance_uid)
    return _frames(request, instance, numbers)


def _frame_numbers(frame_list: str) -> list[int]:
    words = frame_list.split(",")
    if not all(word.isascii() and word.isdigit() and len(word) < 10 for word in words):  # noqa: PLR2004
        raise BadRequest("Frames are asked for by number, separated by commas, such as 1,2,3.")
    if len(words) > MOST_FRAMES_AT_ONCE:
        raise BadRequest(f"At most {MOST_FRAMES_AT_ONCE} frames can be asked for at once.")
    return [int(word) for word in words]


def _frames(request: HttpRequest, instance: Instance, numbers: Sequence[int] | None) -> HttpResponseBase:
    """Send some frames, or all."""
    reader = FrameReader(instance)
    try:
        numbers = numbers or range(1, reader.count + 1)
        form = choose_frame_form(accepted(request), reader.syntax, frame_count=len(numbers))
        parts = _parts(reader, instance, numbers, form)
    except BaseException:
        reader.close()
        raise
    if form.multipart:
        whole = Multipart(form.media_type, parts)
        response = stream(whole.content_type, whole.length, whole.chunks, reader)
    else:
        response = stream(form.content_type, parts[0].length, parts[0].chunks, reader)
    response.headers["Cache-Control"] = KEEP
    return response


def _parts(reader: FrameReader, instance: Instance, numbers: Sequence[int], form: FrameForm) -> list[Part]:
    if form.decode and len(numbers) > MOST_FRAMES_DECODED_AT_ONCE:
        raise BadRequest(f"At most {MOST_FRAMES_DECODED_AT_ONCE} frames are decoded at once; ask for fewer.")
    return [_part(reader, instance, number, form) for number in numbers]


def _part(reader: FrameReader, instance: Instance, number: int, form: FrameForm) -> Part:
    if form.decode:
        pixels = native_frame(reader, instance, number)
        return Part(form.content_type, len(pixels), lambda: iter((pixels,)))
    frame = reader.frame(number)
    return Part(form.content_type, frame.length, partial(reader.chunks, frame))


@dicomweb_view
def retrieve_bulk_data(
    request: HttpRequest, study_uid: str, series_uid: str, instance_uid: str, path: str
) -> HttpResponseBase:
    """Send a value that the metadata name by address; compressed pixel data as its frames."""
    instance = visible_instance(request.user, study_uid, series_uid, instance_uid)
    if path in PIXEL_ELEMENTS and instance.pixel_data_offset is not None and instance.pixel_data_length is None:
        return _frames(request, instance, None)
    item = next((item for item in accepted(request) if item.takes(OCTET_STREAM)), None)
    if item is None:
        raise NotAcceptable(f"Bulk data is sent as {OCTET_STREAM} only.")
    source, span = _bulk_data(instance, path)
    response: HttpResponseBase
    if item.multipart:
        whole = Multipart(OCTET_STREAM, [Part(OCTET_STREAM, span.length, partial(read_span, source, span))])
        response = stream(whole.content_type, whole.length, whole.chunks, source)
    else:
        etag = f'"{instance.sha256[:32]}-{path.replace("/", "-")}"'
        response = send_ranges(request, Joined(source, [span]), source, content_type=OCTET_STREAM, etag=etag)
    response.headers["Cache-Control"] = KEEP
    return response


def _bulk_data(instance: Instance, path: str) -> tuple[StoredFile | Memory, Span]:
    """Return where a value lies: pixel data, which can be gigabytes, in the stored file where it needs no change."""
    offset, length = instance.pixel_data_offset, instance.pixel_data_length
    if path in PIXEL_ELEMENTS and offset and length and instance.transfer_syntax_uid != ExplicitVRBigEndian:
        file = StoredFile(stored_path(instance))
        tag = bytes.fromhex(f"E07F{path[6:]}{path[4:6]}")
        if tag in {file.read(offset - 12, 4), file.read(offset - 8, 4)}:  # explicit or implicit VR
            return file, Span(offset, max(0, min(length, file.size - offset)))
        file.close()
    return open_value(instance, path)
