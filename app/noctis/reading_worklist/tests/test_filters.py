"""What the filter bar finds."""

from __future__ import annotations

from datetime import date

import pytest

from noctis.accounts.models import User
from noctis.archive.models import StudyStatus
from noctis.reading_worklist.filters import FilterForm, WorklistFilter
from noctis.reading_worklist.models import ReadingTask
from noctis.reading_worklist.tests.factories import make_study


@pytest.fixture
def studies(people):
    make_study(
        people.north,
        "Doe^Jane^Q",
        patient_identifier="4711",
        accession_number="ACC1",
        description="CT Thorax",
        study_date=date(2026, 1, 10),
    )
    make_study(people.south, "Müller^Jörg", modalities="MR\\SR", study_date=date(2026, 1, 20))
    make_study(people.south, "山田^太郎", modalities="OCT", status=StudyStatus.ARRIVING)


def found(wanted: WorklistFilter, user: User) -> set[str]:
    return {task.patient_name.partition("^")[0] for task in wanted.apply(ReadingTask.objects.all(), user)}


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (WorklistFilter(), {"Doe", "Müller", "山田"}),
        (WorklistFilter(text="jane doe"), {"Doe"}),
        (WorklistFilter(text="DOE, Jane"), {"Doe"}),
        (WorklistFilter(text="doe^jane"), {"Doe"}),
        (WorklistFilter(text="4711 thorax"), {"Doe"}),
        (WorklistFilter(text="acc1"), {"Doe"}),
        (WorklistFilter(text="doe jörg"), set()),
        (WorklistFilter(text="MÜLLER"), {"Müller"}),
        (WorklistFilter(text="太郎"), {"山田"}),
        (WorklistFilter(text="100%_"), set()),
        (WorklistFilter(modality="CT"), {"Doe"}),
        (WorklistFilter(modality="SR"), {"Müller"}),
        (WorklistFilter(from_date="2026-01-11"), {"Müller"}),
        (WorklistFilter(to_date="2026-01-10"), {"Doe"}),
        (WorklistFilter(from_date="2026-01-10", to_date="2026-01-20"), {"Doe", "Müller"}),
        (WorklistFilter(facility="SOUTH"), {"Müller", "山田"}),
        (WorklistFilter(status="arriving"), {"山田"}),
    ],
)
def test_every_part_narrows(people, studies, wanted, names):
    assert found(wanted, people.radiologist) == names


def test_a_value_that_is_not_valid_does_not_narrow(people):
    given = {"text": " Doe ", "modality": "nonsense", "from_date": "31.02.2026", "to_date": "2026-02-28"}
    wanted = FilterForm(given, user=people.radiologist).filter
    assert wanted == WorklistFilter(text="Doe", to_date="2026-02-28")


def test_only_who_sees_several_facilities_chooses_one(people):
    assert "facility" in FilterForm(user=people.radiologist).fields
    assert FilterForm({"facility": "SOUTH"}, user=people.owner).filter == WorklistFilter()


def test_the_filter_stays_in_the_session_and_out_of_the_address(client, people, studies):
    client.force_login(people.radiologist)
    answer = client.post("/worklist/filter?sort=patient&dir=asc", {"text": "jane", "modality": "CT"})
    assert answer.url == "/worklist?sort=patient&dir=asc"
    page = client.get(answer.url)
    assert [study.patient_name for study in page.context["page"].tasks] == ["Doe^Jane^Q"]
    assert page.context["count"] == 1
    reset = client.post("/worklist/filter", {"reset": "1"}, follow=True)
    assert reset.context["count"] == 3


def test_with_htmx_the_answer_is_the_partial_and_the_address_stays_clean(client, people, studies):
    client.force_login(people.radiologist)
    answer = client.post("/worklist/filter", {"text": "jane", "sort": "id"}, headers={"HX-Request": "true"})
    assert answer.templates[0].name == "reading_worklist/_results.html"
    assert answer["HX-Replace-Url"] == "/worklist?sort=id&dir=asc"


def test_another_tabs_refresh_does_not_change_the_remembered_filter(client, people, studies):
    client.force_login(people.radiologist)
    client.post("/worklist/filter", {"text": "jane"})
    assert client.post("/worklist/studies", {"text": "müller"}).context["count"] == 1
    assert client.get("/worklist").context["count"] == 1
    assert client.get("/worklist").context["wanted"].text == "jane"
