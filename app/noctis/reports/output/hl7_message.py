"""Editions as HL7 v2.5.1 messages ORU^R01 (chapter 7.3): who, which order, each line of text, and the PDF file.

The same edition for the same receiver is always the same message with the same control ID, so that a receiver that
gets it twice, because its answer was lost, can tell.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from django.utils import timezone

from noctis.archive.models import Study
from noctis.reports.content import SECTIONS, as_text, is_empty
from noctis.reports.models import ReportState
from noctis.reports.output.codes_of_content import ADDENDUM, DIAGNOSTIC_IMAGING_REPORT, HEADINGS, Code
from noctis.reports.output.editions import file_of
from noctis.reports.output.models import Edition, Hl7Receiver

APPLICATION: Final = "NOCTIS"
CHARACTER_SET: Final = "UNICODE UTF-8"  # table 0211
# Result status, table 0123; what corrects or adds to a final report replaces it as a whole.
STATUSES: Final = {ReportState.PRELIMINARY: "P", ReportState.FINAL: "F", ReportState.ADDENDED: "C"}
STUDY_UID: Final = Code("113014", "DCM", "DICOM Study")
REPRESENTATIONS: Final = ("A", "I", "P")  # of a name, table 0465, in DICOM's order
_ESCAPES: Final = str.maketrans({"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "&": "\\T\\", "~": "\\R\\", "\t": " "})


def control_id(edition: Edition, receiver: Hl7Receiver) -> str:
    """Return MSH-10: at most 20 characters."""
    return f"{edition.code}{receiver.pk % 10_000:04d}"


def message_of(edition: Edition, receiver: Hl7Receiver) -> bytes:
    """Return the message, in UTF-8. Raises PdfUnavailable or OSError where the PDF file cannot be made or read."""
    study = edition.report.study
    status = STATUSES[ReportState(edition.state)]
    segments = [_header(edition, receiver), _patient(study), _visit(study), _order(edition, status)]
    observations = [_coded(STUDY_UID, "ST", "", escaped(study.study_instance_uid))]
    if receiver.sends_text:
        observations += _text(edition)
    if receiver.sends_pdf:
        data = base64.b64encode(file_of(edition).path.read_bytes()).decode("ascii")
        observations.append(_coded(DIAGNOSTIC_IMAGING_REPORT, "ED", "", f"{APPLICATION}^application^pdf^Base64^{data}"))
    written = _when(edition.written_at)
    ending = ["", "", "", "", "", status, "", "", written]
    segments += [
        "|".join(["OBX", str(number), *observation, *ending]) for number, observation in enumerate(observations, 1)
    ]
    return ("\r".join(segments) + "\r").encode()


def escaped(text: str) -> str:
    """Return ``text`` so that nothing in it delimits anything (2.7); it becomes one line."""
    return " ".join(text.splitlines()).translate(_ESCAPES)


def _header(edition: Edition, receiver: Hl7Receiver) -> str:
    fields = [
        "MSH|^~\\&",
        APPLICATION,
        escaped(edition.facility.code),
        escaped(receiver.receiving_application),
        escaped(receiver.receiving_facility),
        _when(edition.created_at),
        "",
        "ORU^R01^ORU_R01",
        control_id(edition, receiver),
        "P",
        "2.5.1",
        *("", "", "AL", "NE", ""),
        CHARACTER_SET,
    ]
    return "|".join(fields)


def _patient(study: Study) -> str:
    identifier = f"{escaped(study.patient_identifier)}^^^{escaped(study.patient.issuer_of_patient_id)}^PI"
    born = study.birth_date.strftime("%Y%m%d") if study.birth_date else ""
    sex = study.sex if study.sex in {"M", "F", "O"} else "U"
    return "|".join(["PID", "1", "", identifier, "", _name(study.patient_name), "", born, sex])


def _visit(study: Study) -> str:
    return "|".join(["PV1", "1", "U", *[""] * 5, _person(study.referring_physician)])


def _order(edition: Edition, status: str) -> str:
    study = edition.report.study
    service = f"{_code(DIAGNOSTIC_IMAGING_REPORT)}^^{escaped(study.description)}^L"
    filler = f"{escaped(study.accession_number or study.study_instance_uid)}^{APPLICATION}"
    fields = [""] * 33
    fields[0], fields[1], fields[3], fields[4] = "OBR", "1", filler, service
    fields[7] = _performed(study)
    fields[16] = _person(study.referring_physician)
    fields[18] = escaped(study.accession_number)
    fields[22], fields[24], fields[25] = _when(edition.written_at), "RAD", status
    fields[32] = f"{escaped(edition.author.username)}&{escaped(edition.author_name)}"
    return "|".join(fields)


def _text(edition: Edition) -> Iterator[list[str]]:
    """Yield a line of text each, those of a section with the same sub-ID."""
    content = edition.report.versions.get(number=edition.version).content
    parts = [(HEADINGS[key], as_text(content[key])) for key in SECTIONS if not is_empty(content.get(key))]
    addenda = edition.report.addenda.filter(number__lte=edition.addendum).select_related("author")
    for addendum in addenda:
        signed = f"Addendum {addendum.number}, signed by {addendum.author} on {_when(addendum.signed_at)}"
        parts.append((ADDENDUM, f"{signed}\n{as_text(addendum.document)}"))
    for number, (code, words) in enumerate(parts, 1):
        for line in words.splitlines():
            if line.strip():
                yield _coded(code, "TX", str(number), escaped(line))


def _coded(code: Code, value_type: str, group: str, value: str) -> list[str]:
    return [value_type, _code(code), group, value]


def _code(code: Code) -> str:
    return f"{code.value}^{escaped(code.meaning)}^{code.scheme}"


def _name(name: str) -> str:
    """Return a DICOM person name as XPN: a repetition for each of its component groups."""
    groups = [
        (group, representation)
        for group, representation in zip(name.split("="), REPRESENTATIONS, strict=False)
        if group.strip("^ ")
    ]
    return "~".join(_components(group, representation) for group, representation in groups)


def _components(group: str, representation: str) -> str:
    family, given, middle, prefix, suffix = _parts(group)
    return f"{family}^{given}^{middle}^{suffix}^{prefix}^^L^{representation}"


def _person(name: str) -> str:
    """Return a DICOM person name as XCN, without an identifier."""
    family, given, middle, prefix, suffix = _parts(name.partition("=")[0])
    return f"^{family}^{given}^{middle}^{suffix}^{prefix}" if family or given else ""


def _parts(group: str) -> list[str]:
    """Return family, given, middle, prefix and suffix of a component group (PS3.5 6.2.1)."""
    return [*(escaped(part) for part in group.split("^")), *[""] * 5][:5]


def _performed(study: Study) -> str:
    """Return when the study was made, by the clock of its device, as far as it said so."""
    if study.study_date is None:
        return ""
    day = study.study_date.strftime("%Y%m%d")
    return f"{day}{study.study_time:%H%M%S}{escaped(study.timezone_offset)}" if study.study_time else day


def _when(moment: datetime) -> str:
    return timezone.localtime(moment).strftime("%Y%m%d%H%M%S%z")
