"""For how long there is room."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from noctis.accounts.models import Facility
from noctis.archive.models import Instance, Reception, Series
from noctis.readiness.capacity import KINDS, Intake, Plan, forecast, kind_of, measured_intake
from noctis.reading_worklist.tests.factories import make_study

CT = KINDS[0]
PAGE = "/admin/capacity"


def add_study(facility: Facility, modalities: str, megabytes: int, days_ago: int = 0) -> None:
    now = timezone.now() - timedelta(days=days_ago, minutes=1)
    study = make_study(facility, modalities=modalities, received_at=now)
    series = Series.objects.create(study=study, series_instance_uid=f"{study.pk}.1", changed_at=now)
    reception = Reception.objects.create(facility=facility, protocol="C-STORE")
    Instance.objects.create(
        series=series,
        sop_instance_uid=f"{study.pk}.1.1",
        path=f"{study.pk}",
        file_size=megabytes * 10**6,
        data_set_offset=0,
        reception=reception,
        received_at=now,
    )


def plan(studies: float, megabytes: float, free: float, growth: float = 0) -> Plan:
    return Plan([Intake(CT, studies, megabytes, is_measured=True)], growth, free)


def test_the_guides_example_takes_what_the_guide_says() -> None:
    """100 studies a day of 150 MB each are about 5.5 TB in a year."""
    assert round(forecast(plan(100, 150, 1000)).year_gb) == 5475


@pytest.mark.parametrize(
    ("studies", "free", "growth", "days"), [(100, 150, 0, 10), (100, 14, 0, 0), (0, 150, 0, None), (100, 1500, 900, 77)]
)
def test_the_room_is_used_up_after_so_many_days(studies, free, growth, days) -> None:
    answer = forecast(plan(studies, 150, free, growth))
    assert answer.days == days
    assert (answer.full_on is None) == (days is None)


@pytest.mark.parametrize(
    ("modality", "key"), [("CT", "ct"), ("MR", "mr"), ("DX", "xr"), ("US", "us"), ("ECG", "other")]
)
def test_a_study_belongs_to_a_kind(modality: str, key: str) -> None:
    assert kind_of(modality).key == key


def test_what_came_in_lately_is_measured(people) -> None:
    add_study(people.north, "CT", 100, days_ago=9)
    add_study(people.south, "CT\\SR", 300)
    add_study(people.north, "US", 7)
    add_study(people.north, "MR", 50, days_ago=60)
    measured = measured_intake(people.administrator)
    ct, mr, _, us, _ = measured.intakes
    assert measured.days == 10
    assert (ct.studies, ct.megabytes, ct.is_measured) == (0.2, 200, True)
    assert (us.studies, us.megabytes) == (0.1, 7)
    assert (mr.studies, mr.megabytes, mr.is_measured) == (0, 125, False)


def test_the_page_shows_what_is_measured_and_what_is_asked_about(client: Client, people) -> None:
    client.force_login(people.administrator)
    empty = client.get(PAGE).content.decode()
    assert "over 30 years" in empty
    assert "100–300 MB" in empty
    asked = client.get(PAGE, {"ct_studies": "100", "ct_mb": "150", "free": "150"}).content.decode()
    assert "<dd>10 days</dd>" in asked
    assert 'name="ct_mb" value="150"' in asked
    assert "5,475 GB" in asked


def test_nonsense_is_answered_beside_its_field(client: Client, people) -> None:
    client.force_login(people.administrator)
    page = client.get(PAGE, {"ct_studies": "-1", "us_mb": "lots", "growth": "inf"}).content.decode()
    assert page.count('class="error"') == 3
    assert 'value="lots"' in page


def test_the_number_of_queries_does_not_grow_with_the_studies(
    client: Client, people, django_assert_max_num_queries
) -> None:
    for _ in range(5):
        add_study(people.north, "CT", 1)
    client.force_login(people.administrator)
    with django_assert_max_num_queries(9):
        client.get(reverse("capacity"))
