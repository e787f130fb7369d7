"""The attributes of the Modality Worklist Information Model and the columns that hold them (PS3.4 table K.6-1)."""

from __future__ import annotations

from typing import Final

from pydicom.datadict import dictionary_VR, tag_for_keyword

STEP_SEQUENCE: Final = "ScheduledProcedureStepSequence"
PROCEDURE_CODE_SEQUENCE: Final = "RequestedProcedureCodeSequence"

# Attributes with a column of their own, outside and inside the Scheduled Procedure Step Sequence.
ORDER_COLUMNS: Final = {
    "AccessionNumber": "accession_number",
    "ReferringPhysicianName": "referring_physician",
    "PatientName": "patient_name",
    "PatientID": "patient_identifier",
    "IssuerOfPatientID": "issuer_of_patient_id",
    "PatientBirthDate": "birth_date",
    "PatientSex": "sex",
    "StudyInstanceUID": "study_instance_uid",
    "RequestingPhysician": "requesting_physician",
    "RequestedProcedureDescription": "procedure_description",
    "RequestedProcedureID": "requested_procedure_id",
}
STEP_COLUMNS: Final = {
    "Modality": "modality",
    "ScheduledProcedureStepStartDate": "start_date",
    "ScheduledProcedureStepStartTime": "start_time",
    "ScheduledPerformingPhysicianName": "performing_physician",
    "ScheduledProcedureStepDescription": "step_description",
    "ScheduledProcedureStepID": "step_id",
    "ScheduledStationName": "station_name",
    "ScheduledProcedureStepLocation": "location",
}
CODE_COLUMNS: Final = {
    "CodeValue": "procedure_code",
    "CodingSchemeDesignator": "procedure_code_scheme",
    "CodeMeaning": "procedure_code_meaning",
}
# Attributes whose values are words of ours, or rows of their own.
PRIORITY: Final = "RequestedProcedurePriority"
STATIONS: Final = "ScheduledStationAETitle"
STATUS: Final = "ScheduledProcedureStepStatus"

# Attributes that are kept and returned as they came.
FURTHER_KEYS: Final = frozenset(
    {
        "StudyDate",
        "StudyTime",
        "InstitutionName",
        "InstitutionAddress",
        "AdmittingDiagnosesDescription",
        "ReferencedStudySequence",
        "ReferencedPatientSequence",
        "OtherPatientIDs",
        "OtherPatientNames",
        "PatientAge",
        "PatientSize",
        "PatientWeight",
        "PatientAddress",
        "MilitaryRank",
        "MedicalAlerts",
        "Allergies",
        "EthnicGroup",
        "SmokingStatus",
        "AdditionalPatientHistory",
        "PregnancyStatus",
        "LastMenstrualDate",
        "ResponsiblePerson",
        "ResponsiblePersonRole",
        "PatientComments",
        "RequestingService",
        "AdmissionID",
        "IssuerOfAdmissionID",
        "SpecialNeeds",
        "CurrentPatientLocation",
        "PatientState",
        "ReasonForTheRequestedProcedure",
        "PatientTransportArrangements",
        "RequestedProcedureLocation",
        "ConfidentialityCode",
        "ReportingPriority",
        "NamesOfIntendedRecipientsOfResults",
        "RequestedProcedureComments",
        "ReasonForTheImagingServiceRequest",
        "IssueDateOfImagingServiceRequest",
        "IssueTimeOfImagingServiceRequest",
        "OrderEnteredBy",
        "OrderEntererLocation",
        "OrderCallbackPhoneNumber",
        "PlacerOrderNumberImagingServiceRequest",
        "FillerOrderNumberImagingServiceRequest",
        "ImagingServiceRequestComments",
        "ConfidentialityConstraintOnPatientDataDescription",
    }
)
FURTHER_STEP_KEYS: Final = frozenset(
    {
        "RequestedContrastAgent",
        "ScheduledProcedureStepEndDate",
        "ScheduledProcedureStepEndTime",
        "ScheduledProtocolCodeSequence",
        "PreMedication",
        "CommentsOnTheScheduledProcedureStep",
    }
)
SUPPORTED: Final = frozenset({*ORDER_COLUMNS, *FURTHER_KEYS, PRIORITY, STEP_SEQUENCE, PROCEDURE_CODE_SEQUENCE})
SUPPORTED_IN_STEP: Final = frozenset({*STEP_COLUMNS, *FURTHER_STEP_KEYS, STATIONS, STATUS})
# Says how the rest is to be read; nothing is matched against it.
NO_KEYS: Final = frozenset({"SpecificCharacterSet", "TimezoneOffsetFromUTC"})


def tag_key(keyword: str) -> str:
    """Return an attribute's key in the DICOM JSON model; raises KeyError for an unknown keyword."""
    tag = tag_for_keyword(keyword)
    if tag is None:
        raise KeyError(keyword)
    return f"{tag:08X}"


def vr_of(keyword: str) -> str:
    """Return the value representation of an attribute."""
    tag = tag_for_keyword(keyword)
    if tag is None:
        raise KeyError(keyword)
    return dictionary_VR(tag)
