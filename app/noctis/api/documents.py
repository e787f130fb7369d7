"""What the management API takes and gives, as its OpenAPI document describes it."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import ConfigDict, Field

from noctis.modality_worklist.models import LONG_TEXT, PERSON_NAME, SHORT_TEXT, Priority, StepStatus
from noctis.modality_worklist.performed_report import AE_TITLE

Short = Annotated[str, Field(max_length=SHORT_TEXT)]
Long = Annotated[str, Field(max_length=LONG_TEXT)]
Name = Annotated[
    str,
    Field(
        max_length=PERSON_NAME,
        description="A DICOM person name: Family^Given^Middle^Prefix^Suffix=Ideographic=Phonetic",
        examples=["Phantom^Ada"],
    ),
]
AeTitle = Annotated[str, Field(max_length=AE_TITLE)]
PriorityWord = Literal["stat", "high", "routine", "medium", "low", ""]
StatusWord = Literal["scheduled", "arrived", "in_progress", "completed", "discontinued", "cancelled"]
MovedTo = Literal["scheduled", "arrived", "completed", "discontinued", "cancelled"]


class Strict(Schema):
    """A request: a misspelt member is an error, not ignored."""

    model_config = ConfigDict(extra="forbid")


class StepValues(Strict):
    """Everything that may be said of a scheduled procedure step; dates and times are the facility's own."""

    patient_identifier: Long
    patient_name: Name
    modality: Short = Field(examples=["CT"])
    start_date: date
    start_time: time
    issuer_of_patient_id: Long = ""
    birth_date: date | None = None
    sex: Literal["M", "F", "O", ""] = ""
    accession_number: Short = ""
    study_instance_uid: Annotated[str, Field(max_length=64)] = Field("", description="Generated where it is left out")
    requested_procedure_id: Short = Field("", description="The accession number, or generated, where it is left out")
    procedure_description: Long = ""
    procedure_code: Short = ""
    procedure_code_scheme: Short = ""
    procedure_code_meaning: Long = ""
    priority: PriorityWord = ""
    referring_physician: Name = ""
    requesting_physician: Name = ""
    step_id: Short = Field("", description="Generated where it is left out")
    station_ae_titles: list[AeTitle] = Field([], max_length=50, description="None: any station of the facility")
    station_name: Short = ""
    location: Short = ""
    performing_physician: Name = ""
    step_description: Long = ""


class NewStep(StepValues):
    """A step to schedule."""

    facility: str | None = Field(None, max_length=32, description="Its code; may be left out by who has a facility")
    joins_order: bool = Field(
        False, description="The step may be a further one of an order that the patient has under this accession number"
    )


class StepChanges(Strict):
    """What is to change; what is left out stays."""

    version: str = Field(max_length=64, description="The version that was read")
    patient_identifier: Long | None = None
    patient_name: Name | None = None
    modality: Short | None = None
    start_date: date | None = None
    start_time: time | None = None
    issuer_of_patient_id: Long | None = None
    birth_date: date | None = None
    sex: Literal["M", "F", "O", ""] | None = None
    accession_number: Short | None = None
    requested_procedure_id: Short | None = None
    procedure_description: Long | None = None
    procedure_code: Short | None = None
    procedure_code_scheme: Short | None = None
    procedure_code_meaning: Long | None = None
    priority: PriorityWord | None = None
    referring_physician: Name | None = None
    requesting_physician: Name | None = None
    station_ae_titles: list[AeTitle] | None = Field(None, max_length=50)
    station_name: Short | None = None
    location: Short | None = None
    performing_physician: Name | None = None
    step_description: Long | None = None


class StepMove(Strict):
    """Where a step is to stand: the patient arrived, it is cancelled, taken back, or ended by hand."""

    version: str = Field(max_length=64, description="The version that was read")
    status: MovedTo


class Listed(Strict):
    """What narrows a list without naming a patient, so that it may stand in an address."""

    from_date: date | None = None
    to_date: date | None = None
    modality: Short = ""
    station: AeTitle = ""
    facility: str = Field("", max_length=32, description="A facility's code")
    after: str = Field("", max_length=19, description="The member 'next' of the page before")
    limit: int = Field(50, ge=1, le=200)


class StepList(Listed):
    """What scheduled steps are listed."""

    status: list[StatusWord] = []


class StepSearch(StepList):
    """What steps are looked for. It names patients, so it comes as a body and never in an address."""

    text: str = Field("", max_length=100, description="Parts of a name, beginnings of an ID or accession number")
    patient_identifier: Long = ""
    accession_number: Short = ""
    study_instance_uid: Annotated[str, Field(max_length=64)] = ""


class PerformedList(Listed):
    """What performed steps are listed."""

    status: Literal["IN PROGRESS", "COMPLETED", "DISCONTINUED", ""] = ""
    lacking_instances: bool = Field(False, description="Only those whose instances did not all arrive")


class Step(StepValues):
    """A scheduled procedure step."""

    model_config = ConfigDict(extra="ignore")

    id: int
    version: str
    facility: str
    status: StatusWord
    source: Literal["web", "api", "hl7", "folder"]
    created_at: datetime
    changed_at: datetime
    performed_steps: list[int] = Field(description="What modalities reported of it")
    archived_study_instance_uid: str | None = Field(description="The study of its images, once there are any")


class StepPageDocument(Schema):
    """Some steps in the order of their start, and where to go on."""

    items: list[Step]
    next: str | None


class PerformedSeriesDocument(Schema):
    """A series that the modality says to have made."""

    series_instance_uid: str
    description: str
    protocol_name: str
    instance_count: int
    not_received: list[str] = Field(description="SOP Instance UIDs that did not arrive")
    quarantined: list[str] = Field(description="SOP Instance UIDs that arrived and wait for a person's decision")


class PerformedStep(Schema):
    """A performed procedure step (MPPS) as its modality reported it."""

    id: int
    sop_instance_uid: str
    facility: str
    status: Literal["IN PROGRESS", "COMPLETED", "DISCONTINUED"]
    reported_by: str
    patient_identifier: str
    patient_name: str
    study_instance_uid: str
    accession_number: str
    performed_step_id: str
    station_ae_title: str
    modality: str
    description: str
    start_date: date | None
    start_time: time | None
    end_date: date | None
    end_time: time | None
    discontinuation_reason: str
    scheduled_steps: list[int]
    missing_count: int | None = Field(description="Instances that did not arrive; null until the modality ended it")
    missing_given_up: bool


class PerformedStepWithSeries(PerformedStep):
    """The same with its series."""

    series: list[PerformedSeriesDocument]


class PerformedPage(Schema):
    """Some performed steps, the last first, and where to go on."""

    items: list[PerformedStep]
    next: str | None


class Problem(Schema):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str | None = None
    errors: list[dict[str, Any]] | None = None


assert set(StatusWord.__args__) == set(StepStatus.values)  # type: ignore[attr-defined]  # noqa: S101
assert {word for word in PriorityWord.__args__ if word} == set(Priority.values)  # type: ignore[attr-defined]  # noqa: S101
