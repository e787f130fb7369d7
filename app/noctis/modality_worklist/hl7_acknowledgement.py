"""Answers to HL7 messages: ACK with MSA and, where something is wrong, ERR (HL7 v2.5.1 2.9.2, 2.15.5)."""

from __future__ import annotations

import uuid

from django.utils import timezone

from noctis.modality_worklist.hl7_message import Header, Hl7Error


def accepted(header: Header) -> bytes:
    """Return the answer to a message that was carried out."""
    return _acknowledgement(header, "AA", [])


def refused(header: Header, error: Hl7Error) -> bytes:
    """Return the answer that says why a message was not carried out."""
    reason = _escaped(str(error), header)
    segment = header.separator.join(["ERR", "", "", str(error.code), "E", "", "", "", reason])
    return _acknowledgement(header, error.acknowledgement, [segment], reason)


def _acknowledgement(header: Header, code: str, more: list[str], reason: str = "") -> bytes:
    separator = header.separator
    event = header.kind[1]
    message_type = header.encoding[0].join(part for part in ("ACK", event, "ACK" if event else "") if part)
    first = [
        "MSH",
        header.encoding,
        header.receiving_application,
        header.receiving_facility,
        header.sending_application,
        header.sending_facility,
        timezone.localtime().strftime("%Y%m%d%H%M%S"),
        "",
        message_type,
        uuid.uuid4().hex[:20],
        header.processing_id or "P",
        header.version or "2.5",
    ]
    answer = ["MSA", code, header.control_id] + [reason] * bool(reason)
    segments = [separator.join(first), separator.join(answer), *more]
    return ("\r".join(segments) + "\r").encode("latin-1", "replace")  # the header was read as Latin-1


def _escaped(text: str, header: Header) -> str:
    """Return ``text`` so that none of its characters delimits anything (HL7 v2.5.1 2.7)."""
    component, repetition, escape, subcomponent = tuple(header.encoding[:4])
    names = {header.separator: "F", component: "S", repetition: "R", escape: "E", subcomponent: "T"}
    return "".join(f"{escape}{names[one]}{escape}" if one in names else one for one in text)
