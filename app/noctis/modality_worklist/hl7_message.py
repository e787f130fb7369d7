"""HL7 v2 messages as bytes from a peer, read no further than orders need (HL7 v2.5.1 chapter 2)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import hl7
from hl7.exceptions import HL7Exception

# The segments that orders are read from; others, such as notes and documents, are left out before parsing.
KEPT_SEGMENTS: Final = frozenset({"MSH", "PID", "PV1", "AL1", "ORC", "TQ1", "OBR", "OBX", "IPC", "ZDS"})
MOST_SEGMENTS: Final = 500
LONGEST_OBSERVATION: Final = 400
LONGEST_KEPT: Final = 64 * 1024
DELIMITERS: Final = 4
CHARACTER_SET_FIELD: Final = 17  # MSH-18: MSH-1 is the separator itself
NULL: Final = '""'

_CODECS: Final = {
    "UNICODE UTF-8": "utf-8",
    "UNICODE": "utf-8",
    "UTF-8": "utf-8",
    "ISO IR87": "iso2022_jp",
    "GB 18030-2000": "gb18030",
    "KS X 1001": "euc_kr",
    "BIG-5": "big5",
} | {f"8859/{part}": f"iso8859-{part}" for part in (1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 14, 15)}
_UNDECLARED: Final = frozenset({"", "ASCII"})
_LINE_END = re.compile(r"\r\n|\n|\r")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


class Hl7Error(Exception):
    """A message is not taken; the text is a sentence that names no patient. ``code`` is of HL7 table 0357."""

    acknowledgement = "AE"

    def __init__(self, code: int, reason: str) -> None:
        """Keep the error code."""
        super().__init__(reason)
        self.code = code


class Hl7Rejected(Hl7Error):
    """The message is of a kind, from a sender or in a form that is never taken."""

    acknowledgement = "AR"


@dataclass(frozen=True)
class Header:
    """What the acknowledgement repeats of MSH, as it stands in the message."""

    separator: str = "|"
    encoding: str = "^~\\&"
    sending_application: str = ""
    sending_facility: str = ""
    receiving_application: str = ""
    receiving_facility: str = ""
    message_type: str = ""
    control_id: str = ""
    processing_id: str = ""
    version: str = ""
    character_set: str = ""

    @property
    def kind(self) -> tuple[str, str]:
        """The message type and its trigger event, such as ORM and O01."""
        parts = [*self.message_type.split(self.encoding[:1]), "", ""]
        return parts[0], parts[1]

    @property
    def facility_code(self) -> str:
        """The first component of the sending facility."""
        return self.sending_facility.split(self.encoding[:1])[0].strip()


class Segment:
    """One segment; fields, components, subcomponents and repetitions count from 1, as HL7 counts."""

    def __init__(self, segment: Any, header: Header) -> None:
        """Wrap a segment of python-hl7."""
        self._segment = segment
        self._header = header

    @property
    def name(self) -> str:
        """The three letters that it begins with."""
        return str(self._segment[0])

    def text(self, field: int, component: int = 1, subcomponent: int = 1, *, repetition: int = 1) -> str:
        """Return a value unescaped and on one line; empty where there is none or HL7's null."""
        node = _part(self._segment, field)
        for index in (repetition, component, subcomponent):
            node = _part(node, index - 1)
        raw = str(node)
        if raw == NULL:
            return ""
        return _CONTROL.sub(" ", _unescaped(raw, self._header)).strip()

    def raw(self, field: int) -> str:
        """Return a whole field as it stands in the message."""
        found = str(_part(self._segment, field)).strip()
        return "" if found == NULL else found

    def repetitions(self, field: int) -> range:
        """Return the numbers of a field's repetitions."""
        node = _part(self._segment, field)
        return range(1, (1 if isinstance(node, str) else len(node)) + 1)


@dataclass(frozen=True)
class OrderMessage:
    """A message whose segments can be read."""

    header: Header
    segments: list[Segment]

    def first(self, name: str) -> Segment | None:
        """Return the first segment with this name."""
        return next(self.all(name), None)

    def all(self, name: str) -> Iterator[Segment]:
        """Return the segments with this name."""
        return (segment for segment in self.segments if segment.name == name)


def read_header(block: bytes) -> Header:
    """Return what MSH says. Raises Hl7Rejected where the message does not begin with a usable one."""
    line = re.split(rb"[\r\n]", block, maxsplit=1)[0].decode("latin-1")
    separator, encoding = line[3:4], line[4:].partition(line[3:4] or "|")[0]
    if not line.startswith("MSH") or not _are_delimiters(separator, encoding):
        raise Hl7Rejected(100, "The message does not begin with an MSH segment.")
    fields = line.split(separator)
    fields += [""] * (CHARACTER_SET_FIELD + 1 - len(fields))
    kept = [_CONTROL.sub("", field)[:180] for field in fields]
    return Header(
        separator=separator,
        encoding=encoding,
        sending_application=kept[2],
        sending_facility=kept[3],
        receiving_application=kept[4],
        receiving_facility=kept[5],
        message_type=kept[8],
        control_id=kept[9],
        processing_id=kept[10],
        version=kept[11],
        character_set=kept[CHARACTER_SET_FIELD],
    )


def read_message(block: bytes, header: Header) -> OrderMessage:
    """Return the segments of a message that orders are read from. Raises Hl7Rejected."""
    lines = [line for line in _LINE_END.split(_decoded(block, header)) if line[:3] in KEPT_SEGMENTS]
    lines = [line for line in lines if not (line.startswith("OBX") and len(line) > LONGEST_OBSERVATION)]
    text = "\r".join(lines)
    if len(lines) > MOST_SEGMENTS or len(text) > LONGEST_KEPT:
        raise Hl7Rejected(100, "The message is too long for an order.")
    try:
        message = hl7.parse(text)
    except (HL7Exception, LookupError, ValueError) as error:
        raise Hl7Rejected(100, "The message cannot be parsed.") from error
    return OrderMessage(header, [Segment(segment, header) for segment in message])


def _are_delimiters(separator: str, encoding: str) -> bool:
    delimiters = separator + encoding
    return (
        len(separator) == 1
        and len(encoding) >= DELIMITERS
        and len(set(delimiters)) == len(delimiters)
        and not any(character.isalnum() or character.isspace() for character in delimiters)
    )


def _decoded(block: bytes, header: Header) -> str:
    """Decode by MSH-18; where nothing is declared, UTF-8, or Latin-1 for what is no UTF-8."""
    declared = header.character_set.split(header.encoding[1:2])[0].strip().upper()
    if declared in _UNDECLARED:
        try:
            return block.decode("utf-8")
        except UnicodeDecodeError:
            return block.decode("latin-1")
    codec = _CODECS.get(declared)
    if codec is None:
        raise Hl7Rejected(103, "The character set in MSH-18 is not supported.")
    try:
        return block.decode(codec)
    except UnicodeDecodeError as error:
        raise Hl7Rejected(102, "The message is not in the character set that MSH-18 names.") from error


def _unescaped(raw: str, header: Header) -> str:
    """Return a value without escape sequences (HL7 v2.5.1 2.7); python-hl7 would write what it cannot read to the log.

    Formatting becomes a space where it breaks the line, and nothing else; an escape that does not end is taken as text.
    """
    component, repetition, escape, subcomponent = tuple(header.encoding[:DELIMITERS])
    if escape not in raw:
        return raw
    meanings = {
        "F": header.separator,
        "S": component,
        "R": repetition,
        "E": escape,
        "T": subcomponent,
        ".br": " ",
        ".sp": " ",
    }

    def meaning(found: re.Match[str]) -> str:
        code = found[1]
        if code.startswith("X"):
            try:
                return bytes.fromhex(code[1:]).decode("latin-1")
            except ValueError:
                return ""
        return meanings.get(code, "")

    mark = re.escape(escape)
    return re.sub(f"{mark}([^{mark}]{{0,80}}){mark}", meaning, raw)


def _part(node: Any, index: int) -> Any:
    """Return one level of python-hl7's lists; a plain text is its own first part."""
    if isinstance(node, str):
        return node if index == 0 else ""
    return node[index] if index < len(node) else ""
