"""WADO-RS: whole instances of a study, of a series or one, as stored and since corrected (PS3.18 10.4.1.1.1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from django.http import HttpRequest, HttpResponseBase

from noctis.archive.models import Instance
from noctis.corrections.outgoing import CannotCorrect, Corrected, corrected
from noctis.corrections.overlays import Overlay, overlay_of
from noctis.dicomweb.data_sets import stored_path
from noctis.dicomweb.errors import NotAcceptable, UnreadableInstance
from noctis.dicomweb.fragments import Span
from noctis.dicomweb.frames import StoredFile, read_span
from noctis.dicomweb.lookups import visible_instance, visible_series, visible_study
from noctis.dicomweb.media_types import DICOM, MediaRange, accepted
from noctis.dicomweb.multipart import Multipart, Part
from noctis.dicomweb.responses import ASK_EVERY_TIME, dicomweb_view, send_file, stream


@dicomweb_view
def retrieve_study(request: HttpRequest, study_uid: str) -> HttpResponseBase:
    """Send every instance of a study, series by series."""
    study = visible_study(request.user, study_uid)
    instances = Instance.objects.visible_to(request.user).filter(series__study=study)
    ordered = instances.order_by("series__series_number", "series_id", "instance_number", "id")
    return _several(request, ordered, overlay_of(study.pk))


@dicomweb_view
def retrieve_series(request: HttpRequest, study_uid: str, series_uid: str) -> HttpResponseBase:
    """Send every instance of a series."""
    series = visible_series(request.user, study_uid, series_uid)
    instances = Instance.objects.visible_to(request.user).filter(series=series)
    return _several(request, instances.order_by("instance_number", "id"), overlay_of(series.study_id))


@dicomweb_view
def retrieve_instance(request: HttpRequest, study_uid: str, series_uid: str, instance_uid: str) -> HttpResponseBase:
    """Send an instance, as application/dicom or as the one part of a multipart answer."""
    instance = visible_instance(request.user, study_uid, series_uid, instance_uid, with_parents=True)
    chosen = _chosen(accepted(request), [instance])
    overlay = overlay_of(instance.series.study_id)
    if chosen.multipart or chosen.takes_anything:
        response = _in_parts([instance], overlay)
    elif overlay is None:
        response = send_file(stored_path(instance), _content_type(instance))
    else:
        files = _Files([instance], overlay)
        response = stream(_content_type(instance), files.lengths[0], partial(files.chunks, 0), files)
    response.headers["Cache-Control"] = ASK_EVERY_TIME
    return response


def _several(request: HttpRequest, rows: Iterable[Instance], overlay: Overlay | None) -> HttpResponseBase:
    """Send instances one after the other; there may be more of them next time."""
    instances = list(rows)
    ranges = [item for item in accepted(request) if item.multipart or item.takes_anything]
    _chosen(ranges, instances)
    response = _in_parts(instances, overlay)
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


def _in_parts(instances: Sequence[Instance], overlay: Overlay | None) -> HttpResponseBase:
    files = _Files(instances, overlay)
    parts = [
        Part(_content_type(instance), length, partial(files.chunks, number))
        for number, (instance, length) in enumerate(zip(instances, files.lengths, strict=True))
    ]
    whole = Multipart(DICOM, parts)
    return stream(whole.content_type, whole.length, whole.chunks, files)


def _content_type(instance: Instance) -> str:
    return f"{DICOM}; transfer-syntax={instance.transfer_syntax_uid}"


class _Files:
    """Stored files of one study, corrected where it is, of which one at a time is open, however many there are."""

    def __init__(self, instances: Sequence[Instance], overlay: Overlay | None) -> None:
        """Take their lengths; raises UnreadableInstance before anything is sent where one is missing."""
        self._instances = instances
        self._overlay = overlay
        self._open: StoredFile | None = None
        self.lengths = [self._length(instance) for instance in instances]

    def chunks(self, number: int) -> Iterator[bytes]:
        """Yield the bytes of a file."""
        if correction := self._corrected(self._instances[number]):
            yield from correction.chunks()
            return
        self._open = StoredFile(stored_path(self._instances[number]))
        yield from read_span(self._open, Span(0, self.lengths[number]))
        self.close()

    def close(self) -> None:
        """Close the file that is open."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def _length(self, instance: Instance) -> int:
        if correction := self._corrected(instance):
            return correction.length
        try:
            return stored_path(instance).stat().st_size
        except OSError as error:
            raise UnreadableInstance("A stored file cannot be opened.") from error

    def _corrected(self, instance: Instance) -> Corrected | None:
        if self._overlay is None:
            return None
        try:
            return corrected(stored_path(instance), instance.data_set_offset, self._overlay)
        except (CannotCorrect, OSError) as error:
            raise UnreadableInstance("A stored file cannot be corrected as it should.") from error
