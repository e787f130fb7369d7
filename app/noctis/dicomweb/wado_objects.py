"""WADO-RS: whole instances as they are stored, of a study, of a series or one (PS3.18 10.4.1.1.1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

from django.http import HttpRequest, HttpResponseBase

from noctis.archive.models import Instance
from noctis.dicomweb.data_sets import stored_path
from noctis.dicomweb.errors import NotAcceptable, UnreadableInstance
from noctis.dicomweb.fragments import Span
from noctis.dicomweb.frames import StoredFile, read_span
from noctis.dicomweb.lookups import visible_instance, visible_series, visible_study
from noctis.dicomweb.media_types import DICOM, MediaRange, accepted
from noctis.dicomweb.multipart import Multipart, Part
from noctis.dicomweb.responses import ASK_EVERY_TIME, KEEP, dicomweb_view, send_file, stream


@dicomweb_view
def retrieve_study(request: HttpRequest, study_uid: str) -> HttpResponseBase:
    """Send every instance of a study, series by series."""
    study = visible_study(request.user, study_uid)
    instances = Instance.objects.visible_to(request.user).filter(series__study=study)
    return _several(request, instances.order_by("series__series_number", "series_id", "instance_number", "id"))


@dicomweb_view
def retrieve_series(request: HttpRequest, study_uid: str, series_uid: str) -> HttpResponseBase:
    """Send every instance of a series."""
    series = visible_series(request.user, study_uid, series_uid)
    instances = Instance.objects.visible_to(request.user).filter(series=series)
    return _several(request, instances.order_by("instance_number", "id"))


@dicomweb_view
def retrieve_instance(request: HttpRequest, study_uid: str, series_uid: str, instance_uid: str) -> HttpResponseBase:
    """Send an instance, as application/dicom or as the one part of a multipart answer."""
    instance = visible_instance(request.user, study_uid, series_uid, instance_uid)
    chosen = _chosen(accepted(request), [instance])
    if chosen.multipart or chosen.takes_anything:
        response = _in_parts([instance])
    else:
        response = send_file(stored_path(instance), _content_type(instance))
    response.headers["Cache-Control"] = KEEP
    return response


def _several(request: HttpRequest, rows: Iterable[Instance]) -> HttpResponseBase:
    """Send instances one after the other; there may be more of them next time."""
    instances = list(rows)
    ranges = [item for item in accepted(request) if item.multipart or item.takes_anything]
    _chosen(ranges, instances)
    response = _in_parts(instances)
    response.headers["Cache-Control"] = ASK_EVERY_TIME
    return response


def _chosen(ranges: Sequence[MediaRange], instances: Sequence[Instance]) -> MediaRange:
    """Return the best range that takes all of them; objects are sent in the transfer syntax in which they came."""
    syntaxes = {instance.transfer_syntax_uid for instance in instances}
    for item in ranges:
        if item.takes(DICOM) and (item.transfer_syntax in {"", "*"} or {item.transfer_syntax} >= syntaxes):
            return item
    raise NotAcceptable(
        f"What is stored here is sent as {DICOM} in its own transfer syntax, {', '.join(sorted(syntaxes))}, only; "
        "transfer-syntax=* takes it."
    )


def _in_parts(instances: Sequence[Instance]) -> HttpResponseBase:
    files = _Files([stored_path(instance) for instance in instances])
    parts = [
        Part(_content_type(instance), length, partial(files.chunks, number))
        for number, (instance, length) in enumerate(zip(instances, files.lengths, strict=True))
    ]
    whole = Multipart(DICOM, parts)
    return stream(whole.content_type, whole.length, whole.chunks, files)


def _content_type(instance: Instance) -> str:
    return f"{DICOM}; transfer-syntax={instance.transfer_syntax_uid}"


class _Files:
    """Stored files of which one at a time is open, however many there are."""

    def __init__(self, paths: Sequence[Path]) -> None:
        """Take their lengths; raises UnreadableInstance before anything is sent where one is missing."""
        self._paths = paths
        self._open: StoredFile | None = None
        try:
            self.lengths = [path.stat().st_size for path in paths]
        except OSError as error:
            raise UnreadableInstance("A stored file cannot be opened.") from error

    def chunks(self, number: int) -> Iterator[bytes]:
        """Yield the bytes of a file."""
        self._open = StoredFile(self._paths[number])
        yield from read_span(self._open, Span(0, self.lengths[number]))
        self.close()

    def close(self) -> None:
        """Close the file that is open."""
        if self._open is not None:
            self._open.close()
            self._open = None
