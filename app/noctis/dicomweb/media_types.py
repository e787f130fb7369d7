"""Accept headers and the form in which frames are sent (PS3.18 8.7)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest
from pydicom.pixels.decoders.base import get_decoder

from noctis.dicom.transfer_syntaxes import OCTET_STREAM, TransferSyntax
from noctis.dicomweb.errors import NotAcceptable

DICOM: Final = "application/dicom"
DICOM_JSON: Final = "application/dicom+json"
JSON: Final = "application/json"
EXPLICIT_LITTLE_ENDIAN: Final = "1.2.840.10008.1.2.1"
ENCAPSULATED_UNCOMPRESSED: Final = "1.2.840.10008.1.2.1.98"

_ITEM = re.compile(r'(?:[^,"]|"[^"]*")+')
_PARAMETER = re.compile(r';\s*([\w-]+)\s*=\s*("[^"]*"|[^;"\s]*)')


@dataclass(frozen=True)
class MediaRange:
    """One item of an Accept header; in ``multipart/related`` the media type is that of the parts."""

    media_type: str
    multipart: bool = False
    transfer_syntax: str = ""
    quality: float = 1.0

    def takes(self, media_type: str) -> bool:
        """Whether ``media_type`` falls into the range."""
        main, _, sub = self.media_type.partition("/")
        if sub == "*":
            return main in {"*", media_type.partition("/")[0]}
        return self.media_type == media_type

    @property
    def takes_anything(self) -> bool:
        """Whether the client leaves the form to the server."""
        return self.media_type == "*/*" and not self.multipart


def accepted(request: HttpRequest) -> list[MediaRange]:
    """Return what the client accepts, best first; the query parameter ``accept`` counts before the header."""
    return parse_accept(request.GET.get("accept") or request.headers.get("Accept", ""))


def parse_accept(header: str) -> list[MediaRange]:
    """Return the ranges of an Accept header, best first; what cannot be read is left out, nothing means anything."""
    ranges = [_media_range(item) for item in _ITEM.findall(header)] if header.strip() else [MediaRange("*/*")]
    return sorted((item for item in ranges if item.quality > 0), key=lambda item: -item.quality)


def _media_range(item: str) -> MediaRange:
    media_type = item.partition(";")[0].strip().lower()
    parameters = {name.lower(): value.strip('"') for name, value in _PARAMETER.findall(item)}
    multipart = media_type == "multipart/related"
    try:
        quality = float(parameters.get("q", "1"))
    except ValueError:
        quality = 0.0
    return MediaRange(
        media_type=parameters.get("type", "*/*").lower() if multipart else media_type,
        multipart=multipart,
        transfer_syntax=parameters.get("transfer-syntax", ""),
        quality=quality,
    )


def require_json(request: HttpRequest) -> None:
    """Refuse a client that takes neither of the JSON media types."""
    if not any(not item.multipart and (item.takes(DICOM_JSON) or item.takes(JSON)) for item in accepted(request)):
        raise NotAcceptable(f"This resource is sent as {DICOM_JSON} only.")


@dataclass(frozen=True)
class FrameForm:
    """How frames are sent: decoded to explicit little endian, or as they are stored."""

    media_type: str
    transfer_syntax_uid: str
    decode: bool
    multipart: bool

    @property
    def content_type(self) -> str:
        """The Content-Type of one frame."""
        return f"{self.media_type}; transfer-syntax={self.transfer_syntax_uid}"


def choose_frame_form(ranges: list[MediaRange], stored: TransferSyntax, *, frame_count: int) -> FrameForm:
    """Return the form the client likes best, or raise NotAcceptable (PS3.18 8.7.3.3.2).

    Several frames need a multipart answer. A client that names no transfer syntax gets native pixels; where these
    cannot be made, as of a video, ``*/*`` also takes the stored form.
    """
    for item in ranges:
        if not (item.multipart or item.takes_anything or frame_count == 1):
            continue
        for decode in (False, True):
            if _suits(item, stored, decode=decode):
                multipart = item.multipart or item.takes_anything
                if decode or is_native(stored):
                    return FrameForm(OCTET_STREAM, EXPLICIT_LITTLE_ENDIAN, decode, multipart)
                return FrameForm(stored.frame_media_type, stored.uid, decode, multipart)
    raise NotAcceptable(
        f"The frames are stored as {stored.frame_media_type} in transfer syntax {stored.uid}, and the Accept header "
        "allows no form in which they can be sent; transfer-syntax=* allows all."
    )


def is_native(stored: TransferSyntax) -> bool:
    """Whether the pixels are not compressed."""
    return not stored.encapsulated or stored.uid == ENCAPSULATED_UNCOMPRESSED


def is_decodable(stored: TransferSyntax) -> bool:
    """Whether this installation can decompress the pixels."""
    try:
        return bool(get_decoder(stored.uid).is_available)
    except NotImplementedError:
        return False


def _suits(item: MediaRange, stored: TransferSyntax, *, decode: bool) -> bool:
    named = item.transfer_syntax
    if is_native(stored):
        return not decode and item.takes(OCTET_STREAM) and named in {"", "*", EXPLICIT_LITTLE_ENDIAN}
    if decode:
        return item.takes(OCTET_STREAM) and named in {"", EXPLICIT_LITTLE_ENDIAN} and is_decodable(stored)
    if named in {"*", stored.uid}:
        return item.takes(stored.frame_media_type) or item.takes(OCTET_STREAM)
    if named:
        return False
    if item.media_type == "*/*":
        return not is_decodable(stored)
    return item.takes(stored.frame_media_type) and stored.frame_media_type != OCTET_STREAM
