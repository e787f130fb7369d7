"""HL7 messages for the tests, made of segments whose fields are given by their numbers."""

from __future__ import annotations

from collections.abc import Mapping


def segment(name: str, fields: Mapping[int, str]) -> str:
    """Return a segment; fields count from 1."""
    last = max(fields, default=0)
    return "|".join([name, *(fields.get(number, "") for number in range(1, last + 1))])


def header(
    kind: str = "ORM^O01", *, facility: str = "NORTH", control_id: str = "C1", character_set: str = "UNICODE UTF-8"
) -> str:
    """Return MSH."""
    return f"MSH|^~\\&|RIS|{facility}|NOCTIS|PACS|20260701120000||{kind}|{control_id}|P|2.5||||||{character_set}"


PATIENT = {3: "X9^^^OTHER^PI~P1^^^HOSP^MR", 5: "Phantom^Ada^B^III^Dr", 7: "19700203", 8: "F"}
COMMON = {1: "NW", 2: "PL1", 3: "FI1", 5: "SC", 7: "^^^20260706083000^^R"}
DETAILS = {
    2: "PL1",
    3: "FI1",
    4: "CTTH^CT thorax^99X^P1^Thorax low dose^99P",
    16: "D7^Muster^Rolf^^^Dr",
    18: "A1",
    19: "R1",
    20: "S1",
    21: "CT1",
    24: "CT",
    30: "WHLC",
    31: "^Cough",
    34: "T3&Clara&Anna",
}
VISIT = {3: "WARD^5^2", 8: "D8^Weiss^Eva", 15: "B6", 19: "V1"}


def order(
    *,
    common: Mapping[int, str] | None = None,
    details: Mapping[int, str] | None = None,
    patient: Mapping[int, str] | None = None,
    study: str = "",
    more: tuple[str, ...] = (),
    **options: str,
) -> bytes:
    """Return an ORM^O01 as a RIS sends it to an image manager; empty fields take away what is usually there."""
    lines = [
        header(**options),
        segment("PID", {**PATIENT, **(patient or {})}),
        segment("PV1", VISIT),
        segment("ORC", {**COMMON, **(common or {})}),
        segment("OBR", {**DETAILS, **(details or {})}),
        *more,
    ]
    if study:
        lines.append(f"ZDS|{study}^100^Application^DICOM")
    return ("\r".join(lines) + "\r").encode()


def bare(control: str, *, status: str = "", number: str = "PL1", **options: str) -> bytes:
    """Return an ORM^O01 that only names an order."""
    return f"{header(**options)}\r{segment('ORC', {1: control, 2: number, 5: status})}\r".encode()


def imaging_order(steps: tuple[Mapping[int, str], ...], **options: str) -> bytes:
    """Return an OMI^O23 with one IPC for each step."""
    lines = [
        header("OMI^O23^OMI_O23", **options),
        segment("PID", PATIENT),
        segment("ORC", {1: "NW", 2: "PL9"}),
        "TQ1|1||||||20260706101500||S",
        segment("OBR", {2: "PL9", 4: "MRHD^MR head^99X"}),
        *(segment("IPC", step) for step in steps),
    ]
    return ("\r".join(lines) + "\r").encode()
