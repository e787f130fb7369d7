"""Rows to route, made without files: instances of a series that a device sent."""

from __future__ import annotations

from itertools import count
from typing import Any

from django.utils import timezone

from noctis.accounts.models import Facility
from noctis.archive.models import Instance, Reception, Series, Study
from noctis.network.models import RemoteApplicationEntity
from noctis.reading_worklist.tests.factories import make_study
from noctis.routing.models import ForwardingRule

_numbers = count(1)


def make_destination(facility: Facility, ae_title: str = "ARCHIVE", **values: Any) -> RemoteApplicationEntity:
    """Insert a device that takes images."""
    fields: dict[str, Any] = {"host": "127.0.0.1", "port": 11113, **values}
    return RemoteApplicationEntity.objects.create(ae_title=ae_title, facility=facility, **fields)


def make_rule(destination: RemoteApplicationEntity, **values: Any) -> ForwardingRule:
    """Insert a rule."""
    return ForwardingRule.objects.create(
        **{"name": f"Rule {next(_numbers)}", "destination": destination, **values},
    )


def make_series(
    facility: Facility, *, study: Study | None = None, modality: str = "CT", description: str = ""
) -> Series:
    """Insert an empty series, in a study of its own if none is given."""
    return Series.objects.create(
        study=study or make_study(facility),
        series_instance_uid=f"2.25.4.{next(_numbers)}",
        modality=modality,
        description=description,
        changed_at=timezone.now(),
    )


def add_instances(series: Series, number: int = 1, *, sender: str = "CT1", **values: Any) -> list[Instance]:
    """Insert instances as the indexer does, together with their counts."""
    now = timezone.now()
    reception = Reception.objects.create(facility=series.study.facility, protocol="C-STORE", ae_title=sender)
    made = []
    for _ in range(number):
        unique = next(_numbers)
        made.append(
            Instance(
                **{
                    "series": series,
                    "sop_instance_uid": f"2.25.5.{unique}",
                    "sop_class_uid": "1.2.840.10008.5.1.4.1.1.2",
                    "transfer_syntax_uid": "1.2.840.10008.1.2.1",
                    "path": f"rows/{unique}.dcm",
                    "file_size": 1000,
                    "data_set_offset": 300,
                    "sha256": "0" * 64,
                    "reception": reception,
                    "received_at": now,
                    **values,
                }
            )
        )
    Instance.objects.bulk_create(made)
    Series.objects.filter(pk=series.pk).update(instance_count=series.instances.count())
    study_count = Instance.objects.filter(series__study=series.study).count()
    Study.objects.filter(pk=series.study_id).update(instance_count=study_count, changed_at=now)
    series.study.refresh_from_db()
    series.refresh_from_db()
    return made
