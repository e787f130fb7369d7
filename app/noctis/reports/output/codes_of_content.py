"""The codes that name the parts of a report, in DICOM objects (PS3.16 CID 7000 to 7002) and HL7 messages alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Code:
    """A coded concept."""

    value: str
    scheme: str
    meaning: str


DCM, LOINC, SNOMED = "DCM", "LN", "SCT"
DIAGNOSTIC_IMAGING_REPORT: Final = Code("18748-4", LOINC, "Diagnostic Imaging Report")
ADDENDUM: Final = Code("55107-7", LOINC, "Addendum")
# By section: the heading (CID 7001) and what stands below it (CID 7002).
HEADINGS: Final = {
    "clinical_question": Code("55115-0", LOINC, "Request"),
    "technique": Code("55111-9", LOINC, "Current Procedure Descriptions"),
    "comparison": Code("18834-2", LOINC, "Previous Findings"),
    "findings": Code("59776-5", LOINC, "Findings"),
    "impression": Code("19005-8", LOINC, "Impressions"),
}
ELEMENTS: Final = {
    "clinical_question": Code("55115-0", LOINC, "Request"),
    "technique": Code("121065", DCM, "Procedure Description"),
    "comparison": Code("121069", DCM, "Previous Finding"),
    "findings": Code("121071", DCM, "Finding"),
    "impression": Code("121073", DCM, "Impression"),
}
# What an addendum adds is not told apart.
ADDED: Final = Code("121071", DCM, "Finding")
