"""What an instance holds in a form of its own: a document or a video (PS3.18 10.4.1.1.3 and 8.7.4).

Both come as an attachment that may do nothing: a PDF, an XML file or a video is made by somebody outside, and a browser
that opens it at the appliance's address must find no way to act for the reader.
"""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponseBase

from noctis.archive.models import Instance
from noctis.dicom.attributes import whole_number
from noctis.dicom.transfer_syntaxes import OCTET_STREAM, transfer_syntax
from noctis.dicomweb.bulk_data import open_value
from noctis.dicomweb.byte_ranges import Joined, send_ranges
from noctis.dicomweb.data_sets import read_data_set, stored_path
from noctis.dicomweb.errors import NotAcceptable
from noctis.dicomweb.fragments import Span
from noctis.dicomweb.frames import FrameReader, Memory, StoredFile
from noctis.dicomweb.lookups import visible_instance
from noctis.dicomweb.media_types import accepted
from noctis.dicomweb.responses import KEEP, dicomweb_view

ENCAPSULATED_DOCUMENT: Final = "00420011"
DOCUMENT_CLASSES: Final = "1.2.840.10008.5.1.4.1.1.104."
# By SOP class (PS3.3 A.45 and A.85), never by what the object says of itself.
_DOCUMENTS: Final = {
    f"{DOCUMENT_CLASSES}1": ("application/pdf", "pdf"),
    f"{DOCUMENT_CLASSES}2": ("text/xml", "xml"),
    f"{DOCUMENT_CLASSES}3": ("model/stl", "stl"),
    f"{DOCUMENT_CLASSES}4": ("model/obj", "obj"),
    f"{DOCUMENT_CLASSES}5": ("model/mtl", "mtl"),
}
_UNKNOWN_DOCUMENT: Final = (OCTET_STREAM, "bin")
_LONGEST_VIDEO_START: Final = 189  # a packet of a transport stream and the byte after it
_FILE_BOXES: Final = frozenset({b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide"})


@dicomweb_view
def retrieve_rendered(request: HttpRequest, study_uid: str, series_uid: str, instance_uid: str) -> HttpResponseBase:
    """Send an encapsulated document or a video as a file of its own kind, whole or in ranges."""
    instance = visible_instance(request.user, study_uid, series_uid, instance_uid)
    if transfer_syntax(instance.transfer_syntax_uid).frame_media_type.startswith("video/"):
        return _video(request, instance)
    if instance.sop_class_uid.startswith(DOCUMENT_CLASSES):
        return _document(request, instance)
    raise NotAcceptable("Documents and videos alone are sent in this form; images are sent as frames.")


def _document(request: HttpRequest, instance: Instance) -> HttpResponseBase:
    media_type, extension = _DOCUMENTS.get(instance.sop_class_uid, _UNKNOWN_DOCUMENT)
    source, span = open_value(instance, ENCAPSULATED_DOCUMENT)
    try:
        stated = whole_number(read_data_set(stored_path(instance)), "EncapsulatedDocumentLength")
        # The value is padded to an even length, the document need not be even (PS3.3 C.24.2.5).
        length = stated if stated is not None and 0 <= span.length - stated <= 1 else span.length
    except BaseException:
        source.close()
        raise
    return _attachment(request, instance, (source, [Span(span.offset, length)]), media_type, extension)


def _video(request: HttpRequest, instance: Instance) -> HttpResponseBase:
    reader = FrameReader(instance)
    try:
        source, spans = reader.stream()
        start = b"".join(Joined(source, spans).chunks(Span(0, _LONGEST_VIDEO_START)))
        media_type, extension = _container(start, instance.transfer_syntax_uid)
    except BaseException:
        reader.close()
        raise
    return _attachment(request, instance, (source, spans), media_type, extension)


def _container(start: bytes, transfer_syntax_uid: str) -> tuple[str, str]:
    """Return media type and extension by the first bytes: the transfer syntax leaves the container open (PS3.5 8.2)."""
    if start[4:8] in _FILE_BOXES:
        return "video/mp4", "mp4"
    if start[:1] == b"\x47" and start[188:189] == b"\x47":
        return "video/mp2t", "ts"
    stored = transfer_syntax(transfer_syntax_uid).frame_media_type
    if stored == "video/mpeg2":
        return "video/mpeg", "mpg"
    return ("video/h265", "h265") if stored == "video/H265" else ("video/h264", "h264")


def _attachment(
    request: HttpRequest,
    instance: Instance,
    content: tuple[StoredFile | Memory, list[Span]],
    media_type: str,
    extension: str,
) -> HttpResponseBase:
    source, spans = content
    if not any(not item.multipart and item.takes(media_type) for item in accepted(request)):
        source.close()
        raise NotAcceptable(f"This instance is sent as {media_type} only.")
    etag = f'"{instance.sha256[:32]}"'
    response = send_ranges(request, Joined(source, spans), source, content_type=media_type, etag=etag)
    response["Content-Disposition"] = f'attachment; filename="{instance.sop_instance_uid}.{extension}"'
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cache-Control"] = KEEP
    return response
