"""The index of the archive: Patient, Study, Series, Instance, and where each came from; pending.py has what waits.

Columns that end in ``_index`` hold a name as ``noctis.dicom.matching.name_index`` folds it; queries for names use them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from django.db import models

from noctis.accounts.models import Facility, User
from noctis.accounts.visibility import FacilityScopedQuerySet, StudyGrant
from noctis.archive.pending import FlagReason, QuarantineDecision, QuarantinedObject, QuarantineReason, StudyFlag
from noctis.dicom.attributes import person_name_display
from noctis.dicom.matching import name_index

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

__all__ = [
    "FacilityRule",
    "FacilityScopedQuerySet",
    "FlagReason",
    "Instance",
    "Patient",
    "QuarantineDecision",
    "QuarantineReason",
    "QuarantinedObject",
    "Reception",
    "Series",
    "SeriesRequest",
    "Study",
    "StudyFlag",
    "StudyStatus",
]

NO_NAME_INDEX = name_index("")
# Structured reports and encapsulated documents (PS3.3 A.35 and A.45), by the beginning of their SOP classes.
DOCUMENT_CLASSES = ("1.2.840.10008.5.1.4.1.1.88.", "1.2.840.10008.5.1.4.1.1.104.")


def is_document(path: str = "") -> models.Q:
    """Return the condition that the instance to which ``path`` leads is a document and no image."""
    return models.Q(
        *(models.Q((f"{path}sop_class_uid__startswith", prefix)) for prefix in DOCUMENT_CLASSES), _connector=models.Q.OR
    )


class PatientQuerySet(FacilityScopedQuerySet["Patient"]):
    """Patients, of whom only those with studies are there for others: whoever was merged away is kept for an undo."""

    def visible_to(self, user: User | AnonymousUser) -> PatientQuerySet:
        """Return the patients whom ``user`` may see."""
        return cast("PatientQuerySet", super().visible_to(user)).with_studies()

    def visible_to_facility(self, facility: Facility) -> PatientQuerySet:
        """Return the patients of ``facility``."""
        return cast("PatientQuerySet", super().visible_to_facility(facility)).with_studies()

    def with_studies(self) -> PatientQuerySet:
        """Return those of whom there is a study."""
        return self.filter(models.Exists(Study.objects.filter(patient=models.OuterRef("pk"), instance_count__gt=0)))


class Patient(models.Model):
    """A person as one facility knows them.

    ``identity`` tells people apart within the facility: the Patient ID with its issuer, or the study's UID where the
    modality sent no Patient ID, so that two people without an ID are never taken for one.
    """

    facility = models.ForeignKey(Facility, on_delete=models.PROTECT, related_name="patients")
    identity = models.CharField(max_length=140)
    patient_identifier = models.CharField(max_length=64, blank=True)
    issuer_of_patient_id = models.CharField(max_length=64, blank=True)
    name = models.CharField(max_length=400, blank=True)
    name_index = models.TextField(editable=False, default=NO_NAME_INDEX)
    birth_date = models.DateField(null=True)
    sex = models.CharField(max_length=16, blank=True)

    objects = PatientQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["facility", "identity"], name="one_patient_per_identity")
        ]
        indexes: ClassVar = [models.Index(fields=["facility", "patient_identifier"])]

    def __str__(self) -> str:
        return f"patient {self.pk}"


class StudyStatus(models.TextChoices):
    """Whether images are still coming in, and whether somebody must accept them before they are read."""

    ARRIVING = "arriving", "Arriving"
    UNCHECKED = "unchecked", "To be checked"
    READY = "ready", "Ready"


class StudyQuerySet(FacilityScopedQuerySet["Study"]):
    """Studies, of which only those with images are there for others: one that was merged away is kept for an undo."""

    def visible_to(self, user: User | AnonymousUser) -> StudyQuerySet:
        """Return the studies that ``user`` may see."""
        return cast("StudyQuerySet", super().visible_to(user).filter(instance_count__gt=0))

    def visible_to_facility(self, facility: Facility) -> StudyQuerySet:
        """Return the studies of ``facility``."""
        return cast("StudyQuerySet", super().visible_to_facility(facility).filter(instance_count__gt=0))

    def granted(self, grant: StudyGrant) -> StudyQuerySet:
        """Return the study that was granted."""
        return self.filter(pk=grant.study_pk)


class Study(models.Model):
    """A study; the patient's particulars are kept as this study's images state them."""

    facility = models.ForeignKey(Facility, on_delete=models.PROTECT, related_name="studies")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="studies")
    study_instance_uid = models.CharField(max_length=64, unique=True)
    patient_name = models.CharField(max_length=400, blank=True)
    patient_name_index = models.TextField(editable=False, default=NO_NAME_INDEX)
    patient_identifier = models.CharField(max_length=64, blank=True)
    birth_date = models.DateField(null=True)
    sex = models.CharField(max_length=16, blank=True)
    study_date = models.DateField(null=True)
    study_time = models.TimeField(null=True)
    study_id = models.CharField(max_length=16, blank=True)
    accession_number = models.CharField(max_length=64, blank=True)
    description = models.CharField(max_length=256, blank=True)
    referring_physician = models.CharField(max_length=400, blank=True)
    referring_physician_index = models.TextField(editable=False, default=NO_NAME_INDEX)
    institution = models.CharField(max_length=64, blank=True)
    timezone_offset = models.CharField(max_length=16, blank=True, help_text="From UTC, such as +0100")
    modalities = models.CharField(max_length=120, blank=True, help_text="Sorted, separated by backslashes")
    sop_classes = models.TextField(blank=True, help_text="UIDs, sorted, separated by backslashes")
    search_text = models.TextField(blank=True, help_text="Lower-case name, ID, accession number and description")
    series_count = models.PositiveIntegerField(default=0)
    instance_count = models.PositiveIntegerField(default=0)
    rejected_count = models.PositiveIntegerField(default=0, help_text="How many of them quality control rejected")
    status = models.CharField(max_length=16, choices=StudyStatus.choices, default=StudyStatus.ARRIVING)
    received_at = models.DateTimeField(help_text="When the first instance was indexed")
    changed_at = models.DateTimeField(db_index=True, help_text="When the index last changed")

    objects = StudyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "studies"
        indexes: ClassVar = [
            models.Index(fields=["facility", "-study_date", "-study_time", "-id"]),
            models.Index(fields=["-study_date", "-study_time", "-id"]),
            models.Index(fields=["patient_name", "id"]),
            models.Index(fields=["-received_at", "-id"]),
            models.Index(fields=["facility", "patient_identifier"]),
            models.Index(fields=["facility", "accession_number"]),
            models.Index(fields=["-id"], condition=models.Q(status=StudyStatus.UNCHECKED), name="studies_to_check"),
            models.Index(fields=["-id"], condition=models.Q(rejected_count__gt=0), name="studies_with_rejections"),
        ]

    def __str__(self) -> str:
        return self.study_instance_uid

    @property
    def patient_display_name(self) -> str:
        """The patient's name as people write it."""
        return person_name_display(self.patient_name)

    @property
    def modality_list(self) -> list[str]:
        """The modalities as a list."""
        return [modality for modality in self.modalities.split("\\") if modality]

    @property
    def accepted_count(self) -> int:
        """How many instances are there for readers: all but the rejected ones."""
        return max(self.instance_count - self.rejected_count, 0)

    @property
    def sop_class_list(self) -> list[str]:
        """The UIDs of the SOP classes as a list."""
        return [uid for uid in self.sop_classes.split("\\") if uid]


class FacilityRule(models.Model):
    """How a facility wants its studies handled once they have arrived; one without a row wants nothing special."""

    facility = models.OneToOneField(Facility, primary_key=True, on_delete=models.CASCADE, related_name="+")
    checks_before_reading = models.BooleanField(
        default=False, help_text="A technician accepts each study before it is ready to be read"
    )

    def __str__(self) -> str:
        return f"rule of facility {self.facility_id}"


class SeriesQuerySet(FacilityScopedQuerySet["Series"]):
    """Series, scoped by their study."""

    facility_path = "study__facility"

    def granted(self, grant: StudyGrant) -> SeriesQuerySet:
        """Return the series of the study that was granted, without any that holds a document it does not include."""
        found = self.filter(study_id=grant.study_pk)
        if grant.with_documents:
            return found
        documents = Instance.objects.filter(is_document(), series=models.OuterRef("pk"))
        return found.exclude(models.Exists(documents))


class Series(models.Model):
    """A series of one study."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="series")
    series_instance_uid = models.CharField(max_length=64)
    modality = models.CharField(max_length=16, blank=True)
    series_number = models.IntegerField(null=True)
    description = models.CharField(max_length=256, blank=True)
    body_part = models.CharField(max_length=64, blank=True)
    laterality = models.CharField(max_length=16, blank=True)
    protocol = models.CharField(max_length=64, blank=True)
    station = models.CharField(max_length=64, blank=True)
    series_date = models.DateField(null=True)
    series_time = models.TimeField(null=True)
    performed_step_date = models.DateField(null=True)
    performed_step_time = models.TimeField(null=True)
    instance_count = models.PositiveIntegerField(default=0)
    changed_at = models.DateTimeField()

    objects = SeriesQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "series"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["study", "series_instance_uid"], name="one_series_per_uid_and_study")
        ]
        indexes: ClassVar = [models.Index(fields=["series_instance_uid"])]

    def __str__(self) -> str:
        return self.series_instance_uid


class SeriesRequest(models.Model):
    """What a series was made for: an item of its Request Attributes Sequence (PS3.3 table 10-9)."""

    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="requests")
    requested_procedure_id = models.CharField(max_length=64, blank=True)
    scheduled_step_id = models.CharField(max_length=64, blank=True)
    accession_number = models.CharField(max_length=64, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["requested_procedure_id", "series"]),
            models.Index(fields=["scheduled_step_id", "series"]),
        ]

    def __str__(self) -> str:
        return f"request {self.pk} of series {self.series_id}"


class Reception(models.Model):
    """One delivery: an association, an upload. Every instance says which one brought it."""

    facility = models.ForeignKey(Facility, on_delete=models.PROTECT, related_name="+")
    protocol = models.CharField(max_length=16)
    ae_title = models.CharField(max_length=16, blank=True)
    address = models.GenericIPAddressField(null=True)
    user = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"reception {self.pk} by {self.protocol}"


class InstanceQuerySet(FacilityScopedQuerySet["Instance"]):
    """Instances, scoped by their study."""

    facility_path = "series__study__facility"

    def granted(self, grant: StudyGrant) -> InstanceQuerySet:
        """Return the instances of the series that were granted."""
        return self.filter(series__in=Series.objects.all().granted(grant))


class Instance(models.Model):
    """A stored SOP instance: where its bytes lie and what is needed to serve its frames without reading its header."""

    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="instances")
    sop_instance_uid = models.CharField(max_length=64, unique=True)
    sop_class_uid = models.CharField(max_length=64)
    transfer_syntax_uid = models.CharField(max_length=64)
    instance_number = models.IntegerField(null=True)
    rows = models.PositiveIntegerField(null=True)
    columns = models.PositiveIntegerField(null=True)
    samples_per_pixel = models.PositiveSmallIntegerField(null=True)
    bits_allocated = models.PositiveSmallIntegerField(null=True)
    number_of_frames = models.PositiveIntegerField(default=0, help_text="0 for objects without pixel data")
    path = models.CharField(max_length=200, unique=True, help_text="Relative to the storage folder")
    file_size = models.PositiveBigIntegerField()
    data_set_offset = models.PositiveIntegerField(
        help_text="Where the data set begins, after the file meta information"
    )
    pixel_data_offset = models.PositiveBigIntegerField(null=True, help_text="Where the value of Pixel Data begins")
    pixel_data_length = models.PositiveBigIntegerField(null=True, help_text="Null when encapsulated")
    sha256 = models.CharField(max_length=64, help_text="Of the data set's bytes as received")
    reception = models.ForeignKey(Reception, on_delete=models.PROTECT, related_name="instances")
    received_at = models.DateTimeField()

    objects = InstanceQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["series", "instance_number"])]

    def __str__(self) -> str:
        return self.sop_instance_uid
