"""What is to be read: one row for each study, and for each order whose images have not come yet.

A row repeats what the list shows of its study or order, so that one table answers every page, filter and order from an
index. ``following.py`` keeps it in step; nothing else writes the repeated columns.
"""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar, Final

from django.db import models
from django.db.models import Q
from django.utils import timezone

from noctis.accounts.models import Facility, Role, User
from noctis.accounts.visibility import FacilityScopedQuerySet
from noctis.archive.models import Study
from noctis.dicom.attributes import person_name_display
from noctis.reading_worklist.indexes import sorting


class NamedInteger(models.IntegerChoices):
    """Choices that sort by their number and that forms, addresses and styles know by name."""

    @property
    def key(self) -> str:
        """The name as forms and styles write it, such as 'in_progress'."""
        return self.name.lower()

    @classmethod
    def keyed(cls, key: str) -> int | None:
        """Return the value with this key, None where there is none."""
        return {one.name.lower(): int(one.value) for one in cls}.get(key)

    @classmethod
    def by_key(cls) -> list[tuple[str, str]]:
        """Return the choices of a form."""
        return [(one.name.lower(), str(one.label)) for one in cls]


class Urgency(NamedInteger):
    """How soon a study should be read, the most urgent first."""

    STAT = 1, "Stat"
    URGENT = 2, "Urgent"
    ROUTINE = 3, "Routine"


class Status(NamedInteger):
    """Where a study stands on its way from order to signed report, in this sequence."""

    SCHEDULED = 10, "Scheduled"
    ARRIVING = 20, "Arriving"
    UNCHECKED = 25, "To be checked"
    READY = 30, "Ready"
    IN_PROGRESS = 40, "In progress"
    DRAFT = 50, "Draft"
    PRELIMINARY = 60, "Preliminary"
    FINAL = 70, "Final"
    ADDENDED = 80, "Addended"
    NO_REPORT = 90, "No report needed"


DONE_FROM: Final = Status.FINAL
UNREAD: Final = Q(status__gte=Status.ARRIVING, status__lt=DONE_FROM)
DEFAULT_TARGETS: Final = {Urgency.STAT: 60, Urgency.URGENT: 4 * 60, Urgency.ROUTINE: 24 * 60}  # minutes


class ReadingTaskQuerySet(FacilityScopedQuerySet["ReadingTask"]):
    """Rows of the worklist, scoped by their facility."""

    def waiting_for(self, reader: User) -> ReadingTaskQuerySet:
        """Return the complete studies that nobody holds and that ``reader`` may take: given to nobody else."""
        free = self.filter(status=Status.READY, claimed_at=None)
        return free.filter(Q(assigned_to=None) | Q(assigned_to=reader))

    def by_urgency(self) -> ReadingTaskQuerySet:
        """Order as they should be read."""
        return self.order_by("priority", "due_at", "id")


class ReadingTask(models.Model):
    """A study to be read, or an order whose images have not come (``study`` is None).

    ``assigned_to`` alone is whom somebody gave it to; together with ``claimed_at`` it is who holds it, until
    ``held_until`` at the latest. ``status`` follows from the other columns, see ``follow_status``.
    """

    facility = models.ForeignKey(Facility, on_delete=models.PROTECT, related_name="reading_tasks")
    study = models.OneToOneField(Study, null=True, on_delete=models.CASCADE, related_name="reading_task")
    study_instance_uid = models.CharField(max_length=64, unique=True)

    priority = models.PositiveSmallIntegerField(choices=Urgency.choices, default=Urgency.ROUTINE)
    stated_priority = models.PositiveSmallIntegerField(
        choices=Urgency.choices, null=True, help_text="What the order, or else the images, say"
    )
    status = models.PositiveSmallIntegerField(choices=Status.choices, default=Status.SCHEDULED)
    report_status = models.PositiveSmallIntegerField(choices=Status.choices, null=True, help_text="As the report is")
    needs_no_report = models.BooleanField(default=False)
    is_arriving = models.BooleanField(default=False, help_text="Images are still coming in")
    is_unchecked = models.BooleanField(default=False, help_text="Waits for quality control before it is read")
    assigned_to = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="reading_tasks")
    assignee_name = models.CharField(max_length=150, blank=True, help_text="The name of assigned_to, to sort by")
    claimed_at = models.DateTimeField(null=True)
    held_until = models.DateTimeField(null=True)
    clock_started_at = models.DateTimeField(help_text="What the turnaround target counts from")
    due_at = models.DateTimeField()
    reported_at = models.DateTimeField(null=True, help_text="When the report was signed")

    patient_name = models.CharField(max_length=400, blank=True)
    patient_identifier = models.CharField(max_length=64, blank=True)
    birth_date = models.DateField(null=True)
    sex = models.CharField(max_length=16, blank=True)
    study_date = models.DateField(null=True)
    study_time = models.TimeField(null=True)
    accession_number = models.CharField(max_length=64, blank=True)
    description = models.CharField(max_length=256, blank=True)
    modalities = models.CharField(max_length=120, blank=True, help_text="Sorted, separated by backslashes")
    body_parts = models.CharField(max_length=130, blank=True, help_text="Sorted, separated by backslashes")
    search_text = models.TextField(blank=True, help_text="Lower-case name, ID, accession number and description")
    series_count = models.PositiveIntegerField(default=0)
    instance_count = models.PositiveIntegerField(default=0)
    received_at = models.DateTimeField(help_text="When the first instance was indexed, or the order came")
    study_changed_at = models.DateTimeField(null=True, help_text="Which state of the study this row repeats")
    changed_at = models.DateTimeField(help_text="When this row last changed")

    objects = ReadingTaskQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(claimed_at=None, held_until=None)
                | Q(claimed_at__isnull=False, held_until__isnull=False, assigned_to__isnull=False),
                name="who_holds_a_study_is_known",
            )
        ]
        indexes: ClassVar = [
            *sorting(),
            models.Index(fields=["assigned_to", "status", "due_at"], name="reading_of_reader"),
            models.Index(
                fields=["priority", "due_at", "id"],
                name="reading_waiting",
                condition=Q(status=Status.READY, claimed_at=None),
            ),
            models.Index(fields=["held_until"], name="reading_held", condition=Q(claimed_at__isnull=False)),
            models.Index(fields=["received_at"], name="reading_arriving", condition=Q(is_arriving=True)),
            models.Index(fields=["changed_at"], name="reading_changes"),
        ]

    def __str__(self) -> str:
        return self.study_instance_uid

    @property
    def is_order(self) -> bool:
        """Whether no image of it has come yet."""
        return self.study_id is None

    @property
    def is_held(self) -> bool:
        """Whether somebody holds it now."""
        return self.claimed_at is not None and self.held_until is not None and self.held_until > timezone.now()

    def is_of_another(self, user: User) -> bool:
        """Whether somebody else holds it or was given it; a claim whose time ran out counts no more."""
        if self.assigned_to_id in (None, user.pk):
            return False
        return self.is_held or self.claimed_at is None or self.report_status is not None

    @property
    def is_done(self) -> bool:
        """Whether nobody need read it any more."""
        return self.status >= DONE_FROM

    @property
    def patient_display_name(self) -> str:
        """The patient's name as people write it."""
        return person_name_display(self.patient_name)

    @property
    def modality_list(self) -> list[str]:
        """The modalities as a list."""
        return [modality for modality in self.modalities.split("\\") if modality]

    @property
    def body_part_list(self) -> list[str]:
        """The body parts as a list."""
        return [part for part in self.body_parts.split("\\") if part]

    @property
    def status_key(self) -> str:
        """The status as styles know it."""
        return Status(self.status).key

    @property
    def priority_key(self) -> str:
        """The priority as styles know it."""
        return Urgency(self.priority).key

    def follow_status(self) -> None:
        """Set the status that the facts make: the report's before the reader's before the images'."""
        if self.report_status is not None:
            self.status = self.report_status
        elif self.needs_no_report:
            self.status = Status.NO_REPORT
        elif self.claimed_at is not None:
            self.status = Status.IN_PROGRESS
        elif self.study_id is None:
            self.status = Status.SCHEDULED
        elif self.is_arriving:
            self.status = Status.ARRIVING
        else:
            self.status = Status.UNCHECKED if self.is_unchecked else Status.READY


class TurnaroundTarget(models.Model):
    """Within how many minutes a facility's studies should be reported, by priority."""

    facility = models.OneToOneField(Facility, on_delete=models.CASCADE, related_name="turnaround_target")
    stat = models.PositiveIntegerField(default=DEFAULT_TARGETS[Urgency.STAT], help_text="Minutes")
    urgent = models.PositiveIntegerField(default=DEFAULT_TARGETS[Urgency.URGENT], help_text="Minutes")
    routine = models.PositiveIntegerField(default=DEFAULT_TARGETS[Urgency.ROUTINE], help_text="Minutes")

    def __str__(self) -> str:
        return f"turnaround target of facility {self.facility_id}"

    def time_for(self, priority: int) -> timedelta:
        """Return how long the report of a study of this priority may take."""
        return timedelta(minutes=getattr(self, Urgency(priority).key))


class SavedFilterQuerySet(models.QuerySet["SavedFilter"]):
    """Filters that people keep."""

    def usable_by(self, user: User) -> SavedFilterQuerySet:
        """Return the user's own, and those shared with the user's role."""
        shared = Q(shared_with=user.role) if user.role else Q(pk__in=[])
        return self.filter(Q(owner=user) | shared)


class SavedFilter(models.Model):
    """What somebody asks the worklist for again and again; it may hold names of patients."""

    LONGEST_NAME: ClassVar = 60

    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="saved_filters")
    name = models.CharField(max_length=LONGEST_NAME)
    asked = models.JSONField(default=dict, help_text="The parts of a WorklistFilter")
    sort = models.CharField(max_length=16, blank=True)
    direction = models.CharField(max_length=4, blank=True)
    shared_with = models.CharField(max_length=20, choices=Role.choices, blank=True)

    objects = SavedFilterQuerySet.as_manager()

    class Meta:
        ordering = ("name", "pk")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["owner", "name"], name="saved_filters_have_names"),
        ]

    def __str__(self) -> str:
        return f"saved filter {self.pk}"
