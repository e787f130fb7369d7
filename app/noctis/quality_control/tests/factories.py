"""Studies with images for the tests of quality control, made without files."""

from __future__ import annotations

from itertools import count
from typing import Any

from django.utils import timezone

from noctis.accounts.models import Facility
from noctis.archive.models import Instance, Reception, Series, Study
from noctis.reading_worklist.tests.factories import make_study

_numbers = count(1)


def study_with_images(facility: Facility, images: int = 3, *, modality: str = "DX", **values: Any) -> Study:
    """Insert a study with one series of ``images`` instances."""
    study = make_study(facility, modalities=modality, series_count=0, instance_count=0, **values)
    add_series(study, images, modality=modality)
    return study


def add_series(study: Study, images: int, *, modality: str = "DX", station: str = "DX1") -> Series:
    """Insert a series into a study and count it there."""
    number = next(_numbers)
    now = timezone.now()
    series = Series.objects.create(
        study=study,
        series_instance_uid=f"2.25.7{number}",
        modality=modality,
        station=station,
        series_number=number,
        instance_count=images,
        changed_at=now,
    )
    reception = Reception.objects.create(facility=study.facility, protocol="C-STORE", ae_title="DX1")
    Instance.objects.bulk_create(
        Instance(
            series=series,
            sop_instance_uid=f"2.25.7{number}.{position}",
            sop_class_uid="1.2.840.10008.5.1.4.1.1.1.1",
            transfer_syntax_uid="1.2.840.10008.1.2.1",
            instance_number=position,
            number_of_frames=1,
            path=f"{number}/{position}.dcm",
            file_size=1,
            data_set_offset=1,
            sha256="0" * 64,
            reception=reception,
            received_at=now,
        )
        for position in range(1, images + 1)
    )
    study.series_count += 1
    study.instance_count += images
    study.save(update_fields=["series_count", "instance_count"])
    return series
