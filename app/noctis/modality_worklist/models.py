"""What is planned for a modality, and what it reports to have done (PS3.3 C.4.10, C.4.13 to C.4.15)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from noctis.accounts.models import Facility, User
from noctis.accounts.visibility import FacilityScopedQuerySet
from noctis.dicom.attributes import person_name_display
from noctis.dicom.matching import name_index

SHORT_TEXT = 16
LONG_TEXT = 64
PERSON_NAME = 400
NAME_INDEX = 2 * PERSON_NAME


class Source(models.TextChoices):
    """Who scheduled a step."""

    WEB = "web", "Web page"
    API = "api", "Management API"
    HL7 = "hl7", "HL7 order"
    FOLDER = "folder", "Worklist folder"


class Priority(models.TextChoices):
    """The Requested Procedure Priority (0040,1003) in lower case, most urgent first."""

    STAT = "stat", "Stat"
    HIGH = "high", "Urgent"
    ROUTINE = "routine", "Routine"
    MEDIUM = "medium", "Medium"
    LOW = "low", "Low"


class StepStatus(models.TextChoices):
    """Where a scheduled step stands."""

    SCHEDULED = "scheduled", "Scheduled"
    ARRIVED = "arrived", "Patient arrived"
    IN_PROGRESS = "in_progress", "In progress"
    COMPLETED = "completed", "Completed"
    DISCONTINUED = "discontinued", "Discontinued"
    CANCELLED = "cancelled", "Cancelled"


NOT_STARTED = frozenset({StepStatus.SCHEDULED, StepStatus.ARRIVED})
OPEN = NOT_STARTED | {StepStatus.IN_PROGRESS}


class ScheduledProcedureStepQuerySet(FacilityScopedQuerySet["ScheduledProcedureStep"]):
    """Scheduled steps, scoped by their facility."""

    def open(self) -> ScheduledProcedureStepQuerySet:
        """Return the steps that a modality may still want."""
        return self.filter(status__in=OPEN)

    def not_started(self) -> ScheduledProcedureStepQuerySet:
        """Return the steps that wait for their patient or their modality."""
        return self.filter(status__in=NOT_STARTED)

    def of_order(self, facility: Facility, source: Source, order: str) -> ScheduledProcedureStepQuerySet:
        """Return the steps that one order of an outside system made."""
        return self.filter(facility=facility, source=source, source_order=order)


class ScheduledProcedureStep(models.Model):
    """One step of a requested procedure, as a modality finds it in its worklist.

    Dates and times are the facility's own, without a time zone, as DICOM writes them. A step without stations is meant
    for every station of its facility. Steps of one requested procedure share its Study Instance UID.
    """

    facility = models.ForeignKey(Facility, on_delete=models.PROTECT, related_name="scheduled_steps")
    status = models.CharField(max_length=16, choices=StepStatus.choices, default=StepStatus.SCHEDULED)
    source = models.CharField(max_length=8, choices=Source.choices)
    source_order = models.CharField(max_length=250, blank=True, help_text="The source's own key of the order")
    source_key = models.CharField(max_length=300, blank=True, help_text="The source's own key of this step")

    patient_identifier = models.CharField(max_length=LONG_TEXT)
    issuer_of_patient_id = models.CharField(max_length=LONG_TEXT, blank=True)
    patient_name = models.CharField(max_length=PERSON_NAME, blank=True)
    patient_name_index = models.CharField(max_length=NAME_INDEX, editable=False)
    birth_date = models.DateField(null=True, blank=True)
    sex = models.CharField(max_length=SHORT_TEXT, blank=True)

    study_instance_uid = models.CharField(max_length=64, db_index=True)
    accession_number = models.CharField(max_length=SHORT_TEXT, blank=True)
    requested_procedure_id = models.CharField(max_length=SHORT_TEXT)
    procedure_description = models.CharField(max_length=LONG_TEXT, blank=True)
    procedure_code = models.CharField(max_length=SHORT_TEXT, blank=True)
    procedure_code_scheme = models.CharField(max_length=SHORT_TEXT, blank=True)
    procedure_code_meaning = models.CharField(max_length=LONG_TEXT, blank=True)
    priority = models.CharField(max_length=8, choices=Priority.choices, blank=True)
    referring_physician = models.CharField(max_length=PERSON_NAME, blank=True)
    requesting_physician = models.CharField(max_length=PERSON_NAME, blank=True)

    step_id = models.CharField(max_length=SHORT_TEXT)
    start_date = models.DateField()
    start_time = models.TimeField()
    modality = models.CharField(max_length=SHORT_TEXT)
    station_name = models.CharField(max_length=SHORT_TEXT, blank=True)
    location = models.CharField(max_length=SHORT_TEXT, blank=True)
    performing_physician = models.CharField(max_length=PERSON_NAME, blank=True)
    performing_physician_index = models.CharField(max_length=NAME_INDEX, editable=False)
    step_description = models.CharField(max_length=LONG_TEXT, blank=True)
    other_attributes = models.JSONField(
        default=dict, blank=True, help_text="Further return keys of the worklist, as DICOM JSON"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    objects = ScheduledProcedureStepQuerySet.as_manager()

    class Meta:
        ordering = ("start_date", "start_time", "id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["facility", "source", "source_key"],
                condition=~models.Q(source_key=""),
                name="a_source_schedules_a_step_once",
            ),
            models.CheckConstraint(condition=~models.Q(patient_identifier=""), name="scheduled_for_a_patient"),
            models.CheckConstraint(condition=~models.Q(study_instance_uid=""), name="scheduled_with_a_study_uid"),
            models.CheckConstraint(condition=~models.Q(modality=""), name="scheduled_for_a_modality"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["facility", "start_date", "start_time", "id"]),
            models.Index(fields=["start_date", "start_time", "id"]),
            models.Index(fields=["facility", "modality", "start_date"]),
            models.Index(fields=["facility", "source", "source_order"]),
            models.Index(fields=["facility", "patient_identifier"]),
            models.Index(fields=["facility", "accession_number"]),
        ]

    def __str__(self) -> str:
        return f"scheduled step {self.pk}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save, and keep what names are searched by in step with the names."""
        self.patient_name_index = name_index(self.patient_name)[:NAME_INDEX]
        self.performing_physician_index = name_index(self.performing_physician)[:NAME_INDEX]
        super().save(*args, **kwargs)

    @property
    def patient_display_name(self) -> str:
        """The patient's name as people write it."""
        return person_name_display(self.patient_name)

    @property
    def is_open(self) -> bool:
        """Whether a modality may still want it."""
        return self.status in OPEN

    @property
    def station_ae_titles(self) -> list[str]:
        """The AE titles it is meant for, none for any; prefetch ``stations`` before asking many steps."""
        return [station.ae_title for station in sorted(self.stations.all(), key=lambda station: station.pk)]


class ScheduledStation(models.Model):
    """A station that a step is meant for."""

    step = models.ForeignKey(ScheduledProcedureStep, on_delete=models.CASCADE, related_name="stations")
    ae_title = models.CharField(max_length=16)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["step", "ae_title"], name="a_step_names_a_station_once"),
            models.CheckConstraint(condition=~models.Q(ae_title=""), name="scheduled_station_has_a_title"),
        ]
        indexes: ClassVar = [models.Index(fields=["ae_title", "step"])]

    def __str__(self) -> str:
        return self.ae_title


class PerformedStatus(models.TextChoices):
    """The Performed Procedure Step Status (0040,0252)."""

    IN_PROGRESS = "IN PROGRESS", "In progress"
    COMPLETED = "COMPLETED", "Completed"
    DISCONTINUED = "DISCONTINUED", "Discontinued"


class PerformedProcedureStepQuerySet(FacilityScopedQuerySet["PerformedProcedureStep"]):
    """Performed steps, scoped by their facility."""

    def over(self) -> PerformedProcedureStepQuerySet:
        """Return the steps that their modality has ended."""
        return self.exclude(status=PerformedStatus.IN_PROGRESS)

    def lacking_instances(self) -> PerformedProcedureStepQuerySet:
        """Return the steps that made instances which did not arrive, and which nobody has given up."""
        return self.filter(missing_count__gt=0, missing_given_up_at=None)


class PerformedProcedureStep(models.Model):
    """What a modality reports of its work (MPPS, PS3.4 annex F); a step that was never scheduled links to none.

    ``missing_count`` is None until the step is over and its instances were looked for.
    """

    facility = models.ForeignKey(Facility, on_delete=models.PROTECT, related_name="performed_steps")
    sop_instance_uid = models.CharField(max_length=64, unique=True)
    scheduled_steps = models.ManyToManyField(ScheduledProcedureStep, related_name="performed_steps", blank=True)
    status = models.CharField(max_length=16, choices=PerformedStatus.choices, default=PerformedStatus.IN_PROGRESS)
    reported_by = models.CharField(max_length=16, blank=True, help_text="AE title that sent the report")

    patient_identifier = models.CharField(max_length=LONG_TEXT, blank=True)
    patient_name = models.CharField(max_length=PERSON_NAME, blank=True)
    study_instance_uid = models.CharField(max_length=64, db_index=True)
    accession_number = models.CharField(max_length=SHORT_TEXT, blank=True)
    performed_step_id = models.CharField(max_length=SHORT_TEXT, blank=True)
    station_ae_title = models.CharField(max_length=16, blank=True)
    station_name = models.CharField(max_length=SHORT_TEXT, blank=True)
    location = models.CharField(max_length=SHORT_TEXT, blank=True)
    modality = models.CharField(max_length=SHORT_TEXT, blank=True)
    description = models.CharField(max_length=LONG_TEXT, blank=True)
    start_date = models.DateField(null=True)
    start_time = models.TimeField(null=True)
    end_date = models.DateField(null=True)
    end_time = models.TimeField(null=True)
    discontinuation_reason = models.CharField(max_length=LONG_TEXT, blank=True)
    data_set = models.JSONField(default=dict, help_text="Everything the modality sent, as DICOM JSON")
    missing_count = models.PositiveIntegerField(null=True, editable=False)
    missing_given_up_at = models.DateTimeField(null=True, editable=False)
    missing_given_up_by = models.ForeignKey(User, null=True, editable=False, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    objects = PerformedProcedureStepQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        indexes: ClassVar = [
            models.Index(fields=["facility", "status", "-id"]),
            models.Index(fields=["facility", "-start_date"]),
            models.Index(fields=["-id"], name="performed_lacking_instances", condition=models.Q(missing_count__gt=0)),
        ]

    def __str__(self) -> str:
        return self.sop_instance_uid

    @property
    def patient_display_name(self) -> str:
        """The patient's name as people write it."""
        return person_name_display(self.patient_name)

    @property
    def expected_instances(self) -> dict[str, list[str]]:
        """The SOP Instance UIDs that the modality says to have made, by Series Instance UID."""
        return {series.series_instance_uid: list(series.instance_uids) for series in self.series.all()}


class PerformedSeries(models.Model):
    """A series that a performed step made (PS3.3 C.4.15)."""

    performed_step = models.ForeignKey(PerformedProcedureStep, on_delete=models.CASCADE, related_name="series")
    series_instance_uid = models.CharField(max_length=64)
    description = models.CharField(max_length=LONG_TEXT, blank=True)
    protocol_name = models.CharField(max_length=LONG_TEXT, blank=True)
    operators_name = models.CharField(max_length=PERSON_NAME, blank=True)
    retrieve_ae_title = models.CharField(max_length=16, blank=True)
    instance_uids = models.JSONField(default=list, help_text="SOP Instance UIDs of images and other objects")
    instance_count = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name_plural = "performed series"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["performed_step", "series_instance_uid"], name="a_performed_step_names_a_series_once"
            )
        ]

    def __str__(self) -> str:
        return self.series_instance_uid
