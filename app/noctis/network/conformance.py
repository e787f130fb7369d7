"""The tables of the DICOM Conformance Statement (PS3.2), from what the services are made of.

They stand between marks in ``docs/conformance_statement.md``; what stands around them is written by hand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from pydicom.datadict import dictionary_description, dictionary_VR, tag_for_keyword
from pydicom.uid import UID
from pynetdicom.sop_class import _STORAGE_CLASSES

from noctis.archive.query_attributes import ATTRIBUTES, NO_KEYS, REQUEST_ATTRIBUTES, Level
from noctis.dicom.association_rejection import Rejection
from noctis.modality_worklist import keys as worklist
from noctis.network import conformance_statuses as statuses
from noctis.network.dicom_services import DicomService
from noctis.network.query_scp import LEVELS
from noctis.network.retrieve import RETRIEVE_LEVELS
from noctis.network.services import (
    COMMAND_TRANSFER_SYNTAXES,
    EXPLICIT_BIG_ENDIAN,
    EXPLICIT_LITTLE_ENDIAN,
    IMPLICIT_LITTLE_ENDIAN,
    OFFERED,
    PRIVATE_STORAGE_CLASSES,
    STORAGE_CLASSES,
    STORAGE_COMMITMENT_PUSH_MODEL,
    STORAGE_TRANSFER_SYNTAXES,
    VERIFICATION,
    service_of,
)
from noctis.network.transcoding import TARGETS

UNIQUE_KEYS: Final = {"PatientID", "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"}
DEFLATED: Final = "1.2.840.10008.1.2.1.99"
# What is proposed where we open the association, in this order; a test looks at the wire.
PROPOSED: Final[Mapping[str, Sequence[str]]] = {
    VERIFICATION: (IMPLICIT_LITTLE_ENDIAN, EXPLICIT_LITTLE_ENDIAN, DEFLATED, EXPLICIT_BIG_ENDIAN),
    STORAGE_COMMITMENT_PUSH_MODEL: (EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN),
}
_REJECTIONS: Final = {
    Rejection.NO_REASON_GIVEN: "TLS or the user's identity is missing or not right; plain DICOM on the TLS port",
    Rejection.APPLICATION_CONTEXT_NOT_SUPPORTED: "the application context is not DICOM's",
    Rejection.CALLING_AE_TITLE_NOT_RECOGNISED: "the caller is not registered, switched off, blocked, calls from another"
    " address, or shows another certificate",
    Rejection.CALLED_AE_TITLE_NOT_RECOGNISED: "the called AE title is none of ours",
    Rejection.TEMPORARY_CONGESTION: "the database does not answer",
    Rejection.LOCAL_LIMIT_EXCEEDED: "all associations are in use",
}
_MARKED: Final = re.compile(r"(<!-- begin: ([a-z-]+) -->\n).*?(<!-- end: \2 -->)", re.DOTALL)


def with_current_tables(statement: str) -> str:
    """Return the text of the statement with each of its tables as it should be. Raises KeyError for an unknown one."""
    return _MARKED.sub(lambda found: f"{found[1]}\n{TABLES[found[2]]()}\n\n{found[3]}", statement)


def name_of(uid: str) -> str:
    """Return what the standard calls a UID."""
    if (name := str(UID(uid).name)) != uid:
        return name.replace("|", "\\|")
    keyword = next(word for word, known in _STORAGE_CLASSES.items() if known == uid)
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", keyword)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _yes(answer: bool) -> str:  # noqa: FBT001
    return "Yes" if answer else "No"


def _by_number(uids: Iterable[str]) -> list[str]:
    return sorted(uids, key=lambda uid: [int(part) for part in uid.split(".")])


def service_classes() -> str:
    """Return the SOP classes other than those of storage."""
    offered = _by_number(frozenset().union(*OFFERED.values()) - STORAGE_CLASSES)
    rows = [
        (name_of(uid), f"`{uid}`", DicomService(service_of(uid)).label, _yes(uid == VERIFICATION), "Yes")
        for uid in offered
    ]
    return _table(("SOP class", "UID", "service", "SCU", "SCP"), rows)


def storage_classes() -> str:
    """Return the SOP classes of storage, without those that a setting adds."""
    uids = _by_number(STORAGE_CLASSES - PRIVATE_STORAGE_CLASSES)
    return _table(("SOP class", "UID", "SCU", "SCP"), [(name_of(uid), f"`{uid}`", "Yes", "Yes") for uid in uids])


def storage_transfer_syntaxes() -> str:
    """Return the transfer syntaxes of the storage classes."""
    rows = [
        (name_of(uid), f"`{uid}`", "Yes", "Yes" if uid in TARGETS else "as stored")
        for uid in _by_number(STORAGE_TRANSFER_SYNTAXES)
    ]
    return _table(("transfer syntax", "UID", "SCP", "SCU"), rows)


def command_transfer_syntaxes() -> str:
    """Return the transfer syntaxes of all other classes."""
    rows = [(name_of(uid), f"`{uid}`") for uid in _by_number(COMMAND_TRANSFER_SYNTAXES)]
    return _table(("transfer syntax", "UID"), rows)


def proposed_contexts() -> str:
    """Return what we propose, but for storage, where that depends on what is sent."""
    rows = [
        (name_of(uid), f"`{uid}`", name_of(syntax), f"`{syntax}`", "SCU" if uid == VERIFICATION else "SCP")
        for uid, syntaxes in PROPOSED.items()
        for syntax in syntaxes
    ]
    return _table(("SOP class", "UID", "transfer syntax", "UID", "role"), rows)


def rejections() -> str:
    """Return with what associations are rejected."""
    rows = [(str(one.result), str(one.source), str(one.reason), _REJECTIONS[one]) for one in Rejection]
    return _table(("result", "source", "reason", "where"), rows)


def query_levels() -> str:
    """Return the levels of each information model."""
    rows = [
        (name_of(uid), ", ".join(level.name for level in sorted(levels)))
        for uid, levels in {**LEVELS, **RETRIEVE_LEVELS}.items()
    ]
    return _table(("information model", "levels"), rows)


def query_keys() -> str:
    """Return the keys of the Query/Retrieve information models, level by level."""
    rows = []
    for level, attributes in ATTRIBUTES.items():
        above = {one.keyword for higher in Level if higher < level for one in ATTRIBUTES[higher]}
        for attribute in attributes:
            if attribute.keyword in above | NO_KEYS:
                continue
            unique = attribute.keyword in UNIQUE_KEYS
            rows.append((level.name, *_named(attribute.keyword), attribute.vr, _yes(unique), _matching(attribute.vr)))
            if attribute.vr == "SQ":
                rows += [
                    (level.name, f"> {_named(one)[0]}", _named(one)[1], item.vr, "No", _matching(item.vr))
                    for one, item in REQUEST_ATTRIBUTES.items()
                ]
    rows += [
        ("every", *_named(one), dictionary_VR(_tag(one)), "No", "returned, not matched") for one in sorted(NO_KEYS)
    ]
    return _table(("level", "attribute", "tag", "VR", "unique key", "matching"), rows)


def worklist_keys() -> str:
    """Return the keys of the Modality Worklist information model."""
    inside = worklist.SUPPORTED_IN_STEP
    rows = [(*_named(one), dictionary_VR(_tag(one)), _matching(dictionary_VR(_tag(one)))) for one in _by_tag(inside)]
    step = [(f"> {name}", tag, vr, matching) for name, tag, vr, matching in rows]
    table: list[Sequence[str]] = []
    for one in _by_tag(worklist.SUPPORTED):
        vr = dictionary_VR(_tag(one))
        table.append((*_named(one), vr, _matching(vr)))
        if one == worklist.STEP_SEQUENCE:
            table += step
    return _table(("attribute", "tag", "VR", "matching"), table)


def _by_tag(keywords: Iterable[str]) -> list[str]:
    return sorted(keywords, key=_tag)


def _tag(keyword: str) -> int:
    tag = tag_for_keyword(keyword)
    if tag is None:
        raise KeyError(keyword)
    return tag


def _named(keyword: str) -> tuple[str, str]:
    tag = _tag(keyword)
    return dictionary_description(tag), f"({tag >> 16:04X},{tag & 0xFFFF:04X})"


def _matching(vr: str) -> str:
    kinds = {
        "PN": "single value, wildcard; without case and accents, by component group",
        "DA": "single value, range",
        "TM": "single value, range",
        "UI": "single value, list of UIDs",
        "SQ": "sequence",
    }
    if vr in {"AE", "CS", "LO", "LT", "SH", "ST", "UC", "UT"}:
        return "single value, several values, wildcard"
    return kinds.get(vr, "single value, several values")


def _statuses(meanings: statuses.Meanings) -> Callable[[], str]:
    def table() -> str:
        rows = [(f"{int(status):04X}", meaning) for status, meaning in sorted(meanings.items())]
        return _table(("status", "meaning"), rows)

    return table


TABLES: Final[Mapping[str, Callable[[], str]]] = {
    "service-classes": service_classes,
    "storage-classes": storage_classes,
    "storage-transfer-syntaxes": storage_transfer_syntaxes,
    "command-transfer-syntaxes": command_transfer_syntaxes,
    "proposed-contexts": proposed_contexts,
    "rejections": rejections,
    "query-levels": query_levels,
    "query-keys": query_keys,
    "worklist-keys": worklist_keys,
    "statuses-of-every-request": _statuses(statuses.EVERY_REQUEST),
    "statuses-of-echo": _statuses(statuses.ECHO),
    "statuses-of-store": _statuses(statuses.STORE),
    "statuses-of-find": _statuses(statuses.FIND),
    "statuses-of-retrieve": _statuses(statuses.RETRIEVE),
    "statuses-of-performed-step": _statuses(statuses.PERFORMED_STEP),
    "statuses-of-commitment": _statuses(statuses.COMMITMENT),
}
