"""The worklist's views: who sees what, at what cost."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils import timezone

from noctis.archive.models import StudyStatus
from noctis.modality_worklist.models import PerformedProcedureStep
from noctis.reading_worklist import views
from noctis.reading_worklist.templatetags.dicom_values import age_at
from noctis.reading_worklist.tests.factories import make_study

# Session, user, the keys of the studies, the studies, count, columns, saved filters, the opening one; the name of the
# own facility, or all names for the filter; for readers also missing images and who reads.
QUERIES = {"owner": 9, "radiologist": 11}


@pytest.fixture
def studies(people):
    for number in range(3):
        make_study(people.north, f"North-{number}^N")
        make_study(people.south, f"South-{number}^S")


def shown(answer) -> set[str]:
    return {study.patient_name[:5] for study in answer.context["page"].tasks}


@pytest.mark.parametrize(
    ("who", "sees"),
    [
        ("administrator", {"North", "South"}),
        ("radiologist", {"North", "South"}),
        ("owner", {"North"}),
        ("technician", {"North"}),
        ("stranger", {"South"}),
        ("roleless", set()),
    ],
)
def test_everybody_sees_only_their_own_studies(client, people, studies, who, sees):
    client.force_login(getattr(people, who))
    assert shown(client.get("/worklist")) == sees
    assert shown(client.post("/worklist/studies")) == sees


@pytest.mark.parametrize("who", QUERIES)
def test_the_page_costs_the_same_queries_however_many_rows(client, people, studies, who, django_assert_num_queries):
    client.force_login(getattr(people, who))
    client.get("/worklist")
    for _ in range(2):
        with django_assert_num_queries(QUERIES[who]):
            client.get("/worklist")
        for _ in range(20):
            make_study(people.north)


def test_a_later_page_costs_two_queries_more(client, people, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr("noctis.reading_worklist.paging.PAGE_SIZE", 5)
    for _ in range(12):
        make_study(people.north)
    client.force_login(people.owner)
    first = client.get("/worklist").context["page"]
    with django_assert_num_queries(QUERIES["owner"] + 2):  # where it begins; what came at the same moment, what before
        client.get(f"/worklist?{first.next_query}")


def test_a_cursor_of_another_facility_tells_nothing(client, people, studies):
    foreign = make_study(people.south, "South-9^S")
    client.force_login(people.owner)
    page = client.get(f"/worklist?after={foreign.reading_task.pk}").context["page"]
    assert not page.has_previous
    assert len(page.tasks) == 3


@pytest.mark.parametrize("cursor", ["x", "-1", "9" * 30, "1;drop", "٣"])
def test_a_bad_cursor_means_the_first_page(client, people, studies, cursor):
    client.force_login(people.owner)
    assert len(client.get("/worklist", {"after": cursor}).context["page"].tasks) == 3


def test_a_row_shows_what_a_reader_looks_for(client, people):
    make_study(
        people.north,
        "Doe^Jane=山田^太郎",
        patient_identifier="4711",
        birth_date=date(1961, 3, 5),
        sex="F",
        study_date=date(2026, 1, 2),
        modalities="CT\\SR",
        description="<b>Thorax</b>",
        accession_number="ACC1",
        series_count=2,
        instance_count=256,
        status=StudyStatus.ARRIVING,
    )
    client.force_login(people.radiologist)
    text = client.get("/worklist").content.decode()
    for part in (
        "Doe, Jane (山田 太郎)",
        "4711",
        "1961-03-05",
        "64 y",
        "2026-01-02",
        ">CT<",
        ">SR<",
        "&lt;b&gt;Thorax&lt;/b&gt;",
        "North hospital",
        "2 series, 256 images",
        "Arriving",
    ):
        assert part in text


@pytest.mark.parametrize(
    ("born", "studied", "age"),
    [
        (date(1961, 3, 5), date(2026, 3, 4), "64 y"),
        (date(1961, 3, 5), date(2026, 3, 5), "65 y"),
        (date(2025, 1, 15), date(2026, 3, 5), "13 mo"),
        (date(2026, 1, 15), date(2026, 3, 5), "49 d"),
        (date(2026, 3, 5), date(2026, 3, 5), "0 d"),
        (date(2026, 3, 6), date(2026, 3, 5), ""),
        (None, date(2026, 3, 5), ""),
    ],
)
def test_the_age_is_that_on_the_day_of_the_study(born, studied, age):
    assert age_at(born, studied) == age


def test_the_empty_archive_says_how_to_send(client, people, settings):
    client.force_login(people.owner)
    text = client.get("/worklist").content.decode()
    assert "No studies yet" in text
    assert settings.NOCTIS_AE_TITLE in text
    assert str(settings.NOCTIS_DICOM_PORT) in text


def test_who_has_no_role_is_told_whom_to_ask(client, people, studies):
    people.administrator.full_name = "Alma Admin"
    people.administrator.save()
    client.force_login(people.roleless)
    text = client.get("/worklist").content.decode()
    assert "Your account has no role yet" in text
    assert "Alma Admin" in text
    assert settings_are_absent(text)


def settings_are_absent(text: str) -> bool:
    return "NOCTIS_PACS" not in text


def test_updates_show_rows_in_place_and_count_arrivals(client, people, studies, monkeypatch):
    monkeypatch.setattr(views, "MAX_ARRIVALS_SHOWN", 2)
    since = timezone.now()
    new = [make_study(people.north, received_at=since + timedelta(seconds=number + 1)) for number in range(2)]
    foreign = make_study(people.south, received_at=since + timedelta(seconds=1))
    client.force_login(people.owner)
    fields = {"row": [new[0].reading_task.pk, foreign.reading_task.pk, "x"], "since": since.isoformat()}
    answer = client.post("/worklist/updates", fields)
    text = answer.content.decode()
    assert f'id="task-{new[0].reading_task.pk}"' in text
    assert f'<tr id="task-{foreign.reading_task.pk}" hx-swap-oob="delete">' in text
    assert foreign.patient_identifier not in text
    assert "2 new studies" in text
    make_study(people.north, received_at=since + timedelta(seconds=9))
    assert "2+ new studies" in client.post("/worklist/updates", fields).content.decode()
    assert "new stud" not in client.post("/worklist/updates", {**fields, "since": "nonsense"}).content.decode()


def test_updates_count_only_what_the_filter_asks_for(client, people):
    since = timezone.now() - timedelta(minutes=1)
    make_study(people.north, modalities="CT")
    make_study(people.north, modalities="MR")
    client.force_login(people.owner)
    answer = client.post("/worklist/updates", {"since": since.isoformat(), "modality": "MR"})
    assert "1 new study" in answer.content.decode()


def test_a_row_warns_of_images_that_the_modality_made_and_did_not_send(client, people):
    study = make_study(people.north)
    PerformedProcedureStep.objects.create(
        facility=people.north, sop_instance_uid="2.25.7", study_instance_uid=study.study_instance_uid, missing_count=3
    )
    for who, warned in (("radiologist", True), ("technician", True), ("owner", False)):
        client.force_login(getattr(people, who))
        assert ("3 missing" in client.get("/worklist").content.decode()) is warned
        assert (
            "3 missing" in client.post("/worklist/updates", {"row": [study.reading_task.pk]}).content.decode()
        ) is warned
