"""The attributes that a query may ask for, and the columns of the index that hold them (PS3.4 C.6).

One table for C-FIND and QIDO-RS alike: what stands here can be matched and returned, anything else is unsupported.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum, IntEnum
from functools import cached_property
from typing import Final

from pydicom.datadict import tag_for_keyword


class Level(IntEnum):
    """The levels of the Query/Retrieve information models, by the names that QueryRetrieveLevel has for them."""

    PATIENT = 0
    STUDY = 1
    SERIES = 2
    IMAGE = 3


class Kind(Enum):
    """How a column holds an attribute."""

    VALUE = "one value"
    LIST = "values separated by backslashes"
    NUMBER_ABOVE_ZERO = "a number, zero where there is none"
    TOTAL = "counted over the studies of the patient to whom the column leads"
    REQUESTS = "rows of SeriesRequest that belong to the series to which the column leads"


@dataclass(frozen=True)
class Attribute:
    """An attribute and its column; ``index`` is the column in which a name is searched.

    ``is_upper_case`` says that the column holds capitals whatever was sent, so that keys are read as capitals too.
    """

    keyword: str
    vr: str
    column: str
    kind: Kind = Kind.VALUE
    index: str = ""
    is_upper_case: bool = False

    @cached_property
    def tag(self) -> int:
        """The attribute's tag."""
        tag = tag_for_keyword(self.keyword)
        if tag is None:
            raise KeyError(self.keyword)
        return tag

    @property
    def source(self) -> str:
        """The name by which a database query knows the attribute."""
        return self.keyword if self.kind is Kind.TOTAL else self.column

    def seen_from(self, path: str) -> Attribute:
        """Return the attribute of a row to which ``path`` leads."""
        return replace(self, column=path + self.column, index=self.index and path + self.index)


ATTRIBUTES: Final[Mapping[Level, tuple[Attribute, ...]]] = {
    Level.PATIENT: (
        Attribute("PatientName", "PN", "name", index="name_index"),
        Attribute("PatientID", "LO", "patient_identifier"),
        Attribute("IssuerOfPatientID", "LO", "issuer_of_patient_id"),
        Attribute("PatientBirthDate", "DA", "birth_date"),
        Attribute("PatientSex", "CS", "sex", is_upper_case=True),
        Attribute("NumberOfPatientRelatedStudies", "IS", "pk", Kind.TOTAL),
        Attribute("NumberOfPatientRelatedSeries", "IS", "pk", Kind.TOTAL),
        Attribute("NumberOfPatientRelatedInstances", "IS", "pk", Kind.TOTAL),
    ),
    # From here on the patient is who the study's images say it is, in every information model.
    Level.STUDY: (
        Attribute("PatientName", "PN", "patient_name", index="patient_name_index"),
        Attribute("PatientID", "LO", "patient_identifier"),
        Attribute("IssuerOfPatientID", "LO", "patient__issuer_of_patient_id"),
        Attribute("PatientBirthDate", "DA", "birth_date"),
        Attribute("PatientSex", "CS", "sex", is_upper_case=True),
        Attribute("NumberOfPatientRelatedStudies", "IS", "patient_id", Kind.TOTAL),
        Attribute("NumberOfPatientRelatedSeries", "IS", "patient_id", Kind.TOTAL),
        Attribute("NumberOfPatientRelatedInstances", "IS", "patient_id", Kind.TOTAL),
        Attribute("StudyInstanceUID", "UI", "study_instance_uid"),
        Attribute("StudyDate", "DA", "study_date"),
        Attribute("StudyTime", "TM", "study_time"),
        Attribute("StudyID", "SH", "study_id"),
        Attribute("AccessionNumber", "SH", "accession_number"),
        Attribute("StudyDescription", "LO", "description"),
        Attribute("ReferringPhysicianName", "PN", "referring_physician", index="referring_physician_index"),
        Attribute("InstitutionName", "LO", "institution"),
        Attribute("ModalitiesInStudy", "CS", "modalities", Kind.LIST, is_upper_case=True),
        Attribute("SOPClassesInStudy", "UI", "sop_classes", Kind.LIST),
        Attribute("NumberOfStudyRelatedSeries", "IS", "series_count"),
        Attribute("NumberOfStudyRelatedInstances", "IS", "instance_count"),
        Attribute("TimezoneOffsetFromUTC", "SH", "timezone_offset"),
    ),
    Level.SERIES: (
        Attribute("SeriesInstanceUID", "UI", "series_instance_uid"),
        Attribute("Modality", "CS", "modality", is_upper_case=True),
        Attribute("SeriesNumber", "IS", "series_number"),
        Attribute("SeriesDate", "DA", "series_date"),
        Attribute("SeriesTime", "TM", "series_time"),
        Attribute("SeriesDescription", "LO", "description"),
        Attribute("BodyPartExamined", "CS", "body_part"),
        Attribute("Laterality", "CS", "laterality"),
        Attribute("ProtocolName", "LO", "protocol"),
        Attribute("StationName", "SH", "station"),
        Attribute("PerformedProcedureStepStartDate", "DA", "performed_step_date"),
        Attribute("PerformedProcedureStepStartTime", "TM", "performed_step_time"),
        Attribute("RequestAttributesSequence", "SQ", "pk", Kind.REQUESTS),
        Attribute("NumberOfSeriesRelatedInstances", "IS", "instance_count"),
    ),
    Level.IMAGE: (
        Attribute("SOPInstanceUID", "UI", "sop_instance_uid"),
        Attribute("SOPClassUID", "UI", "sop_class_uid"),
        Attribute("AvailableTransferSyntaxUID", "UI", "transfer_syntax_uid"),
        Attribute("InstanceNumber", "IS", "instance_number"),
        Attribute("Rows", "US", "rows"),
        Attribute("Columns", "US", "columns"),
        Attribute("SamplesPerPixel", "US", "samples_per_pixel"),
        Attribute("BitsAllocated", "US", "bits_allocated"),
        Attribute("NumberOfFrames", "IS", "number_of_frames", Kind.NUMBER_ABOVE_ZERO),
    ),
}
# The attributes of an item of the Request Attributes Sequence.
REQUEST_ATTRIBUTES: Final = {
    attribute.keyword: attribute
    for attribute in (
        Attribute("AccessionNumber", "SH", "accession_number"),
        Attribute("ScheduledProcedureStepID", "SH", "scheduled_step_id"),
        Attribute("RequestedProcedureID", "SH", "requested_procedure_id"),
    )
}
# Dates and the times that belong to them, for queries in which both together are one moment (PS3.4 C.2.2.2.5).
DATES_AND_TIMES: Final = {
    "StudyDate": "StudyTime",
    "SeriesDate": "SeriesTime",
    "PerformedProcedureStepStartDate": "PerformedProcedureStepStartTime",
}
# Said about the query or the answer; nothing is matched against them (PS3.4 C.4.1.1.3).
NO_KEYS: Final = frozenset(
    {"QueryRetrieveLevel", "SpecificCharacterSet", "TimezoneOffsetFromUTC", "RetrieveAETitle", "InstanceAvailability"}
)

_PATHS: Final[Mapping[Level, Mapping[Level, str]]] = {
    Level.PATIENT: {Level.PATIENT: ""},
    Level.STUDY: {Level.STUDY: ""},
    Level.SERIES: {Level.STUDY: "study__", Level.SERIES: ""},
    Level.IMAGE: {Level.STUDY: "series__study__", Level.SERIES: "series__", Level.IMAGE: ""},
}


def _at(level: Level) -> Mapping[str, Attribute]:
    return {
        attribute.keyword: attribute.seen_from(path)
        for above, path in _PATHS[level].items()
        for attribute in ATTRIBUTES[above]
    }


# What a query at a level may ask for, by keyword: the attributes of the level and of those above it.
ATTRIBUTES_AT: Final[Mapping[Level, Mapping[str, Attribute]]] = {level: _at(level) for level in Level}
