"""Put what is stored and ordered on the worklist: studies with their reports, and orders without images."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.db.models import Q
from django.utils import timezone

Row = dict[str, Any]

CHUNK = 2000
REPEATED = (
    "facility_id", "study_instance_uid", "patient_name", "patient_identifier", "birth_date", "sex", "study_date",
    "study_time", "accession_number", "description", "modalities", "search_text", "series_count", "instance_count",
    "received_at",
)  # fmt: skip
PRIORITIES = {"stat": 1, "high": 2, "routine": 3, "medium": 3, "low": 3}
MINUTES = {1: 60, 2: 240, 3: 1440}
SCHEDULED, ARRIVING, UNCHECKED, READY, NO_REPORT = 10, 20, 25, 30, 90
OF_STUDIES = {"arriving": ARRIVING, "unchecked": UNCHECKED, "ready": READY}
REPORTS = {"draft": 50, "preliminary": 60, "final": 70, "addended": 80}
# Older studies without a report were read elsewhere, or nobody waits for them: they are not given to readers.
OLD = timedelta(days=30)
OPEN_STEPS = ("scheduled", "arrived", "in_progress")


def list_studies(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    studies, tasks = (
        apps.get_model(app, model).objects for app, model in (("archive", "Study"), ("reading_worklist", "ReadingTask"))
    )
    last = 0
    while chunk := list(
        studies.filter(pk__gt=last).order_by("pk").values("pk", "status", "changed_at", *REPEATED)[:CHUNK]
    ):
        last = chunk[-1]["pk"]
        keys = [row["pk"] for row in chunk]
        parts, ordered, reports = body_parts(apps, keys), orders(apps, chunk), written(apps, keys)
        tasks.bulk_create(
            task_of(tasks.model, row, "\\".join(parts[row["pk"]])[:130], ordered, reports.get(row["pk"]))
            for row in chunk
        )


def task_of(model: Any, row: Row, parts: str, ordered: dict[str, int], report: Row | None) -> Any:
    stated = ordered.get(row["study_instance_uid"])
    priority = stated or 3
    is_old = report is None and row["received_at"] < timezone.now() - OLD
    report_status = REPORTS[report["state"]] if report else None
    status = report_status or (NO_REPORT if is_old else OF_STUDIES[row["status"]])
    writing = report is not None and report["signed_at"] is None
    return model(
        **{name: row[name] for name in REPEATED},
        study_id=row["pk"],
        body_parts=parts,
        priority=priority,
        stated_priority=stated,
        status=status,
        report_status=report_status,
        needs_no_report=is_old,
        is_arriving=row["status"] == "arriving",
        is_unchecked=row["status"] == "unchecked",
        assigned_to_id=report["author"] if writing else None,
        assignee_name=(report["author__full_name"] or report["author__username"]) if writing else "",
        reported_at=report["signed_at"] if report else None,
        clock_started_at=row["received_at"],
        due_at=row["received_at"] + timedelta(minutes=MINUTES[priority]),
        study_changed_at=row["changed_at"],
        changed_at=timezone.now(),
    )


def body_parts(apps: StateApps, keys: list[int]) -> dict[int, list[str]]:
    series = apps.get_model("archive", "Series").objects.filter(study__in=keys).exclude(body_part="")
    found = defaultdict(list)
    for key, part in series.order_by("study_id", "body_part").values_list("study_id", "body_part").distinct():
        found[key].append(part)
    return found


def orders(apps: StateApps, chunk: list[Row]) -> dict[str, int]:
    steps = apps.get_model("modality_worklist", "ScheduledProcedureStep").objects.exclude(priority="")
    steps = steps.exclude(status="cancelled").filter(
        study_instance_uid__in=[row["study_instance_uid"] for row in chunk]
    )
    found = {}
    for uid, priority in steps.values_list("study_instance_uid", "priority"):
        found[uid] = min(PRIORITIES[priority], found.get(uid, 3))
    return found


def written(apps: StateApps, keys: list[int]) -> dict[int, Row]:
    reports = apps.get_model("reports", "Report").objects.filter(study__in=keys, version__gt=0)
    columns = ("study", "state", "signed_at", "author", "author__full_name", "author__username")
    return {row["study"]: row for row in reports.values(*columns)}


def list_orders(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    tasks = apps.get_model("reading_worklist", "ReadingTask").objects
    steps = apps.get_model("modality_worklist", "ScheduledProcedureStep").objects.filter(status__in=OPEN_STEPS)
    steps = steps.filter(start_date__gte=timezone.localdate() - timedelta(days=7))
    listed = set()
    for step in steps.order_by("start_date", "start_time", "pk").iterator(chunk_size=CHUNK):
        uid = step.study_instance_uid
        if uid in listed or has_images(apps, step):
            continue
        listed.add(uid)
        start = timezone.make_aware(datetime.combine(step.start_date, step.start_time))
        stated = PRIORITIES.get(step.priority)
        description = step.procedure_description or step.step_description
        words = (step.patient_name, step.patient_identifier, step.accession_number, description)
        tasks.create(
            facility_id=step.facility_id,
            study_instance_uid=uid,
            priority=stated or 3,
            stated_priority=stated,
            status=SCHEDULED,
            clock_started_at=start,
            due_at=start + timedelta(minutes=MINUTES[stated or 3]),
            patient_name=step.patient_name,
            patient_identifier=step.patient_identifier,
            birth_date=step.birth_date,
            sex=step.sex,
            study_date=step.start_date,
            study_time=step.start_time,
            accession_number=step.accession_number,
            description=description,
            modalities=step.modality,
            search_text=" ".join(words).lower(),
            received_at=step.created_at,
            changed_at=timezone.now(),
        )


def has_images(apps: StateApps, step: Any) -> bool:
    made_for = Q(study_instance_uid=step.study_instance_uid)
    if step.accession_number:
        order = {"accession_number": step.accession_number, "patient_identifier": step.patient_identifier}
        made_for |= Q(facility_id=step.facility_id, **order)
    return apps.get_model("archive", "Study").objects.filter(made_for).exists()


class Migration(migrations.Migration):
    dependencies = [
        ("reading_worklist", "0002_quality_control"),
        ("archive", "0007_quality_and_quarantine"),
        ("modality_worklist", "0003_order_of_start"),
        ("reports", "0001_first_reports"),
    ]

    operations = [
        migrations.RunPython(list_studies, migrations.RunPython.noop, elidable=True),
        migrations.RunPython(list_orders, migrations.RunPython.noop, elidable=True),
    ]
