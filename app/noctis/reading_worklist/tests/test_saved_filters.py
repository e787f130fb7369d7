"""Saved filters and columns: whose they are, what they bring back, and that no patient gets into an address."""

from __future__ import annotations

import pytest

from noctis.accounts.models import User
from noctis.audit.models import Action, AuditEntry
from noctis.preferences.models import Preferences
from noctis.reading_worklist.columns import LEFT_OUT, USUAL
from noctis.reading_worklist.models import SavedFilter
from noctis.reading_worklist.saved_filters import MOST_FILTERS
from noctis.reading_worklist.tests.factories import make_study

ASKED = {"text": "Doe, Jane", "modality": "MR", "sort": "patient", "dir": "asc"}


@pytest.fixture
def studies(people):
    make_study(people.north, "Doe^Jane", modalities="MR")
    make_study(people.north, "Doe^Jane", modalities="CT")
    make_study(people.south, "Roe^Rick", modalities="MR")


def ask(client, user: User, asked: dict[str, str] | None = None) -> None:
    client.force_login(user)
    client.post("/worklist/filter", asked or ASKED, headers={"HX-Request": "true"})


def save(client, user: User, name: str = "Mine", **values: str):
    ask(client, user)
    return client.post("/worklist/filters", {"name": name, **values})


def shown(client) -> list[str]:
    page = client.get("/worklist", follow=True).context["page"]
    return [f"{task.patient_name} {task.modalities}" for task in page.tasks]


def test_a_saved_filter_comes_back_with_its_order_and_without_a_name_in_the_address(client, people, studies):
    assert save(client, people.radiologist)["Location"] == "/worklist?sort=patient&dir=asc"
    client.post("/worklist/filter", {"reset": "1"})
    assert len(shown(client)) == 3
    saved = SavedFilter.objects.get()
    answer = client.post(f"/worklist/filters/{saved.pk}")
    assert answer["Location"] == "/worklist?sort=patient&dir=asc"
    assert shown(client) == ["Doe^Jane MR"]


def test_the_worklist_opens_with_the_chosen_filter_once_a_session(client, people, studies):
    save(client, people.radiologist, opens="on")
    client.logout()
    client.force_login(people.radiologist)
    assert shown(client) == ["Doe^Jane MR"]
    client.post("/worklist/filter", {"reset": "1"})
    assert len(shown(client)) == 3
    client.post(f"/worklist/filters/{SavedFilter.objects.get().pk}/opening")
    client.logout()
    client.force_login(people.radiologist)
    assert len(shown(client)) == 3


def test_the_same_name_replaces_and_another_user_has_names_of_their_own(client, people, studies):
    save(client, people.radiologist)
    save(client, people.radiologist, " Mine ")
    save(client, people.administrator)
    assert SavedFilter.objects.filter(owner=people.radiologist).count() == 1
    assert SavedFilter.objects.count() == 2


@pytest.mark.parametrize("name", ["", "   ", "x" * 61])
def test_a_filter_needs_a_name(client, people, name):
    save(client, people.radiologist, name)
    assert not SavedFilter.objects.exists()
    assert "Give the filter a name" in client.get("/worklist").content.decode()


def test_there_is_a_limit_that_says_what_to_do(client, people):
    SavedFilter.objects.bulk_create(SavedFilter(owner=people.owner, name=str(n)) for n in range(MOST_FILTERS))
    save(client, people.owner, "One more")
    assert SavedFilter.objects.count() == MOST_FILTERS
    assert "remove one" in client.get("/worklist").content.decode()
    save(client, people.owner, "7")
    assert SavedFilter.objects.get(name="7").asked["modality"] == "MR"


def test_administrators_share_with_a_role_and_nobody_else_does(client, people, studies):
    save(client, people.administrator, "For readers", role="radiologist")
    save(client, people.radiologist, "For all", role="technician")
    (saved,) = SavedFilter.objects.all()
    assert AuditEntry.objects.filter(action=Action.WORKLIST_FILTER_SHARED).count() == 1
    assert "Doe" not in str(AuditEntry.objects.filter(action=Action.WORKLIST_FILTER_SHARED).values())
    for user, status in ((people.radiologist, 302), (people.technician, 404), (people.owner, 404)):
        client.force_login(user)
        assert client.post(f"/worklist/filters/{saved.pk}").status_code == status
        assert client.post(f"/worklist/filters/{saved.pk}/opening").status_code == status
        assert client.post(f"/worklist/filters/{saved.pk}/remove").status_code == 404
        assert ("For readers" in client.get("/worklist").content.decode()) is (status == 302)


def test_a_shared_filter_shows_each_user_only_what_they_may_see(client, people, studies):
    saved = SavedFilter.objects.create(
        owner=people.administrator, name="All", shared_with="facility_user", asked={"facility": "NORTH", "future": "x"}
    )
    client.force_login(people.stranger)
    client.post(f"/worklist/filters/{saved.pk}")
    assert shown(client) == []
    client.force_login(people.owner)
    client.post(f"/worklist/filters/{saved.pk}")
    assert len(shown(client)) == 2


def test_a_removed_filter_is_gone_and_opens_nothing(client, people, studies):
    save(client, people.radiologist, opens="on")
    client.post(f"/worklist/filters/{SavedFilter.objects.get().pk}/remove")
    assert not SavedFilter.objects.exists()
    client.logout()
    client.force_login(people.radiologist)
    assert len(shown(client)) == 3


def headings(client) -> list[str]:
    return [column.key for column in client.get("/worklist", follow=True).context["shown_columns"]]


def test_columns_are_shown_as_their_user_ordered_them(client, people, studies):
    client.force_login(people.radiologist)
    client.post("/worklist/columns", {"column": ["received", "patient", "modality", "received", "nonsense"]})
    assert headings(client) == ["received", "patient", "modality"]
    text = client.get("/worklist").content.decode()
    row = text[text.index("<tbody") :]
    assert row.index("col-received") < row.index("col-patient") < row.index("col-modality")
    assert "col-accession" not in row
    updated = client.post("/worklist/studies").content.decode()
    assert "col-accession" not in updated
    client.force_login(people.administrator)
    assert headings(client) == [column.key for column in USUAL if column.key not in LEFT_OUT]


def test_the_patient_stays_and_the_usual_columns_come_back(client, people, studies):
    client.force_login(people.owner)
    client.post("/worklist/columns", {"column": ["date", "facility"]})
    assert headings(client) == ["patient", "date"]
    client.post("/worklist/columns", {"usual": "1"})
    assert headings(client) == [column.key for column in USUAL if column.key not in {"facility", *LEFT_OUT}]
    assert Preferences.sections_of(people.owner)["worklist"] == {"format": 1}
