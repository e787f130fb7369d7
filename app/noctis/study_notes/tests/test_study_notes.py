"""Study notes: who writes, reads and changes them, what is refused, and that no version is lost."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client

from noctis.accounts.models import User
from noctis.archive.models import Study
from noctis.audit.models import Action, AuditEntry
from noctis.reading_worklist.tests.factories import make_study
from noctis.study_notes import actions
from noctis.study_notes.models import StudyNote, StudyNoteVersion
from noctis.study_notes.views import LONGEST


@pytest.fixture
def study(people) -> Study:
    return make_study(people.north)


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def put(user: User, study: Study, uid: UUID, body: object) -> Any:
    path = f"/viewer/{study.study_instance_uid}/notes/{uid}"
    return client_of(user).put(path, data=json.dumps(body), content_type="application/json")


def delete(user: User, study: Study, uid: UUID, version: int) -> Any:
    path = f"/viewer/{study.study_instance_uid}/notes/{uid}"
    return client_of(user).delete(path, data=json.dumps({"version": version}), content_type="application/json")


def listed(user: User, study: Study) -> list[dict[str, Any]]:
    response = client_of(user).get(f"/viewer/{study.study_instance_uid}/notes")
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    notes: list[dict[str, Any]] = response.json()["notes"]
    return notes


@pytest.mark.parametrize("who", ["radiologist", "administrator", "technician", "owner"])
def test_whoever_sees_a_study_writes_on_it_and_every_other_reads_it(people, study, who):
    author, uid = getattr(people, who), uuid4()
    kept = put(author, study, uid, {"version": 0, "text": "  Prior from 2019 is with the <b>patient</b>.\r\nSee it. "})
    assert kept.status_code == 200
    for reader in (people.radiologist, people.administrator, people.technician, people.owner):
        (note,) = listed(reader, study)
        assert note["text"] == "Prior from 2019 is with the <b>patient</b>.\nSee it."
        assert (note["uid"], note["version"], note["isEdited"]) == (str(uid), 1, False)
        assert note["author"] == author.username
        assert note["mayChange"] is (reader == author)
    (entry,) = AuditEntry.objects.filter(action=Action.STUDY_NOTE_CHANGED)
    assert (entry.user, entry.facility, entry.study_instance_uid) == (author, people.north, study.study_instance_uid)
    assert entry.detail == {"note": str(uid), "version": 1, "removed": False}


@pytest.mark.parametrize("who", ["stranger", "roleless"])
def test_the_notes_of_others_do_not_exist(people, study, who):
    user, uid = getattr(people, who), uuid4()
    put(people.owner, study, uid, {"version": 0, "text": "Ours"})
    assert client_of(user).get(f"/viewer/{study.study_instance_uid}/notes").status_code == 404
    assert put(user, study, uuid4(), {"version": 0, "text": "Theirs"}).status_code == 404
    assert delete(user, study, uid, 1).status_code == 404
    assert StudyNote.objects.get().text == "Ours"


def test_a_note_is_changed_and_removed_by_its_author_alone(people, study):
    uid = uuid4()
    put(people.owner, study, uid, {"version": 0, "text": "First"})
    assert put(people.administrator, study, uid, {"version": 1, "text": "Mine"}).status_code == 403
    assert delete(people.radiologist, study, uid, 1).status_code == 403
    assert put(people.owner, study, uid, {"version": 1, "text": "Second"}).json()["isEdited"] is True
    assert delete(people.owner, study, uid, 2).status_code == 200
    assert listed(people.owner, study) == []
    assert delete(people.owner, study, uid, 2).status_code == 200
    versions = StudyNoteVersion.objects.values_list("number", "text", "is_removal")
    assert list(versions) == [(1, "First", False), (2, "Second", False), (3, "Second", True)]


def test_a_removed_note_comes_back(people, study):
    uid = uuid4()
    put(people.owner, study, uid, {"version": 0, "text": "Keep me"})
    delete(people.owner, study, uid, 1)
    assert put(people.owner, study, uid, {"version": 0, "text": "Keep me"}).status_code == 200
    assert [note["text"] for note in listed(people.technician, study)] == ["Keep me"]
    assert StudyNoteVersion.objects.count() == 3


def test_a_change_of_an_earlier_version_is_told_what_is_there_now(people, study):
    uid = uuid4()
    put(people.owner, study, uid, {"version": 0, "text": "First"})
    put(people.owner, study, uid, {"version": 1, "text": "Second"})
    refused = put(people.owner, study, uid, {"version": 1, "text": "Other window"})
    assert refused.status_code == 409
    assert refused.json()["current"]["text"] == "Second"
    delete(people.owner, study, uid, 2)
    assert put(people.owner, study, uid, {"version": 2, "text": "Late"}).json()["current"] is None
    assert put(people.owner, study, uuid4(), {"version": 7, "text": "Never there"}).status_code == 409


def test_a_note_belongs_to_its_study(people, study):
    other, uid = make_study(people.north), uuid4()
    put(people.owner, study, uid, {"version": 0, "text": "Here"})
    assert put(people.owner, other, uid, {"version": 1, "text": "There"}).status_code == 404
    assert delete(people.owner, other, uid, 1).status_code == 404
    assert listed(people.owner, other) == []


@pytest.mark.parametrize(
    "body",
    [
        [],
        {"text": "No version"},
        {"version": -1, "text": "x"},
        {"version": True, "text": "x"},
        {"version": 0},
        {"version": 0, "text": 1},
        {"version": 0, "text": " \n\t"},
        {"version": 0, "text": "a\0b"},
        {"version": 0, "text": "\x1b[2J"},
        {"version": 0, "text": "\ud83d"},
        {"version": 0, "text": "x" * (LONGEST + 1)},
    ],
)
def test_what_is_no_note_is_refused(people, study, body):
    answer = put(people.owner, study, uuid4(), body)
    assert answer.status_code == 400
    assert answer.json()["detail"]
    assert not StudyNote.objects.exists()


def test_a_study_takes_so_many_notes_and_no_more(people, study, monkeypatch):
    monkeypatch.setattr(actions, "MOST_ON_A_STUDY", 1)
    put(people.owner, study, uuid4(), {"version": 0, "text": "One"})
    assert put(people.owner, study, uuid4(), {"version": 0, "text": "Two"}).status_code == 422


def test_words_in_any_script_come_back_as_they_were(people, study):
    text = "Грудная клетка 胸部 صدر \u202etxt.exe 🩻"
    put(people.owner, study, uuid4(), {"version": 0, "text": text})
    assert [note["text"] for note in listed(people.owner, study)] == [text]
